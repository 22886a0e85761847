import { expect, test } from 'vitest';
import { judgeLabels, thresholdsFor } from './judge-labels.ts';
import type { RunFinished, RunMask } from './runner-protocol.ts';

type Answer = Pick<RunFinished, 'outputs' | 'boxLabels' | 'masks'>;
const mask = (more: Partial<RunMask>) => ({ label: 'a', volumeMl: 1, cells: 10, peak: 0.5, ...more }) as RunMask;
const output = (role: 'probability' | 'measurement', value: number) =>
  ({ tensor: role, role, label: 'a', value, unit: null, key: null }) as const;
const ANSWER: Answer = {
  outputs: [output('probability', 0.4), output('measurement', 31)],
  boxLabels: [{ label: 'a', count: 3, best: 0.8 }],
  masks: [mask({}), mask({ volumeMl: 2.5, cells: 7, peak: 0.9 }), mask({ label: 'b', volumeMl: 99 })],
};
const NOTHING: Answer = { outputs: [], boxLabels: [], masks: [] };
const at = (flagFrom: number | null, uncertainFrom: number | null = null) =>
  new Map([['a', { flagFrom, uncertainFrom }]]);

test.each([
  ['probability', 0.4, null],
  ['number', 31, null],
  ['best-box', 0.8, null],
  ['boxes', 3, 0],
  ['volume-ml', 3.5, 0],
  ['cells', 17, 0],
  ['peak', 0.9, null],
] as const)('scores a label by its %s', (score, expected, ofNothing) => {
  expect(judgeLabels([{ id: 'a', score }], ANSWER, at(0))).toMatchObject([{ score: expected, state: 'flagged' }]);
  expect(judgeLabels([{ id: 'a', score }], NOTHING, at(1))).toMatchObject([{ score: ofNothing, state: 'not-flagged' }]);
});

test('tells flagged, uncertain and not flagged apart, each from its threshold on', () => {
  const state = (flagFrom: number | null, uncertainFrom: number | null) =>
    judgeLabels([{ id: 'a', score: 'probability' }], ANSWER, at(flagFrom, uncertainFrom))[0]?.state;
  expect([state(0.4, 0.2), state(0.5, 0.4), state(0.5, 0.45), state(0.5, null), state(null, null)]).toEqual([
    'flagged',
    'uncertain',
    'not-flagged',
    'not-flagged',
    'not-flagged',
  ]);
});

test('a volume that nobody could measure flags nothing', () => {
  const answer = { ...ANSWER, masks: [mask({}), mask({ volumeMl: null })] };
  expect(judgeLabels([{ id: 'a', score: 'volume-ml' }], answer, at(0))).toMatchObject([
    { score: null, state: 'not-flagged' },
  ]);
});

test('an operating point replaces what it names and leaves the rest', () => {
  const label = (id: string, more: object) =>
    ({
      ...{ id, name: id, concept: { value: '1', scheme: 'X', meaning: id }, anatomy: null, acrCategory: 3 },
      ...{ score: 'probability', flagFrom: 0.5 },
      ...more,
    }) as Parameters<typeof thresholdsFor>[0]['labels'][number];
  const model = {
    labels: [label('a', { uncertainFrom: 0.3 }), label('b', {}), label('c', {})],
    operatingPoints: [{ id: 'low', name: 'Low', flagFrom: { a: 0.4, b: null }, uncertainFrom: { c: 0.1 } }],
  };
  expect([...thresholdsFor(model, null).values()]).toEqual([
    { flagFrom: 0.5, uncertainFrom: 0.3 },
    { flagFrom: 0.5, uncertainFrom: null },
    { flagFrom: 0.5, uncertainFrom: null },
  ]);
  expect([...thresholdsFor(model, 'low').values()]).toEqual([
    { flagFrom: 0.4, uncertainFrom: 0.3 },
    { flagFrom: null, uncertainFrom: null },
    { flagFrom: 0.5, uncertainFrom: 0.1 },
  ]);
  expect(() => thresholdsFor(model, 'gone')).toThrow('no such operating point');
});
