import type { AppliesTo } from '../../../../shared/domain/model-applies-to.ts';
import type { Preprocessing } from '../../../../shared/domain/model-preprocessing.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import { DamagedObject } from '../../platform/objects/sealed-format.ts';
import type { InstanceReference, RunFailure, SeriesGeometrySummary, StageTimings } from '../runner-protocol.ts';
import { arrangeStacks } from './arrange-stacks.ts';
import { meanIntensity } from './mean-intensity.ts';
import { objectDigest } from './object-digest.ts';
import { prepareGrid } from './prepare-grid.ts';
import type { PreparedGrid, SourceFrame, SourceStack } from './prepared-grid.ts';
import { readSourceFrames } from './read-source-frames.ts';
import type { SourceFacts } from './source-facts.ts';
import type { StageTimer } from './stage-timer.ts';

/** What of a manifest says how a series becomes grids; the sampling of its preprocessing is not looked at. */
export type PrepareRule = {
  readonly appliesTo: Pick<AppliesTo, 'orientation' | 'slices'>;
  readonly preprocessing: Preprocessing;
};

/** A series, and how to prepare it. The same request gives the same grids: objects are named by digest. */
export type SeriesRequest = { readonly rule: PrepareRule; readonly instances: readonly InstanceReference[] };

/** A series as a model is given it: a grid a stack, whose frames have lost their pixels. */
export type PreparedSeries = {
  readonly geometry: Omit<SeriesGeometrySummary, 'grid'>;
  readonly facts: SourceFacts;
  readonly grids: readonly PreparedGrid[];
};

/** The stages of a run that are over once its series is prepared. */
export const PREPARING_STAGES = ['readMs', 'decodeMs', 'preprocessMs'] as const satisfies (keyof StageTimings)[];

/** What preparing looks at between its steps, and tells. */
export type PrepareTools = {
  readonly objects: ObjectReader;
  readonly timer: StageTimer;
  /** Why it is to stop, if it is. */
  readonly stopping: (nextBytes: number) => 'cancelled' | 'low-memory' | null;
  /** Told of the bytes that it holds for this series from now on. */
  readonly holds: (bytes: number) => void;
};

type Refusal = { readonly code: Exclude<RunFailure, 'bad-output'> };
type Decoded = { readonly frames: SourceFrame[]; readonly facts: SourceFacts; readonly bytes: number };

/** The rule of a manifest, without the rest of it. */
export function prepareRule({ appliesTo, preprocessing }: PrepareRule): PrepareRule {
  const { orientation, slices } = appliesTo;
  return { appliesTo: { orientation, slices }, preprocessing };
}

/** Reads and decodes a series, object by object, and makes its grids; what the frames held is let go of as they are used. */
export async function prepareSeries(
  tools: PrepareTools,
  { rule, instances }: SeriesRequest,
): Promise<Result<PreparedSeries, Refusal>> {
  const decoded = await readSeries(tools, rule, instances);
  if (!decoded.ok) return decoded;
  const { frames, facts, bytes } = decoded.value;
  const { appliesTo, preprocessing } = rule;
  const arranged = arrangeStacks(frames, {
    arrangement: preprocessing.source.arrangement,
    orientation: appliesTo.orientation,
    minSlices: appliesTo.slices.min,
    maxSlices: appliesTo.slices.max,
    tolerates: preprocessing.tolerates,
  });
  if (!arranged.ok) return arranged;
  const waiting = [...arranged.value];
  const geometry = summarise(waiting, preprocessing);
  frames.length = 0; // the stacks hold them, each until it is prepared
  const grids: PreparedGrid[] = [];
  for (let stack = waiting.shift(); stack !== undefined; stack = waiting.shift()) {
    const why = tools.stopping(bytes * 2);
    if (why !== null) return err({ code: why });
    const prepared = prepareGrid(stack, preprocessing);
    tools.timer.lap('preprocessMs');
    if (!prepared.ok) return prepared;
    grids.push({ ...prepared.value, stack: withoutPixels(stack) });
  }
  tools.holds(grids.reduce((sum, { values }) => sum + values.byteLength, 0));
  return ok({ geometry, facts, grids });
}

async function readSeries(
  { objects, timer, stopping, holds }: PrepareTools,
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
    // A receipt names its inputs by digest: nothing is computed on bytes that no longer have it.
    if (objectDigest(object) !== instance.digest) return err({ code: 'object-damaged' });
    const most = appliesTo.slices.max - frames.length;
    const read = await readSourceFrames(object, instance, preprocessing.source, most, () => stopping(0) !== null);
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
  objects: ObjectReader,
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
  return {
    arrangement: stack.arrangement,
    slices: stacks.reduce((sum, { frames }) => sum + frames.length, 0),
    rows: first.rows,
    columns: first.columns,
    pixelSpacingMm: first.pixelMm === null ? null : [first.pixelMm[0], first.pixelMm[1]],
    minSpacingMm: stepsMm.length === 0 ? null : Math.min(...stepsMm),
    maxSpacingMm: stepsMm.length === 0 ? null : Math.max(...stepsMm),
    tiltDegrees: stack.tiltDegrees,
    frameOfReferenceUid: first.place?.frameOfReferenceUid ?? null,
    corrections: [...stack.corrections],
    leftOut: stack.leftOut.length,
    stacks: stacks.length,
    meanIntensity: meanIntensity(stacks, source),
  };
}
