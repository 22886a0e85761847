import { expect, test } from 'vitest';
import { imageToCanvas } from '../geometry.ts';
import { beginPlacing, follow, isPlaced, press, release } from './placing.ts';
import { drawnLineOf, hitOf, toCanvas, toImage } from './shapes.ts';

test('a length is set by dragging from end to end, or by a click at each', () => {
  const dragged = release(follow(beginPlacing('length', [1, 1], [10, 10]), [5, 4]), [6, 6], [60, 60]);
  expect([isPlaced(dragged), dragged.points]).toEqual([
    true,
    [
      [1, 1],
      [6, 6],
    ],
  ]);
  const clicked = release(beginPlacing('length', [1, 1], [10, 10]), [1, 1], [11, 10]);
  expect(isPlaced(clicked)).toBe(false);
  const second = press(follow(clicked, [9, 9]), [9, 8], [90, 80]);
  expect([isPlaced(second), second.points]).toEqual([
    true,
    [
      [1, 1],
      [9, 8],
    ],
  ]);
});

test('an angle takes a drag and a click; a point is set at once', () => {
  const leg = release(beginPlacing('angle', [0, 0], [0, 0]), [4, 0], [40, 0]);
  expect([isPlaced(leg), follow(leg, [4, 3]).points]).toEqual([
    false,
    [
      [0, 0],
      [4, 0],
      [4, 3],
    ],
  ]);
  expect(isPlaced(press(leg, [4, 4], [40, 40]))).toBe(true);
  expect(isPlaced(beginPlacing('probe', [2, 2], [0, 0]))).toBe(true);
});

/** Two CSS pixels a column to the left, three a row down: flipped and stretched. */
const FLIPPED = imageToCanvas([100, 10], [98, 10], [100, 13]);

test('what is drawn on a flipped picture stays on its pixels, and the mouse finds it there', () => {
  expect(toCanvas(FLIPPED, [5, 2])).toEqual([90, 16]);
  expect(toImage(FLIPPED, [90, 16])).toEqual([5, 2]);
  expect(
    drawnLineOf(
      'rectangle',
      [
        [0, 0],
        [5, 2],
      ],
      FLIPPED,
    ),
  ).toEqual([
    [100, 10],
    [90, 10],
    [90, 16],
    [100, 16],
    [100, 10],
  ]);
  const length = [
    [0, 0],
    [20, 0],
  ] as const;
  expect([
    hitOf('length', length, FLIPPED, [101, 12]),
    hitOf('length', length, FLIPPED, [80, 13]),
    hitOf('length', length, FLIPPED, [80, 40]),
  ]).toEqual([{ point: 0 }, 'line', null]);
});
