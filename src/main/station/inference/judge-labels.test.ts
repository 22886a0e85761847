import { expect, test } from 'vitest';
import { ModelOutput } from '../../../shared/domain/model-outputs.ts';
import { basisOf, judgeLabels } from './judge-labels.ts';
import type { RunMask } from './run-answer.ts';
import type { RunFinished } from './runner-protocol.ts';

type Answer = Pick<RunFinished, 'outputs' | 'boxLabels' | 'masks'>;
const mask = (more: Partial<RunMask>) => ({ label: 'a', volumeMl: 1, cells: 10, peak: 0.5, ...more }) as RunMask;
const output = (role: 'probability' | 'measurement', value: number) =>
  ({ tensor: role, role, label: 'a', value, unit: null, key: null }) as const;
const ANSWER: Answer = {
  outputs: [output('probability', 0.4), output('measurement', 31)],
  boxLabels: [{ label: 'a', count: 3, best: 0.8 }],
  masks: [mask({}), mask({ volumeMl: 2.5, cells: 7, peak: 0.9 }), mask({ label: 'b', volumeMl: 99 })],
};
const OUTPUTS = [
  ModelOutput.parse({
    ...{ tensor: 'n', role: 'number', label: 'a', unit: 'a', range: { min: 0, max: 99 } },
    quantity: { value: '1', scheme: 'SCT', meaning: 'Age' },
  }),
];
const NOTHING: Answer = { outputs: [], boxLabels: [], masks: [] };
const at = (flagFrom: number | null) => ({ a: flagFrom });

test.each([
  ['probability', 0.4, null],
  ['number', 31, null],
  ['best-box', 0.8, null],
  ['boxes', 3, 0],
  ['volume-ml', 3.5, 0],
  ['cells', 17, 0],
  ['peak', 0.9, null],
] as const)('scores a label by its %s', (score, expected, ofNothing) => {
  expect(judgeLabels([{ id: 'a', score, flagWhen: 'at-least' }], ANSWER, at(0))).toMatchObject([
    { score: expected, state: 'flagged' },
  ]);
  expect(judgeLabels([{ id: 'a', score, flagWhen: 'at-least' }], NOTHING, at(1))).toMatchObject([
    { score: ofNothing, state: 'not-flagged' },
  ]);
});

test('tells flagged, uncertain and not flagged apart, each from its threshold on', () => {
  const state = (flagFrom: number | null, uncertainFrom: number | null) =>
    judgeLabels(
      [{ id: 'a', score: 'probability', flagWhen: 'at-least', ...(uncertainFrom !== null && { uncertainFrom }) }],
      ANSWER,
      at(flagFrom),
    )[0]?.state;
  expect([state(0.4, 0.2), state(0.5, 0.4), state(0.5, 0.45), state(0.5, null), state(null, null)]).toEqual([
    'flagged',
    'uncertain',
    'not-flagged',
    'not-flagged',
    'not-flagged',
  ]);
});

test('where small is bad a score is flagged at its threshold and below, and uncertain above that', () => {
  const state = (value: number, flagFrom: number | null = -2.5) =>
    judgeLabels(
      [{ id: 'a', score: 'number', flagWhen: 'at-most', uncertainFrom: -1 }],
      { ...NOTHING, outputs: [output('measurement', value)] },
      at(flagFrom),
    )[0]?.state;
  expect([-3, -2.5, -2.4, -1, -0.9].map((value) => state(value))).toEqual([
    ...['flagged', 'flagged', 'uncertain', 'uncertain', 'not-flagged'],
  ]);
  expect(state(-2.4, -2)).toBe('flagged');
  expect(state(-9, null)).toBe('uncertain');
});

test('where small is bad the lowest of several stacks counts, and a volume of nothing is small', () => {
  const low = { id: 'a', flagWhen: 'at-most' } as const;
  const two = { ...NOTHING, outputs: [output('measurement', 60), output('measurement', 34)] };
  expect(judgeLabels([{ ...low, score: 'number' }], two, at(40))).toMatchObject([{ state: 'flagged', score: 34 }]);
  expect(judgeLabels([{ ...low, score: 'volume-ml' }], NOTHING, at(2))).toMatchObject([{ state: 'flagged', score: 0 }]);
});

test('a volume that nobody could measure flags nothing', () => {
  const answer = { ...ANSWER, masks: [mask({}), mask({ volumeMl: null })] };
  expect(judgeLabels([{ id: 'a', score: 'volume-ml', flagWhen: 'at-least' }], answer, at(0))).toMatchObject([
    { score: null, state: 'not-flagged' },
  ]);
});

test('a verdict’s basis says what its score is and how many stacks it was put together from', () => {
  const of = (score: Parameters<typeof basisOf>[0]['score'], stacks = 1) =>
    basisOf({ id: 'a', score, flagWhen: 'at-least' }, OUTPUTS, {
      masks: ANSWER.masks.map((one) => ({ ...one, pixels: 3 })),
      geometry: { stacks },
    });
  expect(of('volume-ml')).toMatchObject({ score: 'volume-ml', unit: 'mL', stacks: 2 });
  expect(of('peak')).toMatchObject({ score: 'peak', unit: null, stacks: 2 });
  expect(of('number', 3)).toMatchObject({ score: 'number', unit: 'a', stacks: 3 });
  expect(of('best-box')).toEqual({ score: 'best-box', unit: null, stacks: 1, flagWhen: 'at-least' });
});
