import { expect, test } from 'vitest';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import type { FedRun } from '../runner-protocol.ts';
import { readFedAnswers } from './fed-answers.ts';
import type { SourceFrame } from './prepared-grid.ts';
import { testRunId } from './test-series.ts';

const FRAME = { sopUid: '1.2', frameNumber: 1, rows: 4, columns: 6 } as SourceFrame;
const nothingIsRead: Pick<ObjectReader, 'read'> = { read: () => Promise.reject(new Error('nothing to read')) };

async function answerOf(more: Partial<FedRun>) {
  const fed = { id: 'boxes', runId: testRunId() as FedRun['runId'], scores: [], masks: [], features: [], ...more };
  const read = await readFedAnswers([fed], nothingIsRead);
  if (!read.ok) throw new Error(read.error.code);
  return read.value.get('boxes');
}
const box = (score: number, edges: readonly [number, number, number, number], sopUid = '1.2') => ({
  ...{ label: 'spot', score },
  frames: [{ sopUid, frameNumber: 1, edges: [...edges] as [number, number, number, number] }],
});

test('the pixels of a box are those whose middles lie in it, of the best box or of all, and on its own frame', async () => {
  const boxes = [box(0.6, [4.5, 0, 9, 1]), box(0.9, [0.6, 1, 3.4, 3]), box(0.8, [0, 0, 6, 4], '1.3')];
  const answer = await answerOf({ boxes, isOfSameSeries: true });
  const set = (which: 'boxes' | 'best-box') =>
    [...(answer?.boxesOf('spot', FRAME, which) ?? [])].flatMap((value, pixel) => (value === 1 ? [pixel] : []));
  // Columns 1 and 2 of rows 1 and 2; the other reaches beyond the image.
  expect(set('best-box')).toEqual([7, 8, 13, 14]);
  expect(set('boxes')).toEqual([4, 5, 7, 8, 13, 14]);
  expect(answer?.boxesOf('other', FRAME, 'boxes')?.every((value) => value === 0)).toBe(true);
});

test('a box between the middles of pixels sets the one that it lies in: it was found', async () => {
  const answer = await answerOf({ boxes: [box(0.9, [2.6, 1.7, 3.2, 2.1])], isOfSameSeries: true });
  const set = [...(answer?.boxesOf('spot', FRAME, 'boxes') ?? [])].flatMap((value, pixel) =>
    value === 1 ? [pixel] : [],
  );
  expect(set).toEqual([6 + 2]);
});

test.each<[string, Partial<FedRun>]>([
  ['read another series', { boxes: [], isOfSameSeries: false }],
  ['was run before boxes were kept', {}],
])('of a model that %s nothing is told, not even that it found nothing', async (_what, more) => {
  expect((await answerOf(more))?.boxesOf('spot', FRAME, 'boxes')).toBeNull();
});
