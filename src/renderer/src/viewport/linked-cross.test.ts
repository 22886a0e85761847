import { expect, test } from 'vitest';
import { crossAt } from './LinkedCross.tsx';

const IMAGE = {
  rows: 20,
  columns: 30,
  plane: {
    originMm: [10, -5, 40],
    alongRow: [1, 0, 0],
    alongColumn: [0, 1, 0],
    columnSpacing: 2,
    rowSpacing: 0.5,
  },
} as const;

test('crosses where an image goes through the place, and nowhere beside or off it', () => {
  expect([
    crossAt(IMAGE, 4, [16, -3, 41.9]),
    crossAt(IMAGE, null, [16, -3, 40.5]),
    crossAt(IMAGE, 4, [16, -3, 42.1]),
    crossAt(IMAGE, 4, [5, -3, 40]),
    crossAt({ ...IMAGE, plane: null }, 4, [16, -3, 40]),
    crossAt({ ...IMAGE, plane: { ...IMAGE.plane, isGuessed: true } }, 4, [16, -3, 40]),
  ]).toEqual([[3, 4], [3, 4], null, null, null, null]);
});
