import { expect, test } from 'vitest';
import { dot, normalOf, type Vector3 } from '../geometry.ts';
import { DIRECTIONS, MPR_PLANES } from './reslice.ts';
import { crossingLines, isOblique, leanDegrees, turnFrames } from './turn-planes.ts';

const rounded = (vector: readonly number[]) => vector.map((one) => Math.round(one * 1e6) / 1e6 + 0);

test('as they open each plane is crossed by the two others along its rows and its columns', () => {
  const lines = MPR_PLANES.map((plane) =>
    crossingLines(DIRECTIONS, plane).map(({ name, direction }) => [name, Math.abs(direction[0]) > 0.5]),
  );
  expect(lines).toEqual([
    [
      ['sagittal', false],
      ['coronal', true],
    ],
    [
      ['axial', true],
      ['coronal', false],
    ],
    [
      ['axial', true],
      ['sagittal', false],
    ],
  ]);
});

test('turned in the axial picture by 30 degrees clockwise, the two others lean so far and the axial one keeps its picture', () => {
  const turned = turnFrames(DIRECTIONS, 'axial', 30);
  expect(turned.axial).toEqual(DIRECTIONS.axial);
  // Rows of the coronal plane ran to the patient's left; clockwise from above the picture (left to the right, back down) is to the back.
  expect(rounded(turned.coronal.alongRow)).toEqual(rounded([Math.cos(Math.PI / 6), 0.5, 0]));
  expect(MPR_PLANES.map((plane) => Math.round(leanDegrees(turned, plane) * 1000) / 1000)).toEqual([0, 30, 30]);
  expect(MPR_PLANES.map((plane) => isOblique(turned, plane))).toEqual([false, true, true]);
  const coronal = crossingLines(turned, 'axial').find(({ name }) => name === 'coronal');
  expect(
    Math.abs(Math.atan((coronal?.direction[1] ?? 0) / (coronal?.direction[0] ?? 1)) * (180 / Math.PI)),
  ).toBeCloseTo(30, 6);
});

test('stays square after a thousand turns in all planes, and comes back by turning back', () => {
  let frames = DIRECTIONS;
  const turns = Array.from({ length: 1000 }, (_, index) => [MPR_PLANES[index % 3] ?? 'axial', 7.3] as const);
  for (const [plane, degrees] of turns) frames = turnFrames(frames, plane, degrees);
  const normals = MPR_PLANES.map((plane) => normalOf(frames[plane]));
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const)
    expect(dot(normals[a] as Vector3, normals[b] as Vector3)).toBeCloseTo(0, 9);
  for (const [plane, degrees] of turns.toReversed()) frames = turnFrames(frames, plane, -degrees);
  for (const plane of MPR_PLANES) expect(leanDegrees(frames, plane)).toBeLessThan(1e-4);
});
