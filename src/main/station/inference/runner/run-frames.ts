import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { RunFailure, RunFinished, SeriesGeometrySummary, StageTimings } from '../runner-protocol.ts';
import { arrangeStacks } from './arrange-stacks.ts';
import { blendWeights } from './blend-weights.ts';
import { collectOutputs, type OutputCollector } from './collect-outputs.ts';
import { countSamples, cutSamples } from './cut-samples.ts';
import { describeNumbers } from './describe-numbers.ts';
import { feedInputs } from './feed-inputs.ts';
import { type LeftCells, leaveCells } from './leave-cells.ts';
import { boxAllowance, mapBoxes } from './map-boxes.ts';
import type { ModelPackage } from './model-package.ts';
import { prepareGrid } from './prepare-grid.ts';
import type { PreparedGrid, SourceFrame, SourceStack } from './prepared-grid.ts';
import type { BadOutput } from './read-tensor.ts';
import type { TensorData } from './session.ts';
import type { SourceFacts } from './source-facts.ts';
import { mapSource, type SourceMap } from './source-map.ts';

/** Version of what is made of a model's tensors, in receipts. */
export const POSTPROCESSING_VERSION = 'outputs/2';

/** What a run needs beside its frames. */
export type ComputeSetting = {
  readonly model: Pick<ModelPackage, 'manifest' | 'session'>;
  readonly outboxDir: string;
  /** Looked at between objects and between batches of samples: no further than that does a run go on. */
  readonly signal: AbortSignal;
};

/** Decoded frames of one series; they are let go of as they are used. */
export type SeriesSource = { readonly frames: SourceFrame[]; readonly facts: SourceFacts };

/** Ends a stage of a run at now, from where the one before ended. */
export type Lap = (stage: keyof StageTimings) => void;

/** What a model says of a series, on its source. */
export type FramesAnswer = Pick<
  RunFinished,
  'geometry' | 'outputs' | 'profiles' | 'boxes' | 'boxLabels' | 'masks' | 'heatmaps'
>;

/** Why a run gives no answer; of a bad output, which tensor is none. */
export type RunRefused = { readonly code: Exclude<RunFailure, 'bad-output'> } | BadOutput;

/** A grid without the frames that it was made of, whose pixels nobody needs any more. */
type LeanGrid = { readonly grid: PreparedGrid; readonly map: SourceMap };

/** Runs a model on all samples of a series and carries the answer back to its pixels; masks and heatmaps are left in the outbox. */
export async function runFrames(
  setting: ComputeSetting,
  source: SeriesSource,
  lap: Lap,
): Promise<Result<FramesAnswer, RunRefused>> {
  const { manifest } = setting.model;
  const { appliesTo, preprocessing } = manifest;
  const arranged = arrangeStacks(source.frames, {
    arrangement: preprocessing.source.arrangement,
    orientation: appliesTo.orientation,
    minSlices: appliesTo.slices.min,
    maxSlices: appliesTo.slices.max,
    tolerates: preprocessing.tolerates,
  });
  if (!arranged.ok) return arranged;
  const waiting = [...arranged.value];
  const geometry = summarise(waiting);
  source.frames.length = 0; // the stacks hold them, each until it is prepared

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
    // Nothing would be computed, and a score of nothing reads as one of 0.
    if (samples === 0) return err({ code: 'too-few-slices' });
    const { shape, spacingMm } = lean.value.grid;
    grid = grid === null ? { shape: [...shape], spacingMm: [...spacingMm], samples } : grid;
    if (maps.length > 1) grid = { ...grid, samples: grid.samples + samples };
    const computed = await computeSamples(setting, lean.value.grid, source.facts, collector, lap);
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
  return ok({ geometry: { ...geometry, grid }, ...said, ...left });
}

function prepareLean(stack: SourceStack, model: ComputeSetting['model']): Result<LeanGrid, RunRefused> {
  const prepared = prepareGrid(stack, model.manifest.preprocessing);
  if (!prepared.ok) return prepared;
  const map = mapSource(prepared.value);
  return ok({ map, grid: { ...prepared.value, stack: { ...stack, frames: [] } } });
}

/** Gives the model every sample of a grid, batch by batch. */
async function computeSamples(
  { model, signal }: ComputeSetting,
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
  model: ComputeSetting['model'],
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
): Pick<FramesAnswer, 'outputs' | 'profiles' | 'boxes' | 'boxLabels'> {
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
