import { describe, expect, test } from 'vitest';
import { ModelOutput } from '../../../../shared/domain/model-outputs.ts';
import { toProbabilities } from './activate.ts';
import { aggregate, collectClasses, collectNumber, type GridExtent } from './collect-numbers.ts';
import type { NumberTensor } from './read-tensor.ts';

const slice = (at: number): GridExtent => ({ origin: [at, 0, 0], size: [1, 8, 8], stack: 0 });
const tensor = (dims: readonly number[], values: readonly number[]): NumberTensor => ({
  dims,
  data: Float32Array.from(values),
});
type ClassesOutput = Extract<ModelOutput, { role: 'classes' }>;
type NumberOutput = Extract<ModelOutput, { role: 'number' }>;
const classes = (more: object) =>
  ModelOutput.parse({ tensor: 'p', role: 'classes', classes: ['a', null, 'b'], ...more }) as ClassesOutput;
const values = (from: ReturnType<typeof collectClasses>) =>
  Object.fromEntries(from.finish().map(({ label, value }) => [label, Number(value.toFixed(6))]));

describe('classes', () => {
  test('softmax over all classes, the background among them, and the highest of the samples', () => {
    const collector = collectClasses(classes({ activation: 'softmax' }));
    const logits = [Math.log(0.2), Math.log(0.7), Math.log(0.1)];
    expect(collector.take([slice(0)], tensor([1, 3], logits)).ok).toBe(true);
    expect(collector.take([slice(1), slice(2)], tensor([2, 3], [...logits.toReversed(), ...logits])).ok).toBe(true);
    expect(values(collector)).toEqual({ a: 0.2, b: 0.2 });
    const [a] = collector.finish();
    expect([...(a?.scores ?? [])].map((score) => Number(score.toFixed(6)))).toEqual([0.2, 0.1, 0.2]);
    expect(a?.places.map(({ origin }) => origin[0])).toEqual([0, 1, 2]);
  });

  test('classes of one label count together: added under softmax, else the highest', () => {
    const soft = collectClasses(classes({ classes: ['a', null, 'a'], activation: 'softmax' }));
    soft.take([slice(0)], tensor([3], [Math.log(0.2), Math.log(0.7), Math.log(0.1)]));
    expect(values(soft)).toEqual({ a: 0.3 });
    const plain = collectClasses(classes({ classes: ['a', null, 'a'] }));
    plain.take([slice(0)], tensor([1, 3, 1, 1], [0.2, 0.9, 0.4]));
    expect(values(plain)).toEqual({ a: 0.4 });
  });

  test('a score for every slice of a volume is one of each, in order', () => {
    const collector = collectClasses(
      classes({ classes: ['a', 'b'], per: 'slice', aggregate: { how: 'top-mean', share: 0.5 } }),
    );
    const volume: GridExtent = { origin: [0, 0, 0], size: [4, 8, 8], stack: 0 };
    expect(collector.take([volume], tensor([4, 2], [0.1, 0.9, 0.3, 0.8, 0.5, 0.2, 0.7, 0.1])).ok).toBe(true);
    expect(values(collector)).toEqual({ a: 0.6, b: 0.85 });
    expect(collector.finish()[0]?.places.map(({ origin, size }) => [origin[0], size[0]])).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
  });

  test.each([
    ['too few', tensor([1, 2], [0.1, 0.2]), 'shape'],
    ['another batch', tensor([2, 3], [0, 0, 0, 0, 0, 0]), 'shape'],
    ['classes before samples', tensor([3, 1, 2], [0, 0, 0, 0, 0, 0]), 'shape'],
    ['a probability above one', tensor([1, 3], [0.1, 1.01, 0]), 'out-of-range'],
    ['a probability below none', tensor([1, 3], [0.1, -0.01, 0]), 'out-of-range'],
  ])('refuses %s', (_, given, why) => {
    const taken = collectClasses(classes({})).take([slice(0)], given);
    expect(taken).toEqual({ ok: false, error: { code: 'bad-output', tensor: 'p', why } });
  });

  test('lets the rounding of single floats pass, and no more', () => {
    const collector = collectClasses(classes({ classes: ['a'] }));
    expect(collector.take([slice(0)], tensor([1], [1.000001])).ok).toBe(true);
    expect(values(collector)).toEqual({ a: 1 });
  });
});

describe('calibration', () => {
  const one = (...args: Parameters<typeof toProbabilities>) =>
    [...toProbabilities(...args)].map((p) => Number(p.toFixed(6)));
  const sigmoid = (x: number) => Number((1 / (1 + Math.exp(-x))).toFixed(6));

  test('a temperature divides the logits before the activation', () => {
    expect(one(Float64Array.of(3), 'sigmoid', { kind: 'temperature', temperature: 1.5 })).toEqual([sigmoid(2)]);
    expect(one(Float64Array.of(2, 0), 'softmax', { kind: 'temperature', temperature: 2 })).toEqual([
      sigmoid(1),
      sigmoid(-1),
    ]);
    expect(one(Float64Array.of(1 / (1 + Math.exp(-3))), 'none', { kind: 'temperature', temperature: 1.5 })).toEqual([
      sigmoid(2),
    ]);
  });

  test('Platt scales the logit, of a probability as of a raw number', () => {
    const platt = { kind: 'platt', slope: 0.5, intercept: -1 } as const;
    expect(one(Float64Array.of(4), 'sigmoid', platt)).toEqual([sigmoid(1)]);
    expect(one(Float64Array.of(1 / (1 + Math.exp(-4))), 'none', platt)).toEqual([sigmoid(1)]);
    expect(one(Float64Array.of(4, 0), 'softmax', platt)).toEqual([sigmoid(1), sigmoid(-3)]);
    expect(one(Float64Array.of(0, 1), 'none', { ...platt, slope: 1 })).toEqual([0, 1]);
  });

  test('knots are joined by lines and held at both ends', () => {
    const isotonic = {
      kind: 'isotonic',
      knots: [
        [-2, 0.1],
        [0, 0.1],
        [4, 0.9],
      ],
    } as { kind: 'isotonic'; knots: [number, number][] };
    expect(one(Float64Array.of(-9, -1, 0, 1, 2, 4, 9), 'none', isotonic)).toEqual([0.1, 0.1, 0.1, 0.3, 0.5, 0.9, 0.9]);
  });
});

describe('numbers', () => {
  const number = (more: object) =>
    ModelOutput.parse({
      ...{ tensor: 'n', role: 'number', label: 'age', index: 1, multiply: 12, add: 1, unit: 'mo' },
      quantity: { value: '1', scheme: '99X', meaning: 'Bone age' },
      range: { min: 0, max: 240 },
      ...more,
    }) as NumberOutput;

  test('takes the number at its index, in its unit, and joins samples', () => {
    const collector = collectNumber(number({ aggregate: { how: 'mean' } }));
    expect(collector.take([slice(0), slice(1)], tensor([2, 2], [9, 2, 9, 4])).ok).toBe(true);
    expect(collector.finish()).toMatchObject([{ label: 'age', value: 37, scores: Float64Array.of(25, 49) }]);
  });

  test.each([
    ['above its range', tensor([1, 2], [0, 20]), 'out-of-range'],
    ['below its range', tensor([2], [0, -1]), 'out-of-range'],
    ['not there', tensor([1], [3]), 'shape'],
    ['of another batch', tensor([3, 2], [1, 1, 1, 1, 1, 1]), 'shape'],
  ])('refuses a number %s', (_, given, why) => {
    const samples = given.dims.length > 1 && given.dims[0] === 3 ? [slice(0), slice(1)] : [slice(0)];
    expect(collectNumber(number({})).take(samples, given)).toEqual({
      ok: false,
      error: { code: 'bad-output', tensor: 'n', why },
    });
  });
});

test('aggregates as named; of no sample nothing stands out', () => {
  const scores = [0.2, 0.9, 0.4, 0.5];
  const by = [
    { how: 'max' },
    { how: 'any' },
    { how: 'mean' },
    { how: 'top-mean', share: 0.5 },
    { how: 'top-mean', share: 0.01 },
  ] as const;
  expect(by.map((how) => aggregate(scores, how))).toEqual([0.9, 0.9, 0.5, 0.7, 0.9]);
  expect(by.map((how) => aggregate([], how))).toEqual([0, 0, 0, 0, 0]);
});
