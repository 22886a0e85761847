import { expect, test } from 'vitest';
import {
  edgeLetters,
  type ImagePlane,
  imageCoordinateOf,
  imageToCanvas,
  isMirrored,
  lettersOf,
  placeOf,
  edgeLettersOfOrientation,
} from './geometry.ts';

const AXIAL: ImagePlane = {
  originMm: [-125, -110, 40],
  alongRow: [1, 0, 0],
  alongColumn: [0, 1, 0],
  columnSpacing: 0.5,
  rowSpacing: 0.8,
};

test('finds the place of a pixel and the pixel of a place, with unequal spacing and a tilted gantry', () => {
  const tilted: ImagePlane = { ...AXIAL, alongColumn: [0, Math.cos(0.3), -Math.sin(0.3)] };
  const place = placeOf(tilted, 10, 20);
  expect(place).toEqual([-120, expect.closeTo(-110 + 16 * Math.cos(0.3)), expect.closeTo(40 - 16 * Math.sin(0.3))]);
  expect(imageCoordinateOf(tilted, place)).toEqual([expect.closeTo(10), expect.closeTo(20)]);
});

test('names directions in the patient, the strongest first', () => {
  expect([lettersOf([1, 0, 0]), lettersOf([0, -1, 0]), lettersOf([0.2, 0.02, -0.97])]).toEqual(['L', 'A', 'FL']);
});

test('puts the right of the patient on the left of an axial image, and turns with rotation and flip', () => {
  const upright = imageToCanvas([0, 0], [2, 0], [0, 2]);
  const turned = imageToCanvas([0, 0], [0, 2], [-2, 0]);
  const flipped = imageToCanvas([0, 0], [-2, 0], [0, 2]);
  expect([upright, turned, flipped].map((map) => edgeLetters(AXIAL, map))).toEqual([
    { left: 'R', right: 'L', top: 'A', bottom: 'P' },
    { left: 'P', right: 'A', top: 'R', bottom: 'L' },
    { left: 'L', right: 'R', top: 'A', bottom: 'P' },
  ]);
});

test('a picture is mirrored when it is flipped one way, however it is turned', () => {
  const maps = [
    imageToCanvas([0, 0], [2, 0], [0, 2]),
    imageToCanvas([0, 0], [0, 2], [-2, 0]),
    imageToCanvas([0, 0], [-2, 0], [0, -2]),
    imageToCanvas([0, 0], [-2, 0], [0, 2]),
    imageToCanvas([0, 0], [0, 2], [2, 0]),
  ];
  expect(maps.map(isMirrored)).toEqual([false, false, false, true, true]);
});

test('a film’s letters follow what it says of its rows and columns, turned and flipped with it', () => {
  const upright = imageToCanvas([0, 0], [1, 0], [0, 1]);
  const flipped = imageToCanvas([0, 0], [-1, 0], [0, 1]);
  const turned = imageToCanvas([0, 0], [0, 1], [-1, 0]);
  const askew = imageToCanvas([0, 0], [0.8, 0.6], [-0.6, 0.8]);
  expect(edgeLettersOfOrientation(['L', 'F'], upright)).toEqual({ left: 'R', right: 'L', top: 'H', bottom: 'F' });
  expect(edgeLettersOfOrientation(['L', 'F'], flipped)).toEqual({ left: 'L', right: 'R', top: 'H', bottom: 'F' });
  expect(edgeLettersOfOrientation(['AL', 'FR'], turned)).toEqual({ left: 'FR', right: 'HL', top: 'PR', bottom: 'AL' });
  expect([askew, upright].map((map, index) => edgeLettersOfOrientation(['L', index === 0 ? 'F' : 'X'], map))).toEqual([
    null,
    null,
  ]);
});
