import { expect, test } from 'vitest';
import { countGaps } from './gaps.ts';

const AXIAL = [1, 0, 0, 0, 1, 0];
const thick = (positions: readonly number[], sliceThicknessMm: number) =>
  positions.map((z) => ({ position: [0, 0, z], orientation: AXIAL, sliceThicknessMm }));
const mixed = (thin: readonly number[], wide: readonly number[]) => [...thick(thin, 4), ...thick(wide, 7)];
const volume = (positions: readonly number[]) => positions.map((z) => ({ position: [0, 0, z], orientation: AXIAL }));

test.each([
  ['an even volume', volume([0, 5, 10, 15, 20, 25]), 0],
  ['an even volume in any order', volume([25, 0, 15, 5, 20, 10]), 0],
  ['one slice missing', volume([0, 5, 10, 20, 25, 30]), 1],
  ['two places missing', volume([0, 5, 15, 20, 25, 40, 45, 50]), 2],
  ['thin then thick slices, as posterior fossa protocols have', volume([0, 2, 4, 6, 8, 10, 15, 20]), 2],
  ['thin then thick slices that say how thick they are', mixed([0, 4, 8, 12, 16], [21.5, 28.5, 35.5, 42.5]), 0],
  ['a thick one missing among those', mixed([0, 4, 8, 12, 16], [21.5, 28.5, 42.5, 49.5]), 1],
  ['a thin one missing among those', mixed([0, 4, 12, 16, 20], [25.5, 32.5, 39.5, 46.5]), 1],
  ['a thin one missing where the thickness changes', mixed([0, 4, 8, 12], [21.5, 28.5, 35.5, 42.5]), 1],
  ['too few slices to tell', volume([0, 5, 10]), null],
  ['no geometry', [...volume([0, 5, 10, 15, 20]), { position: null, orientation: AXIAL }], null],
  [
    'a localizer among them',
    [...volume([0, 5, 10, 15, 20]), { position: [0, 0, 0], orientation: [0, 1, 0, 0, 0, -1] }],
    null,
  ],
])('%s', (_name, slices, expected) => {
  expect(countGaps(slices)).toBe(expected);
});

test('measures along the normal of a tilted volume', () => {
  const tilt = Math.PI / 9;
  const orientation = [1, 0, 0, 0, Math.cos(tilt), Math.sin(tilt)];
  const slices = [0, 1, 2, 3, 4, 5].map((n) => ({ position: [0, 0, n * 5], orientation }));
  expect(countGaps(slices)).toBe(0);
});
