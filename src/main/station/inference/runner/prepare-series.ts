import type { AppliesTo } from '../../../../shared/domain/model-applies-to.ts';
import type { ModelInput } from '../../../../shared/domain/model-inputs.ts';
import type { OtherSeries } from '../../../../shared/domain/model-sources.ts';
import type { Preprocessing } from '../../../../shared/domain/model-preprocessing.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import { DamagedObject } from '../../platform/objects/sealed-format.ts';
import type { SeriesGeometrySummary } from '../run-answer.ts';
import type { FedRun, InstanceReference, OtherSeriesReference, RunFailure } from '../runner-protocol.ts';
import { type ArrangeLimits, arrangeStacks } from './arrange-stacks.ts';
import { type FedAnswer, type FedNumbers, readFedAnswers } from './fed-answers.ts';
import { meanIntensity } from './mean-intensity.ts';
import { objectDigest } from './object-digest.ts';
import { maskBeside, type PlaneBeside, registerSeries } from './planes-beside.ts';
import { isByContent, prepareGrid } from './prepare-grid.ts';
import type { PreparedGrid, SourceFrame, SourceStack } from './prepared-grid.ts';
import { readSourceFrames } from './read-source-frames.ts';
import type { SourceFacts } from './source-facts.ts';
import type { StageTimer } from './stage-timer.ts';

/** What of a manifest says how a series becomes grids; of the sampling of its preprocessing no more than whether it is of clips. */
export type PrepareRule = {
  readonly appliesTo: Pick<AppliesTo, 'orientation' | 'slices'>;
  readonly preprocessing: Preprocessing;
  readonly otherSeries: readonly {
    readonly id: string;
    readonly appliesTo: Pick<AppliesTo, 'orientation' | 'slices'>;
  }[];
  /** Of the other series, those that inputs take by themselves. */
  readonly apart: readonly string[];
};

/** A series, and how to prepare it. The same request gives the same grids: objects are named by digest. */
export type SeriesRequest = {
  readonly rule: PrepareRule;
  readonly instances: readonly InstanceReference[];
  /** The other series that the manifest names, and what the models said that feed this one. */
  readonly otherSeries?: readonly OtherSeriesReference[] | undefined;
  readonly fed?: readonly FedRun[] | undefined;
};

/** A series as a model is given it: a grid a stack, whose frames have lost their pixels. */
export type PreparedSeries = {
  readonly geometry: Omit<SeriesGeometrySummary, 'grid'>;
  readonly facts: SourceFacts;
  readonly grids: readonly PreparedGrid[];
  /** Of each grid: those of other series that go with it, by the ids of the manifest. */
  readonly others: readonly ReadonlyMap<string, PreparedGrid>[];
  readonly fed: ReadonlyMap<string, FedNumbers>;
};

/** Every number of a prepared series, as it changes hands between threads. */
export function buffersOf({ grids, others }: Pick<PreparedSeries, 'grids' | 'others'>): readonly ArrayBuffer[] {
  const all = [...grids, ...others.flatMap((one) => [...one.values()])];
  return [...new Set(all.map(({ values }) => values.buffer as ArrayBuffer))];
}

/** What preparing looks at between its steps, and tells. */
export type PrepareTools = {
  readonly objects: Pick<ObjectReader, 'read'>;
  /** Gives memory for a frame's values, to be had back once the series is prepared; where it stands, new memory. */
  readonly room?: (length: number) => Int16Array;
  readonly timer: StageTimer;
  /** Why it is to stop, if it is. */
  readonly stopping: (nextBytes: number) => 'cancelled' | 'low-memory' | null;
  /** Told of the bytes that it holds for this series from now on. */
  readonly holds: (bytes: number) => void;
};

type Refusal = { readonly code: Exclude<RunFailure, 'bad-output'> };
type Decoded = { readonly frames: SourceFrame[]; readonly facts: SourceFacts; readonly bytes: number };

/** The rule of a manifest, without the rest of it. */
export function prepareRule(manifest: {
  readonly appliesTo: PrepareRule['appliesTo'];
  readonly preprocessing: Preprocessing;
  readonly otherSeries: readonly Pick<OtherSeries, 'id' | 'appliesTo'>[];
  readonly inputs: readonly ModelInput[];
}): PrepareRule {
  const lean = ({ orientation, slices }: PrepareRule['appliesTo']) => ({ orientation, slices });
  return {
    appliesTo: lean(manifest.appliesTo),
    preprocessing: manifest.preprocessing,
    otherSeries: manifest.otherSeries.map(({ id, appliesTo }) => ({ id, appliesTo: lean(appliesTo) })),
    apart: manifest.inputs.flatMap((input) =>
      input.role === 'image'
        ? [...(input.series === undefined ? [] : [input.series]), ...(input.followedBy ?? [])]
        : [],
    ),
  };
}

/** Reads and decodes a series and those beside it, object by object, and makes its grids; what the frames held is let go of as they are used. */
export async function prepareSeries(
  tools: PrepareTools,
  { rule, instances, otherSeries = [], fed = [] }: SeriesRequest,
): Promise<Result<PreparedSeries, Refusal>> {
  const decoded = await readSeries(tools, rule, instances);
  if (!decoded.ok) return decoded;
  const { frames, facts } = decoded.value;
  let { bytes } = decoded.value;
  const { preprocessing } = rule;
  const arranged = arrangeStacks(frames, limitsOf(rule, rule.appliesTo));
  if (!arranged.ok) return arranged;
  const others = new Map<string, readonly SourceStack[]>();
  for (const one of rule.otherSeries) {
    const given = otherSeries.find(({ id }) => id === one.id)?.instances ?? [];
    const read = await readSeries(tools, { ...rule, appliesTo: one.appliesTo }, given);
    if (!read.ok) return read;
    bytes += read.value.bytes;
    const isPlane = preprocessing.planes.some((plane) => plane.from === 'series' && plane.series === one.id);
    const limits = limitsOf(rule, one.appliesTo);
    const stacks = arrangeStacks(read.value.frames, isPlane ? { ...limits, arrangement: 'volume' } : limits);
    if (!stacks.ok) return stacks;
    others.set(one.id, apartWhere(preprocessing, stacks.value));
  }
  const waiting = [...apartWhere(preprocessing, arranged.value)];
  // A stack of another series that goes with none would be left out without a word.
  if (rule.apart.some((id) => others.get(id)?.length !== waiting.length)) return err({ code: 'input-mismatch' });
  const answers = await readFedAnswers(fed, tools.objects);
  tools.timer.lap('readMs');
  if (!answers.ok) return answers;
  const geometry = summarise(arranged.value, preprocessing);
  frames.length = 0; // the stacks hold them, each until it is prepared
  const grids: PreparedGrid[] = [];
  const gridsBeside: ReadonlyMap<string, PreparedGrid>[] = [];
  let nothing: 'nothing-to-read' | 'not-applicable' | null = null;
  for (let at = 0, stack = waiting.shift(); stack !== undefined; stack = waiting.shift(), at += 1) {
    const why = tools.stopping(bytes * 2);
    if (why !== null) return err({ code: why });
    const beside = planesBeside(stack, preprocessing, others, answers.value);
    if (!beside.ok) return beside;
    // On zeros the model would judge what it was not made for, and its silence would read as one of the study.
    const found = nothingIn(beside.value, preprocessing);
    if (found !== null) {
      nothing = nothing === 'nothing-to-read' ? nothing : found;
      continue;
    }
    const prepared = prepareGrid(stack, preprocessing, beside.value);
    if (!prepared.ok) return prepared;
    const along = prepareApart(rule, others, at);
    tools.timer.lap('preprocessMs');
    if (!along.ok) return along;
    grids.push({ ...prepared.value, stack: withoutPixels(stack) });
    gridsBeside.push(along.value);
  }
  if (grids.length === 0 && nothing !== null) return err({ code: nothing });
  tools.holds(buffersOf({ grids, others: gridsBeside }).reduce((sum, { byteLength }) => sum + byteLength, 0));
  const told = new Map([...answers.value].map(([id, { numbers }]) => [id, numbers]));
  return ok({ geometry, facts, grids, others: gridsBeside, fed: told });
}

function limitsOf({ preprocessing }: PrepareRule, { orientation, slices }: PrepareRule['appliesTo']): ArrangeLimits {
  const { source, tolerates } = preprocessing;
  return { arrangement: source.arrangement, orientation, minSlices: slices.min, maxSlices: slices.max, tolerates };
}

/**
 * Each image as a stack of its own, where steps look at what it shows, or where it is left out when another model found nothing on it;
 * of clips each object's frames together, as they are one. A volume stays whole.
 */
function apartWhere(preprocessing: Preprocessing, stacks: readonly SourceStack[]): readonly SourceStack[] {
  if (!isByContent(preprocessing) && !leavesImagesOut(preprocessing)) return stacks;
  const areClips = preprocessing.sampling.kind === 'clips';
  return stacks.flatMap((stack) => {
    if (stack.arrangement === 'volume') return [stack];
    const apart = areClips
      ? [...Map.groupBy(stack.frames, ({ sopUid }) => sopUid).values()]
      : stack.frames.map((frame) => [frame]);
    return apart.map((frames, index) => ({ ...stack, frames, leftOut: index === 0 ? stack.leftOut : [] }));
  });
}

/** Whether an image on which another model found nothing is not to be judged, and each is a sample by itself. */
function leavesImagesOut({ planes, sampling }: Preprocessing): boolean {
  return sampling.kind === 'slices' && planes.some((plane) => plane.from === 'feed' && plane.whenNothing !== 'go-on');
}

function planesBeside(
  stack: SourceStack,
  { planes, source }: Preprocessing,
  others: ReadonlyMap<string, readonly SourceStack[]>,
  fed: ReadonlyMap<string, FedAnswer>,
): Result<readonly PlaneBeside[], Refusal> {
  const beside: PlaneBeside[] = [];
  for (const plane of planes) {
    if (plane.from === 'feed') {
      const { what, label } = plane;
      const answer = fed.get(plane.feed);
      const mask = maskBeside(
        stack,
        (frame) => (what === 'mask' ? answer?.maskOf(label, frame) : answer?.boxesOf(label, frame, what)) ?? null,
      );
      if (mask === null) return err({ code: 'input-mismatch' });
      beside.push(mask);
      continue;
    }
    const [other] = others.get(plane.series) ?? [];
    if (other === undefined) return err({ code: 'input-mismatch' });
    const registered = registerSeries(stack, other, source.paddingValue);
    if (!registered.ok) return registered;
    beside.push(registered.value);
  }
  return ok(beside);
}

/** What a manifest says of a plane of another model that shows nothing, where one does; null: the model goes on. */
function nothingIn(
  beside: readonly PlaneBeside[],
  { planes }: Preprocessing,
): 'nothing-to-read' | 'not-applicable' | null {
  const said = planes.flatMap((plane, index) =>
    plane.from === 'feed' && beside[index]?.isEmpty === true ? [plane.whenNothing] : [],
  );
  if (said.includes('not-run')) return 'nothing-to-read';
  return said.includes('not-applicable') ? 'not-applicable' : null;
}

/** The grids of other series that go with a series' grid of that number, prepared in the same way. */
function prepareApart(
  { preprocessing, apart }: PrepareRule,
  others: ReadonlyMap<string, readonly SourceStack[]>,
  at: number,
): Result<ReadonlyMap<string, PreparedGrid>, Refusal> {
  const grids = new Map<string, PreparedGrid>();
  const { channelPlanes: _planes, ...alone } = preprocessing;
  for (const id of new Set(apart)) {
    const stack = others.get(id)?.[at];
    if (stack === undefined) return err({ code: 'input-mismatch' });
    const grid = prepareGrid(stack, { ...alone, planes: [] });
    if (!grid.ok) return grid;
    grids.set(id, { ...grid.value, stack: withoutPixels(stack) });
  }
  return ok(grids);
}

async function readSeries(
  { objects, room, timer, stopping, holds }: PrepareTools,
  { appliesTo, preprocessing }: PrepareRule,
  instances: readonly InstanceReference[],
): Promise<Result<Decoded, Refusal>> {
  const frames: SourceFrame[] = [];
  let facts: SourceFacts | null = null;
  let bytes = 0;
  let held = 0;
  for (const instance of instances) {
    const why = stopping(0);
    if (why !== null) return err({ code: why });
    const object = await readObject(objects, instance);
    timer.lap('readMs');
    if (typeof object === 'string') return err({ code: object });
    // A receipt names its inputs by digest: nothing is computed on bytes that no longer have it. What was sealed opens under its digest alone.
    if (instance.encoding === 'plain' && objectDigest(object) !== instance.digest)
      return err({ code: 'object-damaged' });
    const most = appliesTo.slices.max - frames.length;
    const read = await readSourceFrames(object, instance, preprocessing.source, most, () => stopping(0) !== null, room);
    timer.lap('decodeMs');
    if (!read.ok) return err({ code: read.error.code === 'stopped' ? (stopping(0) ?? 'cancelled') : read.error.code });
    facts ??= read.value.facts;
    frames.push(...read.value.frames);
    bytes += read.value.frames.reduce((sum, { values }) => sum + values.byteLength, 0);
    held += object.length;
    holds(bytes + held);
  }
  return facts === null ? err({ code: 'too-few-slices' }) : ok({ frames, facts, bytes });
}

async function readObject(
  objects: Pick<ObjectReader, 'read'>,
  instance: InstanceReference,
): Promise<Uint8Array | 'object-missing' | 'object-damaged'> {
  try {
    return await objects.read(instance.digest, instance.encoding);
  } catch (error) {
    // Gone or unreadable: the run says so, the station decides.
    return error instanceof DamagedObject ? 'object-damaged' : 'object-missing';
  }
}

const NO_PIXELS = new Int16Array(0);

function withoutPixels(stack: SourceStack): SourceStack {
  return { ...stack, frames: stack.frames.map((frame) => ({ ...frame, values: NO_PIXELS })) };
}

function summarise(
  stacks: readonly SourceStack[],
  { source }: Pick<Preprocessing, 'source'>,
): Omit<SeriesGeometrySummary, 'grid'> {
  const [stack] = stacks;
  const first = stack?.frames[0];
  if (stack === undefined || first === undefined) throw new Error('a series without a frame');
  const stepsMm = stacks.flatMap((one) => one.stepsMm);
  const frameOfReferenceUid = first.place?.frameOfReferenceUid ?? null;
  const apart = new Map(
    stacks
      .flatMap(({ frames }) => frames)
      .map(({ sopUid, place }) => [sopUid, place?.frameOfReferenceUid ?? null] as const)
      .filter(([, uid]) => uid !== frameOfReferenceUid),
  );
  return {
    arrangement: stack.arrangement,
    slices: stacks.reduce((sum, { frames }) => sum + frames.length, 0),
    rows: first.rows,
    columns: first.columns,
    pixelSpacingMm: first.pixelMm === null ? null : [first.pixelMm[0], first.pixelMm[1]],
    minSpacingMm: stepsMm.length === 0 ? null : Math.min(...stepsMm),
    maxSpacingMm: stepsMm.length === 0 ? null : Math.max(...stepsMm),
    tiltDegrees: stack.tiltDegrees,
    frameOfReferenceUid,
    ...(apart.size > 0 && { apart: [...apart].map(([sopUid, uid]) => ({ sopUid, frameOfReferenceUid: uid })) }),
    corrections: [...stack.corrections],
    leftOut: stack.leftOut.length,
    stacks: stacks.length,
    meanIntensity: meanIntensity(stacks, source),
  };
}
