import { expect, test } from 'vitest';
import type { DicomJson } from '../dicom-json.ts';
import { frameMaskOf, isMeantSubtracted, maskOfFrame } from './frame-mask.ts';

const of = (...Value: readonly unknown[]) => ({ Value: [...Value] });
const masks = (...items: readonly DicomJson[]): DicomJson => ({ '00286100': of(...items) });
const FRAMES = 12;
const framesOf = (dataSet: DicomJson, frames: readonly number[]) =>
  frames.map((frame) => frameMaskOf(dataSet, frame, FRAMES)?.maskFrames ?? null);

test('an average is of the frames it names, in its range alone; later operations are for what earlier ones leave', () => {
  const said = masks(
    { '00286101': of('AVG_SUB'), '00286102': of(3, 5, 9, 10), '00286110': of(1, 2), '00286114': of(0.5, -2) },
    { '00286101': of('AVG_SUB'), '00286102': of(6, 8), '00286110': of(3), '00286112': of(2) },
  );
  expect(framesOf(said, [2, 3, 5, 6, 8, 9, 11])).toEqual([null, [1, 2], [1, 2], [3], [3], [1, 2], null]);
  expect(frameMaskOf(said, 4, FRAMES)).toEqual({
    ...{ maskFrames: [1, 2], averaged: 1, shift: [0.5, -2], share: 1, isOfLogarithms: false },
  });
  expect(frameMaskOf(said, 7, FRAMES)?.averaged).toBe(2);
});

test('differences over time are to the frame so far before, or after; reversed, the mask runs back while the frames run on', () => {
  const tid = (offset: readonly number[], rest: DicomJson = {}) =>
    masks({ '00286101': of('TID'), '00286120': of(...offset), ...rest });
  expect(framesOf(tid([]), [1, 2, 12])).toEqual([null, [1], [11]]);
  expect(framesOf(tid([-3]), [1, 9, 10])).toEqual([[4], [12], null]);
  const reversed = { '00286101': of('REV_TID'), '00286120': of(2), '00286102': of(6, 9) };
  expect(framesOf(masks(reversed), [5, 6, 7, 8, 9])).toEqual([null, [4], [3], [2], [1]]);
  expect(framesOf(masks({ '00286101': of('REV_TID') }), [4])).toEqual([null]);
});

test('nothing is subtracted by frames that are not there, by no operation, or beyond the last whole average', () => {
  expect([
    ...framesOf(masks({ '00286101': of('AVG_SUB'), '00286110': of(13) }), [2]),
    ...framesOf(masks({ '00286101': of('AVG_SUB'), '00286110': of(0) }), [2]),
    ...framesOf(masks({ '00286101': of('AVG_SUB') }), [2]),
    ...framesOf(masks({ '00286101': of('NONE') }), [2]),
    ...framesOf(masks({ '00286101': of('toString') }), [2]),
    ...framesOf({}, [2]),
    ...framesOf(masks({ '00286101': of('AVG_SUB'), '00286110': of(1), '00286112': of(3) }), [10, 11]),
  ]).toEqual([null, null, null, null, null, null, [1], null]);
});

test('a mean of more frames than any maker takes is none, and a mask that moves along says so', () => {
  const average = (count: number, contrast: number) =>
    masks({ '00286101': of('AVG_SUB'), '00286110': of(...Array(count).fill(1)), '00286112': of(contrast) });
  expect(
    [average(32, 1), average(33, 1), average(1, 32), average(1, 33)].map((one) => frameMaskOf(one, 2, 90) !== null),
  ).toEqual([true, false, true, false]);
  expect(frameMaskOf(masks({ '00286101': of('TID') }), 2, FRAMES)?.movesAlong).toBe(true);
});

test('a frame’s own shift counts where the operation has none and it is of that operation; part of a mask may stay', () => {
  const said = (id: number) => ({
    ...masks({ '00286101': of('AVG_SUB'), '00286110': of(1), '00289416': of(1) }),
    ...{ '00289416': of(id), '00286114': of(1.5, 2), '00289478': of(25) },
  });
  expect([frameMaskOf(said(1), 3, FRAMES)?.shift, frameMaskOf(said(2), 3, FRAMES)?.shift]).toEqual([
    [1.5, 2],
    [0, 0],
  ]);
  expect(frameMaskOf(said(1), 3, FRAMES)?.share).toBe(0.75);
});

test('is of logarithms where values are in proportion to the X-rays and no table makes logarithms of them', () => {
  const linear = { '00281040': of('LIN') };
  expect([
    maskOfFrame(linear, 1).isOfLogarithms,
    maskOfFrame({ ...linear, '00283000': of({}) }, 1).isOfLogarithms,
    maskOfFrame({ '00281040': of('LOG') }, 1).isOfLogarithms,
  ]).toEqual([true, false, false]);
});

test('is meant to be looked at subtracted where its maker says so and names a mask', () => {
  const mask = masks({ '00286101': of('AVG_SUB'), '00286110': of(1) });
  expect([
    isMeantSubtracted({ ...mask, '00281090': of('SUB') }),
    isMeantSubtracted({ ...mask, '00281090': of('NAT') }),
    isMeantSubtracted({ '00281090': of('SUB') }),
  ]).toEqual([true, false, false]);
});
