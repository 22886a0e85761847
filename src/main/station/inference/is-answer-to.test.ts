import { expect, test } from 'vitest';
import { finishedRun } from '../testing/models.ts';
import { isAnswerTo } from './is-answer-to.ts';
import type { Run } from './run-rows.ts';
import type { RunFinished } from './runner-protocol.ts';

const DIGEST = 'a'.repeat(64);
const RESULT = finishedRun({ runId: '1', modelDigest: DIGEST } as Run, 0.5);
const instance = { sopUid: '1.2.3', digest: DIGEST, transferSyntaxUid: '1.2.840.10008.1.2', encoding: 'sealed' };
const REQUEST = {
  modelDigest: DIGEST,
  provider: 'cpu',
  series: { seriesUid: '1.2', instances: [instance] },
} as Parameters<typeof isAnswerTo>[0];
const KEY = { sopUid: '1.2.3', frameNumber: 1, centreMm: null };
const SLICE = { sopUid: '1.2.3', frameNumber: 1, pixels: 1, volumeMl: null };
const OTHER = { ...KEY, sopUid: '1.2.4' };
const MASK = {
  ...{ tensor: 't', label: 'l', digest: DIGEST, sizeBytes: 1, rows: 1, columns: 1, slices: [SLICE] },
  ...{ pixels: 1, volumeMl: null, parts: 1, cells: 1, peak: null, largest: null },
};
const BOX = {
  ...{ tensor: 't', label: 'l', score: 1, key: KEY, frames: [], sizeMm: [null, null, null], diameterMm: null },
  volumeMl: null,
} as unknown as RunFinished['boxes'][number];
const HEATMAP = {
  ...{ tensor: 't', label: 'l', digest: DIGEST, sizeBytes: 1, rows: 1, columns: 1, low: 0, high: 1 },
  frames: [{ sopUid: '1.2.3', frameNumber: 1 }],
};

test('what was asked is answered by a result of that provider about the images that were given', () => {
  expect(isAnswerTo(REQUEST, { ...RESULT, masks: [MASK], boxes: [BOX], heatmaps: [HEATMAP] })).toBe(true);
  expect(isAnswerTo({ ...REQUEST, provider: undefined }, { ...RESULT, provider: 'cuda' })).toBe(true);
});

test.each<[string, Partial<RunFinished>]>([
  ['computed elsewhere', { provider: 'cuda' }],
  ['with a mask on another image', { masks: [{ ...MASK, slices: [SLICE, { ...SLICE, sopUid: '1.2.4' }] }] }],
  [
    'with the largest part on another image',
    {
      masks: [
        { ...MASK, largest: { centreMm: null, volumeMl: null, keySopUid: '1.2.4', keyFrameNumber: 1, longest: null } },
      ],
    },
  ],
  ['with a box on another image', { boxes: [{ ...BOX, key: OTHER }] }],
  ['with a heatmap of another image', { heatmaps: [{ ...HEATMAP, frames: [OTHER] }] }],
  [
    'with a score of another image',
    { outputs: [{ tensor: 't', role: 'probability', label: 'l', value: 1, unit: null, key: OTHER }] },
  ],
])('a result %s is no answer', (_what, change) => {
  expect(isAnswerTo(REQUEST, { ...RESULT, ...change })).toBe(false);
});
