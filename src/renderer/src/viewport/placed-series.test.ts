import { expect, test } from 'vitest';
import { crossingOf, nearestTo } from './crossing.ts';
import type { DicomJson } from './dicom-json.ts';
import { dot, imageCoordinateOf, normalOf, placeOf, type Vector3 } from './geometry.ts';
import { measure } from './measurements/measure.ts';
import { isOn } from './measurements/measurement.ts';
import { readStack, type Stack } from './stack.ts';

const [ROWS, COLUMNS, COUNT] = [64, 80, 21];
/** Pixels that are not square: what swaps rows and columns measures wrong. */
const [ROW_MM, COLUMN_MM, STEP_MM] = [1.5, 0.75, 3];
const turn = (degrees: number) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)] as const;
const [cos20, sin20] = turn(20);

type Acquisition = { readonly alongRow: Vector3; readonly alongColumn: Vector3; readonly step: Vector3 };
/** How series come: `step` is where the next slice's first pixel lies to the one before. */
const ACQUISITIONS: Readonly<Record<string, Acquisition>> = {
  axial: { alongRow: [1, 0, 0], alongColumn: [0, 1, 0], step: [0, 0, 1] },
  reversed: { alongRow: [1, 0, 0], alongColumn: [0, 1, 0], step: [0, 0, -1] },
  mirrored: { alongRow: [-1, 0, 0], alongColumn: [0, 1, 0], step: [0, 0, 1] },
  'upside down': { alongRow: [1, 0, 0], alongColumn: [0, -1, 0], step: [0, 0, 1] },
  sagittal: { alongRow: [0, 1, 0], alongColumn: [0, 0, -1], step: [1, 0, 0] },
  coronal: { alongRow: [1, 0, 0], alongColumn: [0, 0, -1], step: [0, 1, 0] },
  'tilted, a gantry that leaned': { alongRow: [1, 0, 0], alongColumn: [0, cos20, -sin20], step: [0, 0, 1] },
  oblique: { alongRow: [cos20, sin20, 0], alongColumn: [0, 0, -1], step: [-sin20, cos20, 0] },
};
const NAMES = Object.keys(ACQUISITIONS);

const value = (...Value: readonly unknown[]) => ({ Value: [...Value] });
const moved = (from: Vector3, along: Vector3, mm: number): Vector3 => [
  from[0] + along[0] * mm,
  from[1] + along[1] * mm,
  from[2] + along[2] * mm,
];

/** A series around the origin of the patient's coordinates, its slices numbered against their order. */
function seriesOf(name: string, frameOfReference = '1.9', firstUid = 0): readonly DicomJson[] {
  const { alongRow, alongColumn, step } = ACQUISITIONS[name] as Acquisition;
  const corner = moved(moved([0, 0, 0], alongRow, (-COLUMNS / 2) * COLUMN_MM), alongColumn, (-ROWS / 2) * ROW_MM);
  return Array.from({ length: COUNT }, (_, index) => ({
    ...{ '00080060': value('CT'), '00280010': value(ROWS), '00280011': value(COLUMNS) },
    ...{ '00080018': value(`1.2.${firstUid + index}`), '00200013': value(COUNT - index) },
    '00200052': value(frameOfReference),
    '00200032': value(...moved(corner, step, (index - (COUNT - 1) / 2) * STEP_MM)),
    '00200037': value(...alongRow, ...alongColumn),
    '00280030': value(ROW_MM, COLUMN_MM),
  }));
}
const stackOf = (objects: readonly DicomJson[]): Stack =>
  readStack(objects, { dicomwebPath: '/dicomweb/demo', studyUid: '1', seriesUid: '1.2' });
const middleOf = (stack: Stack) => {
  const image = stack.images[Math.floor(stack.images.length / 2)];
  if (image?.plane == null) throw new Error('a placed image was not read as one');
  return { ...image, plane: image.plane };
};

test.each(NAMES)('%s: what is measured on the image is what lies between the places in the patient', (name) => {
  const image = middleOf(stackOf(seriesOf(name)));
  const { plane } = image;
  const points = [
    [12, 9],
    [30, 22.5],
    [55, 14],
  ] as const;
  const places = points.map(([column, row]) => placeOf(plane, column, row));
  const [a, b, c] = places as [Vector3, Vector3, Vector3];
  const way = (from: Vector3, to: Vector3): Vector3 => [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
  const [one, other] = [way(b, a), way(b, c)];
  const angle = (Math.acos(dot(one, other) / Math.hypot(...one) / Math.hypot(...other)) * 180) / Math.PI;
  expect(measure('length', [points[0], points[1]], image, null)).toEqual({
    ...{ of: 'length', length: { value: expect.closeTo(Math.hypot(...one), 9), unit: 'mm' } },
  });
  expect(measure('angle', points, image, null)).toEqual({ of: 'angle', degrees: expect.closeTo(angle, 9) });
  // And back: a place is found on the image it lies on.
  for (const [index, place] of places.entries())
    expect(imageCoordinateOf(plane, place)).toEqual(points[index]?.map((at) => expect.closeTo(at, 9)));
});

test.each(NAMES)(
  '%s: every other series’ line lies in both planes, and its nearest slice at the same place',
  (name) => {
    const [own, placed] = [stackOf(seriesOf(name)), middleOf(stackOf(seriesOf(name)))];
    for (const other of NAMES) {
      const stack = stackOf(seriesOf(other));
      const leading = middleOf(stack);
      const line = crossingOf(placed, leading);
      const isParallel = Math.abs(Math.abs(dot(normalOf(placed.plane), normalOf(leading.plane))) - 1) < 1e-9;
      expect([other, line === null]).toEqual([other, isParallel]);
      for (const [column, row] of line ?? []) {
        const place = placeOf(placed.plane, column, row);
        const away = dot(place, normalOf(leading.plane)) - dot(leading.plane.originMm, normalOf(leading.plane));
        expect(Math.abs(away)).toBeLessThan(1e-6);
      }
      if (isParallel) expect(own.images[nearestTo(own, leading) ?? -1]?.sopUid).toBe(placed.sopUid);
      // Nothing of another frame of reference is drawn, however alike it lies.
      expect(crossingOf(placed, middleOf(stackOf(seriesOf(other, '1.8'))))).toBeNull();
      expect(nearestTo(own, middleOf(stackOf(seriesOf(other, '1.8'))))).toBeNull();
    }
  },
);

test('in a series of several frames of reference a measurement is on its own image alone', () => {
  const stack = stackOf([...seriesOf('axial', '1.9'), ...seriesOf('mirrored', '1.8', 100)]);
  expect(stack.images).toHaveLength(2 * COUNT);
  const [first] = stack.images;
  if (first === undefined) throw new Error('no images');
  expect(stack.images.filter((image) => isOn({ sopUid: first.sopUid, frameNumber: first.frame }, image))).toEqual([
    first,
  ]);
  // Slices at one height in two frames of reference are not beside one another.
  const spaces = stack.images.map(({ frameOfReferenceUid }) => frameOfReferenceUid);
  expect(spaces.lastIndexOf(first.frameOfReferenceUid)).toBe(COUNT - 1);
});
