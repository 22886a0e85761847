import type { DisplayedArea, Turn } from './presentation-state.ts';
import type { Point } from './shapes.ts';

/**
 * Where a share of the displayed area lies on the image (PS3.3 §C.10.5.1: 0, 0 is its top left corner and 1, 1 its bottom right as
 * it is displayed, turned and flipped).
 */
export function onDisplayedArea({ left, top, right, bottom }: DisplayedArea, turn: Turn, [u, v]: Point): Point {
  const [across, down] = screenDirections(turn);
  const from = (sign: number, low: number, high: number) => (sign > 0 ? low : high);
  const [width, height] = [right - left, bottom - top];
  const start: Point = [from(across[0] + down[0], left, right), from(across[1] + down[1], top, bottom)];
  return [start[0] + width * (u * across[0] + v * down[0]), start[1] + height * (u * across[1] + v * down[1])];
}

/** Which way of the image, as columns and rows, runs to the right and which downwards on the screen. */
function screenDirections({ degrees, isFlipped }: Turn): readonly [Point, Point] {
  const [right, down] = UPRIGHT[degrees];
  return [isFlipped ? [-right[0], -right[1]] : right, down];
}

const UPRIGHT: Readonly<Record<Turn['degrees'], readonly [Point, Point]>> = {
  0: [
    [1, 0],
    [0, 1],
  ],
  90: [
    [0, -1],
    [1, 0],
  ],
  180: [
    [-1, 0],
    [0, -1],
  ],
  270: [
    [0, 1],
    [-1, 0],
  ],
};
