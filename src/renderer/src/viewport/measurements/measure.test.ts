import { expect, test } from 'vitest';
import type { Spacing } from '../spacing.ts';
import { measure, type MeasuredImage } from './measure.ts';

const image = (spacing: Spacing): MeasuredImage => ({
  ...{ rows: 20, columns: 30, spacing },
  rescale: { slope: 1, intercept: -1024, unit: 'HU' },
});
/** Pixels twice as high as wide. */
const PATIENT = image({ kind: 'patient', rowMm: 1, columnMm: 0.5 });
const DETECTOR = image({ kind: 'detector', rowMm: 0.2, columnMm: 0.2 });
const NONE = image({ kind: 'none' });

test('measures lengths in mm of the patient, in mm at the detector, and in pixels where spacing is not valid', () => {
  const lengths = [PATIENT, DETECTOR, NONE].map((one) =>
    measure(
      'length',
      [
        [2, 3],
        [8, 11],
      ],
      one,
      null,
    ),
  );
  expect(lengths).toEqual([
    { of: 'length', length: { value: Math.hypot(3, 8), unit: 'mm' } },
    { of: 'length', length: { value: expect.closeTo(2, 9), unit: 'mm-at-detector' } },
    { of: 'length', length: { value: 10, unit: 'px' } },
  ]);
});

test('measures angles in the patient, where pixels that are not square are as long as they are', () => {
  const angle = (one: MeasuredImage) =>
    measure(
      'angle',
      [
        [10, 0],
        [0, 0],
        [10, 5],
      ],
      one,
      null,
    );
  // 10 columns of 0.5 mm along, 5 rows of 1 mm down: 45 degrees in the patient, 26.6 on a grid of squares.
  expect([angle(PATIENT), angle(NONE)]).toEqual([
    { of: 'angle', degrees: expect.closeTo(45, 9) },
    { of: 'angle', degrees: expect.closeTo((Math.atan2(5, 10) * 180) / Math.PI, 9) },
  ]);
  expect(
    measure(
      'angle',
      [
        [-5, 0],
        [0, 0],
        [5, 0],
      ],
      PATIENT,
      null,
    ),
  ).toEqual({ of: 'angle', degrees: 180 });
});

test('measures what has no size in widths of a pixel, by the shape it is drawn in', () => {
  const high = image({ kind: 'none', pixelHeight: 2 });
  const corner = [0, 0] as const;
  expect([
    measure('length', [corner, [3, 2]], high, null),
    measure('angle', [[10, 0], corner, [10, 5]], high, null),
    measure('rectangle', [corner, [3, 2]], high, null),
  ]).toEqual([
    { of: 'length', length: { value: 5, unit: 'px' } },
    { of: 'angle', degrees: expect.closeTo(45, 9) },
    { of: 'area', area: { value: 12, unit: 'px' }, statistics: null },
  ]);
});

test('says of lengths and areas at the detector how much they are magnified', () => {
  const view = image({ kind: 'detector', rowMm: 0.1, columnMm: 0.1, magnification: 1.8 });
  const [from, to] = [[0, 0] as const, [90, 0] as const];
  expect([measure('length', [from, to], view, null), measure('rectangle', [from, [90, 90]], view, null)]).toEqual([
    { of: 'length', length: { value: expect.closeTo(9, 9), unit: 'mm-at-detector', magnification: 1.8 } },
    {
      ...{ of: 'area', statistics: null },
      area: { value: expect.closeTo(81, 9), unit: 'mm2-at-detector', magnification: 1.8 },
    },
  ]);
});

test('gives mean, spread, least and greatest of the pixels whose centres lie in a rectangle, after rescale', () => {
  const valueOf = (column: number, row: number) => 1000 * row + column - 1024;
  expect(
    measure(
      'rectangle',
      [
        [4.2, 2.6],
        [1.8, 0.4],
      ],
      PATIENT,
      valueOf,
    ),
  ).toEqual({
    of: 'area',
    area: { value: expect.closeTo(2.4 * 2.2 * 0.5, 9), unit: 'mm2' },
    // Columns 2 to 4 of rows 1 and 2.
    statistics: {
      ...{ pixels: 6, leftOut: 0, mean: expect.closeTo(479, 9), min: -22, max: 980, unit: 'HU' },
      sd: expect.closeTo(Math.sqrt(500 ** 2 + 2 / 3), 6),
    },
  });
});

test('leaves padding and what is no number out of the values, and says how many', () => {
  const inside = (of: (column: number) => number | 'padding') => {
    const measured = measure(
      'rectangle',
      [
        [0, 0],
        [9, 1],
      ],
      PATIENT,
      of,
    );
    return measured.of === 'area' ? [measured.statistics, measured.without] : [];
  };
  const counted = { pixels: 8, leftOut: 12, mean: 40, sd: 0, min: 40, max: 40, unit: 'HU' };
  expect(inside((column) => (column < 4 ? 40 : column < 8 ? 'padding' : Number.NaN))).toEqual([counted, undefined]);
  expect(inside(() => 'padding')).toEqual([null, 'padding']);
  expect(measure('probe', [[1, 1]], PATIENT, () => 'padding')).toMatchObject({ value: null, without: 'padding' });
});

test('counts in an ellipse only what lies inside it', () => {
  const disc = measure(
    'ellipse',
    [
      [5, 5],
      [15, 15],
    ],
    NONE,
    (column, row) => Math.hypot(column - 10, row - 10),
  );
  if (disc.of !== 'area' || disc.statistics === null) throw new Error('no statistics');
  // Gauss' circle: 81 whole points lie within 5 of one of them.
  expect([disc.area, disc.statistics.pixels, disc.statistics.max, disc.statistics.min]).toEqual([
    { value: expect.closeTo(Math.PI * 25, 9), unit: 'px' },
    ...[81, 5, 0],
  ]);
});

test('says no value of colours, of what reaches no pixel, and outside the image', () => {
  const colour = () => null;
  const flat = (column: number, row: number) => (column < 0 || row < 0 ? 999 : 7);
  const statisticsOf = (points: readonly (readonly [number, number])[], valueOf: typeof colour | typeof flat) => {
    const measured = measure('rectangle', points, PATIENT, valueOf);
    return measured.of === 'area' ? measured.statistics : undefined;
  };
  expect(
    statisticsOf(
      [
        [1, 1],
        [3, 3],
      ],
      colour,
    ),
  ).toBeNull();
  expect(
    statisticsOf(
      [
        [1.2, 1.2],
        [1.8, 1.8],
      ],
      flat,
    ),
  ).toBeNull();
  expect(
    statisticsOf(
      [
        [-3, -3],
        [0.5, 0.5],
      ],
      flat,
    ),
  ).toMatchObject({ pixels: 1, max: 7, sd: 0 });
  const place = (column: number, row: number) => column * 100 + row;
  // Set beside the image, a point comes to lie on its edge: that is its last pixel, not the first of the next row.
  expect(measure('probe', [[29.5, 19.5]], PATIENT, place)).toMatchObject({ value: 2919 });
  expect(measure('probe', [[2.4, 3.6]], PATIENT, (column, row) => column * 10 + row)).toEqual({
    ...{ of: 'value', value: 24, unit: 'HU' },
  });
});

test('keeps the spread of large values with small differences', () => {
  const measured = measure(
    'rectangle',
    [
      [0, 0],
      [9, 0.2],
    ],
    NONE,
    (column) => 1e9 + (column % 2),
  );
  expect(measured).toMatchObject({ statistics: { sd: 0.5, mean: 1e9 + 0.5 } });
});
