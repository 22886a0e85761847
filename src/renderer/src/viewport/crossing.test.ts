import { expect, test } from 'vitest';
import { crossingOf, nearestAt, nearestTo, type PlacedImage } from './crossing.ts';
import type { Vector3 } from './geometry.ts';
import type { Stack, StackImage } from './stack.ts';

const FRAME = '1.2.3';
const image = (
  originMm: Vector3,
  alongRow: Vector3,
  alongColumn: Vector3,
  frameOfReferenceUid: string | null = FRAME,
): PlacedImage => ({
  plane: { originMm, alongRow, alongColumn, columnSpacing: 0.5, rowSpacing: 0.5 },
  ...{ rows: 400, columns: 300, frameOfReferenceUid },
});
const axial = (z: number, frame: string | null = FRAME) => image([-75, -100, z], [1, 0, 0], [0, 1, 0], frame);
/** A scout from the front: rows to the left, columns to the feet, at y = 0. */
const SCOUT = image([-75, 0, 120], [1, 0, 0], [0, 0, -1]);
const stackOf = (all: readonly PlacedImage[]): Stack => ({
  seriesUid: '1',
  modality: 'CT',
  images: all as StackImage[],
});

test('an axial image cuts the scout at its own height, across its own width', () => {
  const line = crossingOf(SCOUT, axial(70));
  // 120 mm down to 70 mm are 100 rows of half a millimetre.
  expect(
    line?.map(([column, row]) => [Math.round(column * 1000) / 1000, row]).toSorted((a, b) => (a[0] ?? 0) - (b[0] ?? 0)),
  ).toEqual([
    [-0.5, expect.closeTo(100, 9)],
    [299.5, expect.closeTo(100, 9)],
  ]);
});

test('a tilted image cuts the scout’s side view as a slope', () => {
  const tilt = 0.3;
  const side = image([0, -100, 120], [0, 1, 0], [0, 0, -1]);
  const tilted = image([-75, -100, 50], [1, 0, 0], [0, Math.cos(tilt), -Math.sin(tilt)]);
  const [from, to] = (crossingOf(side, tilted) ?? []).toSorted((a, b) => a[0] - b[0]);
  if (from === undefined || to === undefined) throw new Error('no line');
  expect((to[1] - from[1]) / (to[0] - from[0])).toBeCloseTo(Math.tan(tilt), 9);
});

test('draws no line between parallel images, in another frame of reference or none, and where the planes do not meet', () => {
  expect([
    crossingOf(axial(10), axial(20)),
    crossingOf(SCOUT, axial(70, '9.9')),
    crossingOf(SCOUT, axial(70, null)),
    crossingOf({ ...SCOUT, plane: null }, axial(70)),
    // This one ends in front of the scout's plane.
    crossingOf(SCOUT, image([-75, -300, 70], [1, 0, 0], [0, 1, 0])),
  ]).toEqual([null, null, null, null, null]);
});

test('draws no line on an image, or of one, whose pixel size would be a guess', () => {
  const guessed = (of: PlacedImage): PlacedImage => ({ ...of, plane: of.plane && { ...of.plane, isGuessed: true } });
  expect([crossingOf(guessed(SCOUT), axial(70)), crossingOf(SCOUT, guessed(axial(70)))]).toEqual([null, null]);
  // A slice is told by its first pixel, which has a place.
  const stack = stackOf(Array.from({ length: 10 }, (_, index) => guessed(axial(index))));
  expect([nearestTo(stack, axial(4.2)), nearestTo(stack, guessed(axial(4.2)))]).toEqual([4, 4]);
});

test('finds the slice at the same place in a stack of another thickness and order, and none beyond its ends', () => {
  const thin = stackOf(Array.from({ length: 100 }, (_, index) => axial(100 - index)));
  expect([nearestTo(thin, axial(70.2)), nearestTo(thin, axial(100.4)), nearestTo(thin, axial(140))]).toEqual([
    30,
    0,
    null,
  ]);
  expect([nearestTo(thin, axial(70, 'other')), nearestTo(thin, SCOUT), nearestTo(stackOf([]), axial(1))]).toEqual([
    null,
    null,
    null,
  ]);
  expect([nearestAt(thin, 55.4), nearestAt(thin, 300)]).toEqual([45, null]);
});
