import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { changeValues } from './change-values.ts';
import { equalisePlane } from './clahe.ts';

const [ROWS, COLUMNS] = [37, 50];
/** A texture without flat parts, in 8 bits. */
const TEXTURE = Float32Array.from({ length: ROWS * COLUMNS }, (_, at) => {
  const [row, column] = [Math.floor(at / COLUMNS), at % COLUMNS];
  return (row * row * 3 + column * 7 + ((row * column) % 31) * 5) % 256;
});

// Sums and SHA-256 of the bytes that cv2.createCLAHE(clipLimit, (columns, rows)).apply of OpenCV 5.0.0 gives.
test.each([
  [[4, 5], 40, 236_942, '831cb523b34b02eae5a14f8d96b7d16165e88469512ff6b07e192d0a1209804c'],
  [[3, 3], 0.5, 245_606, '11dfacc2fff11776af660e6f372e0f29ec279a41c1a604aa7800e4af8bd9eb25'],
] as const)('tiles of %j cut at %d: every pixel as OpenCV has it', (tiles, clipLimit, sum, digest) => {
  const plane = Float32Array.from(TEXTURE);
  equalisePlane(plane, [ROWS, COLUMNS], { tiles, clipLimit });
  expect(plane.reduce((total, value) => total + value, 0)).toBe(sum);
  expect(createHash('sha256').update(Uint8Array.from(plane)).digest('hex')).toBe(digest);
});

// Its processor multiplies and adds in one rounding: where that falls on a half, a pixel differs by 1.
test('tiles of 8 by 8 cut at 2: but for halves as OpenCV has it', () => {
  const plane = Float32Array.from(TEXTURE);
  equalisePlane(plane, [ROWS, COLUMNS], { tiles: [8, 8], clipLimit: 2 });
  expect(Math.abs(plane.reduce((total, value) => total + value, 0) - 247_755)).toBeLessThanOrEqual(5);
});

// What skimage.exposure.equalize_hist of scikit-image gives of the same numbers.
test('histogram equalisation is scikit-image’s', () => {
  const few = Float32Array.of(0, 1, 1, 2, 3, 3, 3, 10);
  changeValues({ do: 'equalise', bins: 5, over: 'grid' }, [few]);
  expect([...few]).toEqual([0.375, 0.375, 0.375, 0.625, 0.875, 0.875, 0.875, 1]);
  const many = TEXTURE.map((value) => value * 1.7 - 40);
  changeValues({ do: 'equalise', bins: 64, over: 'grid' }, [many]);
  expect(many[0]).toBeCloseTo(0.015675675675675675, 6);
  expect(many[18 * COLUMNS + 21]).toBeCloseTo(0.5267779544250133, 5);
  expect(many.reduce((sum, value) => sum + value, 0)).toBeCloseTo(939.5799978802331, 1);
});

test.each([
  [{ do: 'invert', over: 'grid' }, [1, 2, 5], [5, 4, 1]],
  [{ do: 'power', exponent: 2 }, [-1, 2, 3], [0, 4, 9]],
  [{ do: 'log', add: 1 }, [-3, 0, Math.E - 1], [0, 0, 1]],
  [{ do: 'z-score', over: 'grid', above: 0, elsewhere: -9 }, [0, 2, 4], [-9, -1, 1]],
  [{ do: 'percentile-range', low: 0, high: 50, over: 'grid', above: 0, scaled: false }, [0, 1, 3, 9], [1, 1, 3, 3]],
  [{ do: 'percentile-range', low: 0, high: 50, over: 'grid', above: 9, scaled: false }, [0, 9], [0, 9]],
] as const)('%j of %j', (step, given, expected) => {
  const values = Float32Array.from(given);
  changeValues(step, [values]);
  expect([...values].map((value) => Number(value.toFixed(6)))).toEqual(expected);
});
