import type { ModelSampling } from '../../../../shared/domain/model-preprocessing.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { RunOutput, SeriesGeometrySummary } from '../run-answer.ts';
import type { RunFailure, RunFinished } from '../runner-protocol.ts';
import { countTried, findBatch, keepBatch, knownBatch, type SingleAnswer } from './batch-size.ts';
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
import type { ModelSample, PreparedGrid } from './prepared-grid.ts';
import type { BadOutput, GivenTensor } from './read-tensor.ts';
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
  /** Finds out how many samples the model is best given at once; otherwise it is given as many as its manifest allows. */
  readonly findsBatch?: boolean;
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
    // One of the other series' that goes with none would be left out without a word.
    const besideIt = [...(series.others[maps.length - 1]?.values() ?? [])];
    if (besideIt.some((other) => countSamples(other, sampling) !== samples)) return err({ code: 'input-mismatch' });
    const { shape, spacingMm } = grid;
    const before: number = said?.samples ?? 0;
    const computed = await computeSamples(setting, series, { at: maps.length - 1, before }, collector, lap);
    if (!computed.ok) return computed;
    const atOnce = Math.max(said?.atOnce ?? 1, computed.value);
    said = said ?? { shape: [...shape], spacingMm: [...spacingMm], samples: 0 };
    said = { ...said, samples: before + samples, atOnce };
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
  const answers = describeAnswers(collector, manifest, maps);
  if (!answers.ok) return answers;
  const { features: named, ...told } = answers.value;
  const features = await leaveFeatures(named, setting);
  lap('postprocessMs');
  if (!features.ok) return features;
  const kept = features.value.length === 0 ? {} : { features: features.value };
  return ok({ geometry: { ...geometry, grid: said }, ...told, ...left, ...kept });
}

/** One sample of a grid, with those of other series that go with it. */
type Sample = {
  readonly own: ModelSample;
  readonly beside: ReadonlyMap<string, ModelSample>;
  /** Its place among all samples of the series. */
  readonly index: number;
};

/** Gives the model every sample of a grid, as many at once as helps; gives how many that were at most. */
async function computeSamples(
  { model, signal, findsBatch = false }: ComputeSetting,
  { grids, others, facts, fed }: PreparedSeries,
  { at, before }: { readonly at: number; readonly before: number },
  collector: OutputCollector,
  lap: Lap,
): Promise<Result<number, RunRefused>> {
  const { manifest } = model;
  const { sampling } = manifest.preprocessing;
  const grid = grids[at] as PreparedGrid;
  const shape = [grid.channels, ...grid.shape];
  collector.startStack(grid.shape, sampling.kind === 'patches' ? blendWeights(sampling.size, sampling.blend) : null);

  async function computeOn(samples: readonly Sample[]): Promise<Result<ReadonlyMap<string, GivenTensor>, RunRefused>> {
    if (signal.aborted) return err({ code: 'cancelled' });
    const ids = [...(others[at] ?? [])].map(([id]) => id);
    const along = new Map(ids.map((id) => [id, samples.flatMap(({ beside }) => beside.get(id) ?? [])]));
    const source = { grid, facts, others: along, fed, firstSample: samples[0]?.index ?? before };
    const own = samples.map((sample) => sample.own);
    return computeBatch(model, own, source, { lap, signal });
  }
  async function computeAndTake(samples: readonly Sample[]) {
    const tensors = await computeOn(samples);
    if (!tensors.ok) return tensors;
    const own = samples.map((sample) => sample.own);
    const taken = collector.take(own, tensors.value);
    lap('postprocessMs');
    return taken.ok ? tensors : taken;
  }

  const most = sampling.kind === 'volume' ? 1 : sampling.batch;
  const isFixed = !findsBatch || ('batchIs' in sampling && sampling.batchIs === 'exactly');
  const known = isFixed ? most : knownBatch(manifest, shape);
  let atOnce = known ?? 1;
  let tried = known === null ? countTried(most, countSamples(grid, sampling)) : 0;
  const singles: SingleAnswer<Sample>[] = [];
  let largest = 1;
  const rest = samplesOf(grid, others[at] ?? new Map(), sampling, before);
  for (let samples = next(rest, atOnce); samples.length > 0; samples = next(rest, atOnce)) {
    const from = performance.now();
    const given = await computeAndTake(samples);
    if (!given.ok && given.error.code === 'model-failed' && !isFixed && samples.length > 1) {
      // There may be memory for one where there is none for several.
      atOnce = 1;
      keepBatch(manifest, shape, atOnce);
      for (const sample of samples) {
        const alone = await computeAndTake([sample]);
        if (!alone.ok) return alone;
      }
      continue;
    }
    if (!given.ok) return given;
    largest = Math.max(largest, samples.length);
    const [sample] = samples;
    if (tried === 0 || sample === undefined) continue;
    singles.push({ sample, tensors: given.value, tookMs: performance.now() - from });
    if (singles.length < tried) continue;
    atOnce = await findBatch(singles, computeOn, { most, tolerance: manifest.replayTolerance });
    if (signal.aborted) return err({ code: 'cancelled' });
    keepBatch(manifest, shape, atOnce);
    tried = 0;
    singles.length = 0;
  }
  return ok(largest);
}

function* samplesOf(
  grid: PreparedGrid,
  others: ReadonlyMap<string, PreparedGrid>,
  sampling: ModelSampling,
  before: number,
): Generator<Sample> {
  const alone = sampling.kind === 'volume' ? sampling : { ...sampling, batch: 1 };
  const beside = [...others].map(([id, other]) => [id, cutSamples(other, alone)] as const);
  let index = before;
  for (const [own] of cutSamples(grid, alone)) {
    if (own === undefined) continue;
    const along = beside.flatMap(([id, cut]) => {
      const [one] = cut.next().value ?? [];
      return one === undefined ? [] : [[id, one] as const];
    });
    yield { own, beside: new Map(along), index };
    index += 1;
  }
}

function next(samples: Generator<Sample>, count: number): readonly Sample[] {
  const taken: Sample[] = [];
  while (taken.length < count) {
    const one = samples.next();
    if (one.done === true) break;
    taken.push(one.value);
  }
  return taken;
}

type Described = Pick<FramesAnswer, 'outputs' | 'profiles' | 'boxes' | 'boxLabels'> & {
  readonly features: readonly NamedFeatures[];
};

function describeAnswers(
  collector: OutputCollector,
  { outputs, labels }: Pick<ModelPackage['manifest'], 'outputs' | 'labels'>,
  maps: readonly SourceMap[],
): Result<Described, RunRefused> {
  const { numbers, boxes, features } = collector.finish();
  const flagWhenOf = (label: string) => labels.find(({ id }) => id === label)?.flagWhen ?? 'at-least';
  const said = numbers.flatMap(({ output: index, joined }) => {
    const output = outputs[index];
    return output?.role === 'classes' || output?.role === 'number'
      ? [describeNumbers(output, joined, maps, flagWhenOf)]
      : [];
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
