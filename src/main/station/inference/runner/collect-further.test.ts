import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { RunId } from '../../../../shared/domain/ids.ts';
import { ModelInput } from '../../../../shared/domain/model-inputs.ts';
import { ModelOutput } from '../../../../shared/domain/model-outputs.ts';
import { SEALED } from '../../platform/objects/object-store.ts';
import { testRunId } from './test-series.ts';
import { collectOutputs } from './collect-outputs.ts';
import { readFedAnswers } from './fed-answers.ts';
import { feedInputs } from './feed-inputs.ts';
import type { TensorData } from './session.ts';
import { NO_FACTS } from './source-facts.ts';
import { Preprocessing } from '../../../../shared/domain/model-preprocessing.ts';

const preprocessing = Preprocessing.parse({ source: { arrangement: 'images' }, sampling: { kind: 'slices' } });
const sample = { origin: [0, 0, 0], size: [1, 10, 20] } as const;
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** What is collected of one sample. */
function collected(output: object, tensors: Readonly<Record<string, { dims: number[]; data: readonly number[] }>>) {
  const collector = collectOutputs({ preprocessing, outputs: [ModelOutput.parse({ tensor: 'y', ...output })] });
  collector.startStack([1, 10, 20], null);
  const given = Object.entries(tensors).map(
    ([name, { dims, data }]) => [name, { dims, data: Float64Array.from(data) }] as const,
  );
  const taken = collector.take([sample], new Map(given));
  if (!taken.ok) return taken.error;
  collector.endStack();
  return collector.finish();
}
function numbersOf(output: object, data: readonly number[]) {
  const said = collected(output, { y: { dims: [1, data.length], data } });
  return 'numbers' in said ? said.numbers[0]?.joined.map(({ value }) => value) : said.why;
}

test('softmax goes over each group of classes by itself', () => {
  const classes = { role: 'classes', classes: ['a', 'b', 'c', 'd'], activation: 'softmax', groupOf: 2 };
  const share = sigmoid(1);
  for (const [at, value] of [share, 1 - share, sigmoid(-3), sigmoid(3)].entries())
    expect((numbersOf(classes, [2, 1, 0, 3]) as number[])[at]).toBeCloseTo(value, 12);
});

test('a label has its own calibration where the manifest gives it one', () => {
  const said = numbersOf(
    {
      ...{ role: 'classes', classes: ['a', 'b', 'c'], activation: 'sigmoid' },
      calibration: { kind: 'temperature', temperature: 2 },
      labelCalibrations: {
        b: { kind: 'temperature', temperature: 4 },
        c: {
          kind: 'isotonic',
          knots: [
            [0, 0.25],
            [1, 0.75],
          ],
        },
      },
    },
    [2, 2, 0],
  ) as number[];
  for (const [at, value] of [sigmoid(1), sigmoid(0.5), 0.5].entries()) expect(said[at]).toBeCloseTo(value, 12);
});

test.each([
  [{ how: 'expectation', values: [10, 20, 40], activation: 'none' }, [0.5, 0.25, 0.25], [20]],
  [{ how: 'most-likely', values: [10, 20, 40], activation: 'softmax' }, [1, 3, 2], [20]],
  [{ how: 'ordinal', steps: 3, activation: 'none' }, [1, 0.75, 0.5], [2.25]],
  [{ how: 'expectation', values: [10, 20, 40], activation: 'none' }, [0.5, 0.25, 0.5], 'out-of-range'],
  [{ how: 'ordinal', steps: 3, activation: 'none' }, [1, 2, 0], 'out-of-range'],
  [{ how: 'ordinal', steps: 4, activation: 'none' }, [1, 1, 1], 'shape'],
])('a number is read as %j of %j', (reading, data, expected) => {
  const quantity = { value: '1', scheme: '99TEST', meaning: 'Grade' };
  const output = { role: 'number', label: 'a', quantity, unit: '1', range: { min: 0, max: 99 }, reading };
  expect(numbersOf(output, data)).toEqual(expected);
});

const boxes = {
  ...{ role: 'boxes', format: 'corners', axes: 'yx', unit: 'share', classes: ['a'], minScore: 0.1 },
  score: { from: 'tensor', tensor: 'scores' },
};

test('of boxes with a count only so many are any, and rows beyond may hold anything', () => {
  const rows = [0.1, 0.2, 0.3, 0.4, 9, 9, 9, 9];
  const said = collected(
    {
      ...boxes,
      count: 'count',
      calibration: {
        kind: 'isotonic',
        knots: [
          [0, 0],
          [1, 0.5],
        ],
      },
    },
    { y: { dims: [1, 2, 4], data: rows }, scores: { dims: [1, 2], data: [0.8, 0.9] }, count: { dims: [1], data: [1] } },
  );
  const [found] = 'boxes' in said ? (said.boxes[0]?.boxes ?? []) : [];
  expect(found).toMatchObject({ label: 'a', score: 0.4, from: [0, 1, 4] });
  expect(found?.to.map((edge) => Number(edge.toFixed(9)))).toEqual([1, 3, 8]);
  const wrong = { y: { dims: [1, 2, 4], data: rows }, scores: { dims: [1, 2], data: [0.8, 0.9] } };
  expect(collected({ ...boxes, count: 'count' }, { ...wrong, count: { dims: [1], data: [3] } })).toMatchObject({
    code: 'bad-output',
    tensor: 'count',
  });
});

test('boxes behind a further axis of length 1, each with its score in a column', () => {
  const ssd = { ...boxes, axes: 'xy', firstColumn: 3, score: { from: 'column', column: 2 } };
  const said = collected(ssd, { y: { dims: [1, 1, 1, 7], data: [0, 0, 0.9, 0.25, 0.5, 0.5, 1] } });
  expect('boxes' in said && said.boxes[0]?.boxes).toMatchObject([{ score: 0.9, from: [0, 5, 5], to: [1, 10, 10] }]);
});

test.each([
  ['cells', [5, 2]],
  ['indices', [4.5, 1.5]],
  ['share', [0.25, 0.2]],
  ['signed-share', [-0.5, -0.6]],
])('a point in %s', (unit, data) => {
  const where = { from: 'coordinates', axes: 'xy', unit };
  const said = collected({ role: 'points', where, classes: ['a'] }, { y: { dims: [1, 2], data } });
  const [point] = 'boxes' in said ? (said.boxes[0]?.boxes ?? []) : [];
  expect(point?.from.map((edge) => Number(edge.toFixed(9)))).toEqual([0, 1.5, 4.5]);
  expect(point?.score).toBe(1);
});

test('class numbers that are not 0, 1, 2 stand for their classes, and any other is none', () => {
  const output = { role: 'segmentation', layout: 'HW', reading: 'values', classes: [null, 'a'], classValues: [0, 41] };
  const data = (value: number) => Array.from({ length: 200 }, (_, cell) => (cell === 7 ? value : 0));
  expect(collected(output, { y: { dims: [10, 20], data: data(41) } })).not.toHaveProperty('code');
  expect(collected(output, { y: { dims: [10, 20], data: data(1) } })).toMatchObject({ why: 'out-of-range' });
});

test('what another model said is given as scores, row by row and as a sequence, and nothing where it said none', async () => {
  const values = Float32Array.of(1, 2, 3, 4, 5, 6);
  const file = gzipSync(new Uint8Array(values.buffer));
  const digest = 'a'.repeat(64);
  const fed = await readFedAnswers(
    [
      {
        ...{ id: 'first', runId: RunId.parse(testRunId()), masks: [], scores: [{ label: 'x', score: 0.5 }] },
        features: [{ tensor: 'f', digest, encoding: SEALED, dims: [3, 2] }],
      },
    ],
    { read: async () => file },
  );
  if (!fed.ok) throw new Error(fed.error.code);
  const told = new Map([...fed.value].map(([id, { numbers }]) => [id, numbers]));
  const one = { ...sample, channels: 1, depth: 1, values: new Float32Array(200) };
  const give = (what: object, samples = 1, firstSample = 0) => {
    const input = ModelInput.parse({ tensor: 't', role: 'fed', feed: 'first', what });
    const grid = { shape: [1, 10, 20] as const, spacingMm: [null, null, null] as const, extentsMm: null };
    const source = { grid, facts: NO_FACTS, fed: told, firstSample };
    const feeds = feedInputs(
      [input],
      Array.from({ length: samples }, () => one),
      source,
    );
    if (!feeds.ok) return feeds.error.code;
    const { dims, data } = feeds.value['t'] as TensorData;
    return [dims, [...(data as Float32Array)]];
  };
  const features = (as: string) => ({ from: 'features', tensor: 'f', as });
  expect(give({ from: 'scores', labels: ['x', 'y'], whenMissing: -1 })).toEqual([
    [1, 2],
    [0.5, -1],
  ]);
  expect(give({ from: 'scores', labels: ['x', 'y'] })).toBe('scalar-missing');
  expect(give(features('rows'), 2, 1)).toEqual([
    [2, 2],
    [3, 4, 5, 6],
  ]);
  expect(give(features('rows'), 2, 2)).toBe('input-mismatch');
  expect(give(features('sequence'))).toEqual([[1, 3, 2], [...values]]);
  expect(give(features('all'))).toEqual([[3, 2], [...values]]);
});
