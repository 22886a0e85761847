import { expect, test } from 'vitest';
import type { UserId } from '../../../../../shared/domain/ids.ts';
import type { Stack, StackImage } from '../../../viewport/stack.ts';
import { type Mark, neighbourMark, placeMarks } from './placed-marks.ts';

const stack = (seriesUid: string, ...sopUids: readonly string[]): [string, Stack] => [
  seriesUid,
  { seriesUid, modality: 'CT', images: sopUids.map((sopUid) => ({ sopUid, frame: 1 }) as StackImage) },
];
const mark = (seriesUid: string | null, sopUid: string, setAside: Mark['setAside'] = null): Mark => ({
  ...{ seriesUid, sopUid, frameNumber: 1, markedAtMs: 1, setAside },
  markedBy: { userId: 'u' as UserId, name: 'U' },
});
const SERIES = ['first', 'second', 'third'];
const STACKS = new Map([stack('first', 'a', 'b', 'c'), stack('second', 'd', 'e')]);
const MARKS = [mark('second', 'e'), mark('third', 'f'), mark('first', 'c'), mark('first', 'a')];

test('marks stand in the order of series and images; what was set aside or is of a series not here does not', () => {
  const all = [...MARKS, mark(null, 'g', 'other-patient'), mark(null, 'h', 'not-here'), mark('elsewhere', 'i')];
  expect(placeMarks(all, SERIES, STACKS).map(({ sopUid, index }) => [sopUid, index])).toEqual([
    ['a', 0],
    ['c', 2],
    ['e', 1],
    ['f', null],
  ]);
});

test.each([
  ['first', 1, 1, 'c'],
  ['first', 2, 1, 'e'],
  ['second', 1, 1, null],
  ['first', 1, -1, 'a'],
  ['second', 0, -1, 'c'],
  ['first', 0, -1, null],
  ['elsewhere', 0, 1, null],
] as const)('from image %s %i the next key image by %i is %s', (seriesUid, index, step, found) => {
  const placed = placeMarks(MARKS, SERIES, STACKS);
  expect(neighbourMark(placed, SERIES, { seriesUid, index }, step)?.sopUid ?? null).toBe(found);
});
