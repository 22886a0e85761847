import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { RunFailure, RunFinished, SeriesGeometrySummary } from '../runner-protocol.ts';
import { blendWeights } from './blend-weights.ts';
import { collectOutputs, type OutputCollector } from './collect-outputs.ts';
import { countSamples, cutSamples } from './cut-samples.ts';
import { describeNumbers } from './describe-numbers.ts';
import { feedInputs } from './feed-inputs.ts';
import { type LeftCells, leaveCells } from './leave-cells.ts';
import { boxAllowance, mapBoxes } from './map-boxes.ts';
import type { ModelPackage } from './model-package.ts';
import type { PreparedSeries } from './prepare-series.ts';
import type { PreparedGrid } from './prepared-grid.ts';
import type { BadOutput } from './read-tensor.ts';
import { ComputeFault, type TensorData } from './session.ts';
import type { SourceFacts } from './source-facts.ts';
import { mapSource, type SourceMap } from './source-map.ts';
import type { Lap } from './stage-timer.ts';

/** Version of what is made of a model's tensors, in receipts. */
export const POSTPROCESSING_VERSION = 'outputs/2';

/** What a run needs beside its frames. */
export type ComputeSetting = {
  readonly model: Pick<ModelPackage, 'manifest' | 'session'>;
  readonly outboxDir: string;
  /** Looked at between objects and between batches of samples: no further than that does a run go on. */
  readonly signal: AbortSignal;
};

/** What a model says of a series, on its source. */
export type FramesAnswer = Pick<
  RunFinished,
  'geometry' | 'outputs' | 'profiles' | 'boxes' | 'boxLabels' | 'masks' | 'heatmaps'
>;

/** Why a run gives no answer; of a bad output, which tensor is none. */
export type RunRefused = { readonly code: Exclude<RunFailure, 'bad-output'> } | BadOutput;

/** Runs a model on all samples of a prepared series and carries the answer back to its pixels; masks and heatmaps are left in the outbox. */
export async function runFrames(
  setting: ComputeSetting,
  { geometry, facts, grids }: PreparedSeries,
  lap: Lap,
): Promise<Result<FramesAnswer, RunRefused>> {
  const { manifest } = setting.model;
  const { sampling } = manifest.preprocessing;
  const collector = collectOutputs(manifest);
  const maps: SourceMap[] = [];
  const left: LeftCells = { masks: [], heatmaps: [] };
  let said: SeriesGeometrySummary['grid'] | null = null;
  for (const grid of grids) {
    const map = mapSource(grid);
    maps.push(map);
    const samples = countSamples(grid, sampling);
    // Nothing would be computed, and a score of nothing reads as one of 0.
    if (samples === 0) return err({ code: 'too-few-slices' });
    const { shape, spacingMm } = grid;
    said = said === null ? { shape: [...shape], spacingMm: [...spacingMm], samples } : said;
    if (maps.length > 1) said = { ...said, samples: said.samples + samples };
    const computed = await computeSamples(setting, grid, facts, collector, lap);
    if (!computed.ok) return computed;
    const cells = collector.endStack();
    if (!cells.ok) return cells;
    const carried = await leaveCells(manifest.outputs, cells.value, map, left, setting);
    lap('postprocessMs');
    if (!carried.ok) return carried;
  }
  if (said === null) throw new Error('a series without a stack');
  // Without millimetres there is no volume to hold against a threshold, and none is not nothing.
  const needsVolume = (label: string) => manifest.labels.some(({ id, score }) => id === label && score === 'volume-ml');
  if (left.masks.some(({ label, volumeMl }) => volumeMl === null && needsVolume(label)))
    return err({ code: 'not-calibrated' });
  const answers = describeAnswers(collector, manifest.outputs, maps);
  lap('postprocessMs');
  return ok({ geometry: { ...geometry, grid: said }, ...answers, ...left });
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
    const tensors = await compute(model, feeds.value, signal);
    lap('inferMs');
    if (!tensors.ok) return tensors;
    const taken = collector.take(samples, tensors.value);
    lap('postprocessMs');
    if (!taken.ok) return taken;
  }
  return ok(undefined);
}

async function compute(
  model: ComputeSetting['model'],
  feeds: Readonly<Record<string, TensorData>>,
  signal: AbortSignal,
): Promise<Result<ReadonlyMap<string, TensorData>, RunRefused>> {
  try {
    return ok(await model.session.run(feeds, signal));
  } catch (error) {
    // The native library's text may name anything; the code is enough.
    return err(error instanceof ComputeFault ? error.refusal : { code: 'model-failed' });
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
