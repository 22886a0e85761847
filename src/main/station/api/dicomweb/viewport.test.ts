import { expect, test } from 'vitest';
import { fitTo, type Viewport } from './viewport.ts';

const whole = (columns: number, rows: number): Viewport => ({
  ...{ columns, rows, left: 0, top: 0, width: null, height: null },
});
const grey = (columns: number, rows: number, bytes: readonly number[]) => ({
  ...{ rows, columns, channels: 1 as const, bytes: Uint8Array.from(bytes) },
});

test('averages down, and goes from pixel to pixel in a straight line up', () => {
  expect(fitTo(grey(4, 2, [0, 100, 20, 40, 100, 200, 60, 80]), whole(2, 1)).bytes).toEqual(Uint8Array.of(100, 50));
  expect(fitTo(grey(2, 1, [0, 100]), whole(4, 8))).toEqual({
    ...{ rows: 2, columns: 4, channels: 1, bytes: Uint8Array.of(0, 25, 75, 100, 0, 25, 75, 100) },
  });
});

test('enlarges to 2,048 pixels a side at most, and what has more not at all', () => {
  const sizes = [
    [512, 256],
    [3000, 10],
  ].map(([columns = 0, rows = 0]) => {
    const image = fitTo(grey(columns, rows, Array(columns * rows).fill(7)), whole(8192, 8192));
    expect(new Set(image.bytes)).toEqual(new Set([7]));
    return [image.columns, image.rows];
  });
  expect(sizes).toEqual([
    [2048, 1024],
    [3000, 10],
  ]);
});
