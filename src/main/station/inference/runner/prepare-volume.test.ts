import { expect, test } from 'vitest';
import type { Preprocessing } from '../../../../shared/domain/model-manifest.ts';
import { arrangeSlices } from './arrange-slices.ts';
import { mapMask } from './map-mask.ts';
import { prepareVolume } from './prepare-volume.ts';
import type { SourceSlice, Vector } from './source-slice.ts';

const HOW: Preprocessing = {
  kind: 'axial-volume',
  unit: 'HU',
  rows: 16,
  columns: 16,
  pixelMm: 1,
  paddingValue: -1024,
  clamp: { min: -1024, max: 3071 },
  maxGapOverThickness: 2,
};

/** Slices whose value is the patient's own position: x + 100·y of each pixel's centre, whichever way they are stored. */
function positioned(
  alongRow: Vector,
  alongColumn: Vector,
  pixelMm: readonly [number, number],
  size: readonly [number, number],
) {
  const [rows, columns] = size;
  const centre = (axis: 0 | 1) =>
    -(alongRow[axis] * (columns - 1) * pixelMm[1] + alongColumn[axis] * (rows - 1) * pixelMm[0]) / 2;
  return [0, 5, 10].map((z): SourceSlice => {
    const values = new Float32Array(rows * columns);
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        const at = (axis: 0 | 1) =>
          centre(axis) + alongRow[axis] * column * pixelMm[1] + alongColumn[axis] * row * pixelMm[0];
        values[row * columns + column] = at(0) + 100 * at(1);
      }
    }
    return {
      sopUid: `1.${z}`,
      rows,
      columns,
      position: [centre(0), centre(1), z],
      alongRow,
      alongColumn,
      pixelMm,
      thicknessMm: 5,
      values,
    };
  });
}

function prepare(slices: readonly SourceSlice[], how: Preprocessing = HOW) {
  const series = arrangeSlices(slices, { orientation: 'axial', minSlices: 2, maxSlices: 9, maxGapOverThickness: 2 });
  if (!series.ok) throw new Error(series.error.code);
  return { series: series.value, prepared: prepareVolume(series.value, how) };
}

const WAYS: readonly (readonly [string, Vector, Vector])[] = [
  ['rows to the left, columns to the back', [1, 0, 0], [0, 1, 0]],
  ['a patient lying on the face', [-1, 0, 0], [0, -1, 0]],
  ['rows to the right', [-1, 0, 0], [0, 1, 0]],
  ['columns to the front', [1, 0, 0], [0, -1, 0]],
  ['a quarter turn', [0, 1, 0], [1, 0, 0]],
  ['a quarter turn the other way', [0, -1, 0], [1, 0, 0]],
];

test.each(WAYS)('turns every storage upright: %s', (_, alongRow, alongColumn) => {
  const { prepared } = prepare(positioned(alongRow, alongColumn, [0.5, 0.5], [32, 32]));
  // Grid cell (row, column) is centred on y = row − 7.5, x = column − 7.5.
  for (const [row, column] of [
    [0, 0],
    [3, 11],
    [15, 2],
  ] as const) {
    expect(prepared.values[row * 16 + column]).toBeCloseTo(column - 7.5 + 100 * (row - 7.5), 2);
  }
});

test('takes the mean of what a grid cell covers, and pads where the source has nothing', () => {
  const { prepared } = prepare(positioned([1, 0, 0], [0, 1, 0], [0.8, 0.4], [10, 20]));
  const middle = (row: number, column: number) => prepared.values[row * 16 + column] as number;
  // 0 to 1 mm to the back: the whole of one 0.8 mm row (y = 0.4) and a quarter of the next (y = 1.2).
  expect(middle(8, 8)).toBeCloseTo(0.8 * 40 + 0.2 * 120 + 0.5, 1);
  expect(middle(8, 3)).toBe(-1024); // the source is 8 mm wide, the grid 16
});

test('keeps values within the clamp', () => {
  const { prepared } = prepare(positioned([1, 0, 0], [0, 1, 0], [1, 1], [16, 16]), {
    ...HOW,
    clamp: { min: -50, max: 60 },
  });
  expect([Math.min(...prepared.values), Math.max(...prepared.values)]).toEqual([-50, 60]);
});

test.each(WAYS)('carries a mask back to exactly the pixels it covers: %s', (_, alongRow, alongColumn) => {
  const slices = positioned(alongRow, alongColumn, [0.5, 0.5], [32, 32]);
  const { series, prepared } = prepare(slices);
  const grid = new Uint8Array(3 * 16 * 16);
  const cells = [
    [4, 5],
    [4, 6],
    [5, 6],
  ] as const;
  for (const [row, column] of cells) grid[16 * 16 + row * 16 + column] = 1;
  const mask = mapMask(grid, prepared, series);
  const set = new Set<number>();
  for (let bit = 0; bit < 3 * 32 * 32; bit += 1) if (((mask.bits[bit >> 3] as number) >> (bit & 7)) & 1) set.add(bit);
  const middle = series.slices[1] as SourceSlice;
  const expected = new Set<number>();
  for (let pixel = 0; pixel < 32 * 32; pixel += 1) {
    const value = middle.values[pixel] as number;
    const isInside = cells.some(([row, column]) => {
      const dx = value - 100 * (row - 7.5) - (column - 7.5);
      return [-25.25, -24.75, 24.75, 25.25].some((offset) => Math.abs(dx - offset) < 1e-3);
    });
    if (isInside) expected.add(32 * 32 + pixel);
  }
  expect(set).toEqual(expected);
  expect(set.size).toBe(12); // four source pixels to a cell
  expect(mask).toMatchObject({
    rows: 32,
    columns: 32,
    pixels: 12,
    slices: [{ pixels: 0 }, { pixels: 12 }, { pixels: 0 }],
  });
  expect(mask.volumeMl).toBeCloseTo((12 * 0.25 * 5) / 1000, 9);
  expect(mask.largest?.keySopUid).toBe('1.5');
  const [x, y, z] = mask.largest?.centreMm ?? [];
  expect([x, y, z].map((value) => Number(value?.toFixed(4)))).toEqual([-1.8333, -3.1667, 5]);
});

test('names the largest part, not the sum of all', () => {
  const { series, prepared } = prepare(positioned([1, 0, 0], [0, 1, 0], [1, 1], [16, 16]));
  const grid = new Uint8Array(3 * 16 * 16);
  grid[0] = 1;
  for (const cell of [100, 101, 117]) grid[cell] = 1;
  grid[2 * 256 + 200] = 1;
  const mask = mapMask(grid, prepared, series);
  expect(mask.pixels).toBe(5);
  expect(mask.largest?.volumeMl).toBeCloseTo((3 * 5) / 1000, 9);
  expect(mapMask(new Uint8Array(grid.length), prepared, series)).toMatchObject({
    pixels: 0,
    volumeMl: 0,
    largest: null,
  });
});
