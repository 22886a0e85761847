import { expect, test, vi } from 'vitest';
import { maskOfFrame } from './frame-mask.ts';
import { lessMask } from './less-mask.ts';
import { subtractedRange, subtractedValues } from './subtracted-values.ts';

const SIZE = { rows: 3, columns: 4 };
const MASK = maskOfFrame({}, 1);
/** A frame whose values are its number and where they stand: 100 a frame, 10 a row, 1 a column. */
const frameNumbered = (number: number) =>
  Float32Array.from({ length: 12 }, (_, index) => 100 * number + 10 * Math.floor(index / 4) + (index % 4));
type Load = Parameters<typeof lessMask>[4];
const numberIn = (imageId: string) => Number(/frames\/(\d+)$/.exec(imageId)?.[1]);

test('a frame less the mean of its mask, both averaged as is said; each other frame is asked for once', async () => {
  const load = vi.fn<Load>((imageId) => Promise.resolve(frameNumbered(numberIn(imageId))));
  const of = (frame: number, mask = MASK) =>
    lessMask(`wadors:/a/instances/1/frames/${frame}#less`, frameNumbered(frame), mask, SIZE, load);
  expect([...(await of(5)).values]).toEqual(Array.from({ length: 12 }, () => 400));
  expect([...(await of(6, { ...MASK, maskFrames: [1, 2], averaged: 3 })).values]).toEqual(
    Array.from({ length: 12 }, () => 550),
  );
  expect([...(await of(7, { ...MASK, share: 0.5 })).values].slice(0, 2)).toEqual([650, 650.5]);
  expect(load.mock.calls.map(([imageId]) => numberIn(imageId)).toSorted((a, b) => a - b)).toEqual([1, 2, 7, 8]);
});

test('what could not be had is asked for again', async () => {
  const load = vi.fn<Load>(() => Promise.reject(new Error('gone')));
  const asked = () => lessMask('wadors:/b/instances/1/frames/2', frameNumbered(2), MASK, SIZE, load);
  await expect(asked()).rejects.toThrow('gone');
  await expect(asked()).rejects.toThrow('gone');
  expect(load).toHaveBeenCalledTimes(2);
});

test('where values are in proportion to the X-rays, twice the X-rays are the same difference everywhere', async () => {
  const load = () => Promise.resolve(frameNumbered(1));
  const doubled = frameNumbered(1).map((value) => 2 * value);
  const { values } = await lessMask(
    'wadors:/c/instances/1/frames/2',
    doubled,
    { ...MASK, isOfLogarithms: true },
    SIZE,
    load,
  );
  for (const value of values) expect(value).toBeCloseTo(10_000 * Math.log(2), 0);
});

test('all frames of an object are looked at in the window of the first in which anything is left', async () => {
  const load = () => Promise.resolve(frameNumbered(1));
  const of = (frame: number, values: Float32Array) =>
    lessMask(`wadors:/d/instances/1/frames/${frame}#less-1`, values, MASK, SIZE, load);
  expect((await of(1, frameNumbered(1))).window).toBeNull();
  const { window } = await of(
    4,
    frameNumbered(1).map((value, index) => value + 5 * index),
  );
  expect(window).toEqual({ centre: 13.75, width: 82.5, shape: 'LINEAR_EXACT' });
  expect((await of(5, frameNumbered(9))).window).toEqual(window);
});

test('a mask that moves along, and so is another for each frame, makes no other window for each', async () => {
  const load = (imageId: string) => Promise.resolve(frameNumbered(numberIn(imageId)));
  const of = (frame: number, values: Float32Array) => {
    const mask = { ...MASK, maskFrames: [frame - 1], movesAlong: true } as const;
    return lessMask(`wadors:/e/instances/1/frames/${frame}#less-${frame - 1}`, values, mask, SIZE, load);
  };
  const { window } = await of(2, frameNumbered(5));
  expect(window).not.toBeNull();
  expect((await of(3, frameNumbered(9))).window).toEqual(window);
});

test('a mask is moved down by rows and to the left by columns, parts of a pixel mixed', () => {
  const mask = Float32Array.from({ length: 12 }, (_, index) => (index === 6 ? 8 : 0));
  const at = (shift: readonly [number, number]) => {
    const less = subtractedValues(new Float32Array(12), mask, SIZE, { shift, share: 1 });
    return [...less].flatMap((value, index) => (Math.abs(value) < 1e-6 ? [] : [[index, value]]));
  };
  expect(at([0, 0])).toEqual([[6, -8]]);
  expect(at([1, 1])).toEqual([[9, -8]]);
  expect(at([0, 0.25])).toEqual([
    [5, -2],
    [6, -6],
  ]);
});

test('the range leaves out the few that stand furthest out, and what did not change is neither black nor white in it', () => {
  const values = Float32Array.from({ length: 1000 }, (_, index) => index % 100);
  values[0] = -1e6;
  values[999] = 1e6;
  expect(subtractedRange(values)).toEqual({ least: -49.5, greatest: 99 });
  expect(subtractedRange(values.map((value) => -value))).toEqual({ least: -99, greatest: 49.5 });
  expect(subtractedRange(new Float32Array(50))).toBeNull();
});
