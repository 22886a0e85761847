import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { RunFailure, RunFinished, RunOutput, SeriesGeometrySummary } from '../runner-protocol.ts';
import { blendWeights } from './blend-weights.ts';
import { collectOutputs, type OutputCollector } from './collect-outputs.ts';
import { computeBatch } from './compute-batch.ts';
import { countSamples, cutSamples } from './cut-samples.ts';
import { describeNumbers } from './describe-numbers.ts';
import { type LeftCells, leaveCells } from './leave-cells.ts';
import { leaveFeatures, type NamedFeatures } from './leave-features.ts';
import { boxAllowance, mapBoxes } from './map-boxes.ts';
import { measurePoints } from './measure-points.ts';
import type { ModelPackage } from './model-package.ts';
import type { PreparedSeries } from './prepare-series.ts';
import type { PreparedGrid } from './prepared-grid.ts';
import type { BadOutput } from './read-tensor.ts';
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
  'geometry' | 'outputs' | 'profiles' | 'boxes' | 'boxLabels' | 'masks' | 'heatmaps' | 'features'
>;

/** Why a run gives no answer; of a bad output, which tensor is none. */
export type RunRefused = { readonly code: Exclude<RunFailure, 'bad-output'> } | BadOutput;

/** Runs a model on all samples of a prepared series and carries the answer back to its pixels; masks, heatmaps and features are left in the outbox. */
export async function runFrames(
  setting: ComputeSetting,
  series: PreparedSeries,
  lap: Lap,
): Promise<Result<FramesAnswer, RunRefused>> {
  const { manifest } = setting.model;
  const { geometry, grids } = series;
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
    const computed = await computeSamples(
      setting,
      series,
      { at: maps.length - 1, before: said.samples - samples },
      collector,
      lap,
    );
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
  if (!answers.ok) return answers;
  const { features: named, ...told } = answers.value;
  const features = await leaveFeatures(named, setting);
  lap('postprocessMs');
  if (!features.ok) return features;
  const kept = features.value.length === 0 ? {} : { features: features.value };
  return ok({ geometry: { ...geometry, grid: said }, ...told, ...left, ...kept });
}

/** Gives the model every sample of a grid, batch by batch. */
async function computeSamples(
  { model, signal }: ComputeSetting,
  { grids, others, facts, fed }: PreparedSeries,
  { at, before }: { readonly at: number; readonly before: number },
  collector: OutputCollector,
  lap: Lap,
): Promise<Result<void, RunRefused>> {
  const { sampling } = model.manifest.preprocessing;
  const grid = grids[at] as PreparedGrid;
  collector.startStack(grid.shape, sampling.kind === 'patches' ? blendWeights(sampling.size, sampling.blend) : null);
  const beside = [...(others[at] ?? [])].map(([id, other]) => [id, cutSamples(other, sampling)] as const);
  let firstSample = before;
  for (const samples of cutSamples(grid, sampling)) {
    if (signal.aborted) return err({ code: 'cancelled' });
    const along = new Map(beside.map(([id, cut]) => [id, cut.next().value ?? []]));
    const source = { grid, facts, others: along, fed, firstSample };
    const tensors = await computeBatch(model, samples, source, { lap, signal });
    firstSample += samples.length;
    if (!tensors.ok) return tensors;
    const taken = collector.take(samples, tensors.value);
    lap('postprocessMs');
    if (!taken.ok) return taken;
  }
  return ok(undefined);
}

type Described = Pick<FramesAnswer, 'outputs' | 'profiles' | 'boxes' | 'boxLabels'> & {
  readonly features: readonly NamedFeatures[];
};

function describeAnswers(
  collector: OutputCollector,
  outputs: ModelPackage['manifest']['outputs'],
  maps: readonly SourceMap[],
): Result<Described, RunRefused> {
  const { numbers, boxes, features } = collector.finish();
  const said = numbers.flatMap(({ output: index, joined }) => {
    const output = outputs[index];
    return output?.role === 'classes' || output?.role === 'number' ? [describeNumbers(output, joined, maps)] : [];
  });
  const allowance = boxAllowance();
  const mapped = boxes.map(({ output, boxes: found }) =>
    mapBoxes(outputs[output]?.tensor ?? '', found, maps, allowance),
  );
  const measured: RunOutput[] = [];
  for (const { output: index, boxes: points } of boxes) {
    const output = outputs[index];
    const measures = output?.role === 'points' ? measurePoints(output, points, maps) : ok([]);
    if (!measures.ok) return measures;
    measured.push(...measures.value);
  }
  return ok({
    outputs: [...said.flatMap((one) => one.outputs), ...measured],
    profiles: said.flatMap(({ profile }) => (profile === null ? [] : [profile])),
    boxes: mapped.flatMap((one) => one.boxes),
    boxLabels: mapped.flatMap((one) => one.labels),
    features: features.map(({ output, features: one }) => ({ tensor: outputs[output]?.tensor ?? '', ...one })),
  });
}
