import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import { DamagedObject } from '../../platform/objects/sealed-format.ts';
import type {
  InstanceReference,
  RunFailure,
  RunFinished,
  SeriesGeometrySummary,
  StageTimings,
} from '../runner-protocol.ts';
import { arrangeStacks } from './arrange-stacks.ts';
import { blendWeights } from './blend-weights.ts';
import { collectOutputs, type OutputCollector } from './collect-outputs.ts';
import { countSamples, cutSamples } from './cut-samples.ts';
import { describeNumbers } from './describe-numbers.ts';
import { feedInputs } from './feed-inputs.ts';
import { leaveCells, type LeftCells } from './leave-cells.ts';
import { boxAllowance, mapBoxes } from './map-boxes.ts';
import type { ModelPackage } from './model-package.ts';
import { objectDigest } from './object-digest.ts';
import { PREPROCESSING_VERSION, prepareGrid } from './prepare-grid.ts';
import type { PreparedGrid, SourceFrame, SourceStack } from './prepared-grid.ts';
import { readSourceFrames } from './read-source-frames.ts';
import type { BadOutput } from './read-tensor.ts';
import type { TensorData } from './session.ts';
import type { SourceFacts } from './source-facts.ts';
import { mapSource, type SourceMap } from './source-map.ts';

/** Version of what is made of a model's tensors, in receipts. */
export const POSTPROCESSING_VERSION = 'outputs/2';

/** What a run needs beside its series. */
export type RunSetting = {
  readonly model: ModelPackage;
  readonly objects: ObjectReader;
  readonly outboxDir: string;
  /** Looked at between objects and between batches of samples: no further than that does a run go on. */
  readonly signal: AbortSignal;
};

/** What a run gives: the finished message without what the process adds. */
export type RunAnswer = Omit<RunFinished, 'type' | 'runId' | 'provider' | 'onnxruntimeVersion'>;
/** Why it gives none; of a bad output, which tensor is none. */
export type RunRefused = { readonly code: Exclude<RunFailure, 'bad-output'> } | BadOutput;

type Lap = (stage: keyof StageTimings) => void;
type Source = { readonly frames: SourceFrame[]; readonly facts: SourceFacts };
/** A grid without the frames that it was made of, whose pixels nobody needs any more. */
type LeanGrid = { readonly grid: PreparedGrid; readonly map: SourceMap };

/** Reads one series, runs the model on all its samples and carries the answer back to the source pixels. */
export async function runSeries(
  setting: RunSetting,
  instances: readonly InstanceReference[],
): Promise<Result<RunAnswer, RunRefused>> {
  const { manifest, manifestDigest } = setting.model;
  const timings = { readMs: 0, decodeMs: 0, preprocessMs: 0, inferMs: 0, postprocessMs: 0 };
  let since = performance.now();
  const lap: Lap = (stage) => {
    const now = performance.now();
    timings[stage] += now - since;
    since = now;
  };

  const source = await readSeries(setting, instances, lap);
  if (!source.ok) return source;
  const { appliesTo, preprocessing } = manifest;
  const arranged = arrangeStacks(source.value.frames, {
    arrangement: preprocessing.source.arrangement,
    orientation: appliesTo.orientation,
    minSlices: appliesTo.slices.min,
    maxSlices: appliesTo.slices.max,
    tolerates: preprocessing.tolerates,
  });
  if (!arranged.ok) return arranged;
  const waiting = [...arranged.value];
  const geometry = summarise(waiting);
  source.value.frames.length = 0; // the stacks hold them, each until it is prepared

  const collector = collectOutputs(manifest);
  const maps: SourceMap[] = [];
  const left: LeftCells = { masks: [], heatmaps: [] };
  let grid: SeriesGeometrySummary['grid'] | null = null;
  for (let stack = waiting.shift(); stack !== undefined; stack = waiting.shift()) {
    const lean = prepareLean(stack, setting.model);
    lap('preprocessMs');
    if (!lean.ok) return lean;
    const { map } = lean.value;
    maps.push(map);
    const samples = countSamples(lean.value.grid, preprocessing.sampling);
    const { shape, spacingMm } = lean.value.grid;
    grid = grid === null ? { shape: [...shape], spacingMm: [...spacingMm], samples } : grid;
    if (maps.length > 1) grid = { ...grid, samples: grid.samples + samples };
    const computed = await computeSamples(setting, lean.value.grid, source.value.facts, collector, lap);
    if (!computed.ok) return computed;
    const cells = collector.endStack();
    if (!cells.ok) return cells;
    const carried = await leaveCells(manifest.outputs, cells.value, map, left, setting);
    lap('postprocessMs');
    if (!carried.ok) return carried;
  }
  if (grid === null) throw new Error('a series without a stack');
  // Without millimetres there is no volume to hold against a threshold, and none is not nothing.
  const needsVolume = (label: string) => manifest.labels.some(({ id, score }) => id === label && score === 'volume-ml');
  if (left.masks.some(({ label, volumeMl }) => volumeMl === null && needsVolume(label)))
    return err({ code: 'not-calibrated' });
  const said = describeAnswers(collector, manifest.outputs, maps);
  lap('postprocessMs');
  return ok({
    modelDigest: manifest.modelDigest,
    manifestDigest,
    preprocessing: PREPROCESSING_VERSION,
    postprocessing: POSTPROCESSING_VERSION,
    geometry: { ...geometry, grid },
    ...said,
    ...left,
    timings,
  });
}

/** Reads and decodes the objects one after another. */
async function readSeries(
  { model, objects, signal }: RunSetting,
  instances: readonly InstanceReference[],
  lap: Lap,
): Promise<Result<Source, RunRefused>> {
  const { appliesTo, preprocessing } = model.manifest;
  const frames: SourceFrame[] = [];
  let facts: SourceFacts | null = null;
  for (const instance of instances) {
    if (signal.aborted) return err({ code: 'cancelled' });
    const bytes = await readObject(objects, instance);
    lap('readMs');
    if (typeof bytes === 'string') return err({ code: bytes });
    // A receipt names its inputs by digest: nothing is computed on bytes that no longer have it.
    if (objectDigest(bytes) !== instance.digest) return err({ code: 'object-damaged' });
    const read = await readSourceFrames(bytes, instance, preprocessing.source, appliesTo.slices.max - frames.length);
    lap('decodeMs');
    if (!read.ok) return read;
    facts ??= read.value.facts;
    frames.push(...read.value.frames);
  }
  return facts === null ? err({ code: 'too-few-slices' }) : ok({ frames, facts });
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

function prepareLean(stack: SourceStack, model: ModelPackage): Result<LeanGrid, RunRefused> {
  const prepared = prepareGrid(stack, model.manifest.preprocessing);
  if (!prepared.ok) return prepared;
  const map = mapSource(prepared.value);
  return ok({ map, grid: { ...prepared.value, stack: { ...stack, frames: [] } } });
}

/** Gives the model every sample of a grid, batch by batch. */
async function computeSamples(
  { model, signal }: RunSetting,
  grid: PreparedGrid,
  facts: SourceFacts,
  collector: OutputCollector,
  lap: Lap,
): Promise<Result<void, RunRefused>> {
  const { inputs, preprocessing } = model.manifest;
  const { sampling } = preprocessing;
  collector.startStack(grid.shape, sampling.kind === 'patches' ? blendWeights(sampling.size, sampling.blend) : null);
  for (const samples of cutSamples(grid, sampling)) {
    if (signal.aborted) return err({ code: 'cancelled' });
    const feeds = feedInputs(inputs, samples, { grid, facts });
    lap('preprocessMs');
    if (!feeds.ok) return feeds;
    const tensors = await computeOrNull(model, feeds.value);
    lap('inferMs');
    if (tensors === null) return err({ code: 'model-failed' });
    const taken = collector.take(samples, tensors);
    lap('postprocessMs');
    if (!taken.ok) return taken;
  }
  return ok(undefined);
}

async function computeOrNull(
  model: ModelPackage,
  feeds: Readonly<Record<string, TensorData>>,
): Promise<ReadonlyMap<string, TensorData> | null> {
  try {
    return await model.session.run(feeds);
  } catch {
    return null; // the native library's text may name anything; the code is enough
  }
}

function describeAnswers(
  collector: OutputCollector,
  outputs: ModelPackage['manifest']['outputs'],
  maps: readonly SourceMap[],
): Pick<RunAnswer, 'outputs' | 'profiles' | 'boxes' | 'boxLabels'> {
  const { numbers, boxes } = collector.finish();
  const said = numbers.flatMap(({ output: index, joined }) => {
    const output = outputs[index];
    return output?.role === 'classes' || output?.role === 'number' ? [describeNumbers(output, joined, maps)] : [];
  });
  const allowance = boxAllowance();
  const mapped = boxes.map(({ output, boxes: found }) =>
    mapBoxes(outputs[output]?.tensor ?? '', found, maps, allowance),
  );
  return {
    outputs: said.flatMap((one) => one.outputs),
    profiles: said.flatMap(({ profile }) => (profile === null ? [] : [profile])),
    boxes: mapped.flatMap((one) => one.boxes),
    boxLabels: mapped.flatMap((one) => one.labels),
  };
}

function summarise(stacks: readonly SourceStack[]): Omit<SeriesGeometrySummary, 'grid'> {
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
  };
}
