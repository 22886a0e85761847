import { expect, test } from 'vitest';
import { ModelManifest, type WrittenManifest } from '../../../../shared/domain/model-manifest.ts';
import { ok, err } from '../../../../shared/domain/result.ts';
import { countTried, findBatch, keepBatch, knownBatch, MOST_BATCH_MS, type SingleAnswer } from './batch-size.ts';
import { prepareRule, prepareSeries } from './prepare-series.ts';
import { runFrames } from './run-frames.ts';
import type { ModelSession, TensorData } from './session.ts';
import { timeStages } from './stage-timer.ts';
import { ballHead, openTestObjects, sliceRecord } from './test-series.ts';
import { openObjectReader } from '../../platform/objects/object-store.ts';

const EXACT = { absolute: 0, relative: 0 };
type Tensors = SingleAnswer<number>['tensors'];
const said = (samples: readonly number[]): Tensors =>
  new Map([['y', { dims: [samples.length], data: Float32Array.from(samples, (sample) => sample / 3) }]]);

/** A model whose batches take as long as is said, on a clock of its own. */
async function found(
  tookMs: (size: number) => number,
  how: {
    readonly most?: number;
    readonly tolerance?: typeof EXACT;
    readonly answer?: (samples: readonly number[]) => Tensors | null;
  } = {},
) {
  const { most = 16, tolerance = EXACT, answer = said } = how;
  let nowMs = 0;
  const asked: number[] = [];
  const singles = Array.from({ length: 16 }, (_, sample) => ({
    sample,
    tensors: said([sample]),
    tookMs: sample === 0 ? 900 : tookMs(1),
  }));
  const compute = (samples: readonly number[]) => {
    asked.push(samples.length);
    nowMs += tookMs(samples.length);
    const tensors = answer(samples);
    return Promise.resolve(tensors === null ? err({ code: 'model-failed' }) : ok(tensors));
  };
  return { size: await findBatch(singles, compute, { most, tolerance }, () => nowMs), asked };
}

test('a batch grows while a sample takes less time in it, and no larger than the model takes', async () => {
  expect((await found((size) => 10 + size)).size).toBe(16);
  expect((await found((size) => 10 + size, { most: 4 })).size).toBe(4);
  // From eight on nothing is gained any more.
  expect((await found((size) => Math.max(size, 4) * 5)).size).toBe(4);
  expect(await found((size) => 5 * size)).toEqual({ size: 1, asked: [2, 2] });
});

test('no batch takes longer than a STAT study is to wait for', async () => {
  // Four together would take 280 ms: they are not even tried.
  expect(MOST_BATCH_MS).toBe(250);
  expect(await found((count) => 40 + 60 * count)).toEqual({ size: 2, asked: [2, 2] });
  expect(await found(() => MOST_BATCH_MS)).toEqual({ size: 1, asked: [] });
});

test('a batch that gives other numbers than its samples one by one is none, nor one there is no memory for', async () => {
  const quick = (size: number) => 10 + size;
  const mixed = (samples: readonly number[]) => said(samples.map((sample) => sample + samples.length * 1e-3));
  expect((await found(quick, { answer: mixed })).size).toBe(1);
  expect((await found(quick, { answer: mixed, tolerance: { absolute: 0.1, relative: 0 } })).size).toBe(16);
  expect((await found(quick, { answer: (samples) => (samples.length > 4 ? null : said(samples)) })).size).toBe(4);
  expect((await found(quick, { answer: () => said([1]) })).size).toBe(1);
});

test('nothing is tried where it could not pay: of a model that takes one, and of few samples', () => {
  expect([countTried(1, 300), countTried(8, 3), countTried(8, 4), countTried(8, 300), countTried(256, 300)]).toEqual([
    0, 0, 4, 8, 32,
  ]);
});

const MANIFEST = {
  ...{ schema: 2, id: 'mean', name: 'Mean', version: '1.0.0', vendor: 'Test', modelDigest: 'a'.repeat(64) },
  ...{ clinicalUse: 'none', intendedUse: 'Tests.', permittedUses: ['flag'] },
  appliesTo: { modalities: ['CT'] },
  seriesRanking: {},
  preprocessing: { source: { arrangement: 'volume' }, sampling: { kind: 'slices', batch: 8 } },
  inputs: [{ tensor: 'x', role: 'image', layout: 'NCHW' }],
  outputs: [{ tensor: 'y', role: 'classes', classes: ['bright'], activation: 'sigmoid' }],
  labels: [
    {
      id: 'bright',
      name: 'Bright',
      concept: { value: '1', scheme: '99T', meaning: 'Bright' },
      acrCategory: 3,
      flagFrom: 0.5,
    },
  ],
  replayTolerance: EXACT,
  ...{ toleranceMs: 1000, budgetMs: 1000, memoryMb: 100 },
  goldenCases: [
    { name: 'none', inputs: { x: { file: 'golden.gz', stored: 'float32', dims: [1] } }, expected: { y: { min: 0 } } },
  ],
} satisfies WrittenManifest;

/** Runs a model that says of each slice its mean, in batches up to `most`, on a head of 14 slices. */
async function runMeans(batch: number | null, most = Number.POSITIVE_INFINITY) {
  const manifest = ModelManifest.parse(MANIFEST);
  const asked: number[] = [];
  const session = {
    run: (feeds: Readonly<Record<string, TensorData>>) => {
      const { dims, data } = feeds['x'] as TensorData;
      const [count = 0] = dims;
      asked.push(count);
      if (count > most) return Promise.reject(new Error('no memory'));
      const values = data as Float32Array;
      const size = values.length / count;
      const means = Float32Array.from({ length: count }, (_, at) =>
        values.subarray(at * size, (at + 1) * size).reduce((sum, value) => sum + value / size / 1000, 0),
      );
      return Promise.resolve(new Map([['y', { type: 'float32', dims: [count, 1], data: means }]]));
    },
  } as unknown as ModelSession;
  const objects = openTestObjects();
  const instances = await objects.put(ballHead({ bleedMm: 14, matrix: 32 }).map(sliceRecord));
  const reader = openObjectReader(objects.objectsDir, objects.keys);
  const timer = timeStages();
  const tools = { objects: reader, timer, stopping: () => null, holds: () => undefined };
  const series = await prepareSeries(tools, { rule: prepareRule(manifest), instances });
  if (!series.ok) throw new Error(series.error.code);
  const shape = [1, 14, 32, 32];
  if (batch !== null) keepBatch(manifest, shape, batch);
  const { signal } = new AbortController();
  const setting = { model: { manifest, session }, outboxDir: objects.outboxDir, signal, findsBatch: true };
  const answer = await runFrames(setting, series.value, timer.lap);
  if (!answer.ok) throw new Error(answer.error.code);
  const { geometry, ...outputs } = answer.value;
  return { asked, outputs, atOnce: geometry.grid.atOnce, known: knownBatch(manifest, shape) };
}

test('a series computed in batches says what it says slice by slice, and the receipt says how many at once', async () => {
  const alone = await runMeans(1);
  const together = await runMeans(4);
  expect([alone.asked, alone.atOnce]).toEqual([Array.from({ length: 14 }, () => 1), 1]);
  expect([together.asked, together.atOnce]).toEqual([[4, 4, 4, 2], 4]);
  expect(together.outputs).toEqual(alone.outputs);
});

test('where there is no memory for several samples they are computed one by one, and from then on all are', async () => {
  const alone = await runMeans(1);
  const short = await runMeans(4, 1);
  expect(short.asked).toEqual([4, ...Array.from({ length: 14 }, () => 1)]);
  expect([short.outputs, short.known]).toEqual([alone.outputs, 1]);
  const tried = await runMeans(null, 1);
  expect(tried.asked.filter((count) => count > 1)).toEqual([2]);
  expect([tried.outputs, tried.known]).toEqual([alone.outputs, 1]);
});
