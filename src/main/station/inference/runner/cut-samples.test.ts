import { describe, expect, test } from 'vitest';
import { ModelSampling } from '../../../../shared/domain/model-preprocessing.ts';
import { IDENTITY } from './affine.ts';
import { blendWeights } from './blend-weights.ts';
import { countSamples, cutSamples } from './cut-samples.ts';
import type { ModelSample, PreparedGrid } from './prepared-grid.ts';

/** A grid whose value at a cell is its own place: channel, slice, row, column as digits. */
function gridOf(shape: PreparedGrid['shape'], channels = 1): PreparedGrid {
  const [slices, rows, columns] = shape;
  const values = Float32Array.from({ length: channels * slices * rows * columns }, (_, at) => {
    const [column, row] = [at % columns, Math.floor(at / columns) % rows];
    return (
      Math.floor(at / columns / rows / slices) * 1e6 +
      (Math.floor(at / columns / rows) % slices) * 1e4 +
      row * 100 +
      column
    );
  });
  return {
    ...{ values, channels, shape, spacingMm: [1, 1, 1], extentsMm: null, toStack: IDENTITY, sliceOfFrame: null },
    objectStarts: [0],
    paddingValues: Array.from({ length: channels }, (_, channel) => -1 - channel),
    stack: { arrangement: 'volume', frames: [], stepsMm: [], tiltDegrees: 0, corrections: [], leftOut: [] },
  };
}

const cut = (grid: PreparedGrid, sampling: unknown): readonly (readonly ModelSample[])[] => [
  ...cutSamples(grid, ModelSampling.parse(sampling)),
];

test('all of a volume at once is the grid itself', () => {
  const grid = gridOf([2, 3, 4], 2);
  const [[sample] = []] = cut(grid, { kind: 'volume' });
  expect(sample).toMatchObject({ origin: [0, 0, 0], size: [2, 3, 4], channels: 2, depth: 2 });
  expect(sample?.values).toBe(grid.values);
});

test('slices come in batches, the last one with what is left', () => {
  const batches = cut(gridOf([5, 1, 2], 2), { kind: 'slices', batch: 2 });
  expect(batches.map((batch) => batch.map(({ origin }) => origin[0]))).toEqual([[0, 1], [2, 3], [4]]);
  expect([...(batches[1]?.[1]?.values ?? [])]).toEqual([30_000, 30_001, 1_030_000, 1_030_001]);
});

describe('slabs', () => {
  const slicesOf = (edges: string) =>
    cut(gridOf([4, 1, 1]), { kind: 'slabs', slices: 3, edges }).map(([sample]) => [
      sample?.origin[0],
      ...(sample?.values ?? []).map((value) => value / 1e4),
    ]);

  test('repeat the last slice beyond the ends', () => {
    expect(slicesOf('repeat')).toEqual([
      [0, 0, 0, 1],
      [1, 0, 1, 2],
      [2, 1, 2, 3],
      [3, 2, 3, 3],
    ]);
  });

  test('or leave out the slices there', () => {
    expect(slicesOf('leave-out')).toEqual([
      [1, 0, 1, 2],
      [2, 1, 2, 3],
    ]);
    expect(countSamples(gridOf([2, 1, 1]), ModelSampling.parse({ kind: 'slabs', slices: 3, edges: 'leave-out' }))).toBe(
      0,
    );
  });
});

describe('patches', () => {
  test.each([
    [10, 4, 0.5, [0, 2, 4, 6]],
    [11, 4, 0.5, [0, 2, 4, 6, 7]],
    [4, 4, 0.5, [0]],
    [3, 4, 0.5, [0]],
    [9, 4, 0, [0, 4, 5]],
    [7, 5, 0.9, [0, 1, 2]],
  ])('of %i cells by %i, overlapping by %f: from %j', (cells, size, overlap, starts) => {
    const sampling = { kind: 'patches', size: [1, 1, size], overlap, batch: 256 };
    const samples = cut(gridOf([1, 1, cells]), sampling).flat();
    expect(samples.map(({ origin }) => origin[2])).toEqual(starts);
    expect(countSamples(gridOf([1, 1, cells]), ModelSampling.parse(sampling))).toBe(starts.length);
  });

  test('cover every cell of the grid and hold what is there', () => {
    const grid = gridOf([5, 7, 6], 2);
    const seen = new Set<number>();
    for (const { origin, size, values } of cut(grid, { kind: 'patches', size: [2, 3, 4], overlap: 0.4 }).flat())
      for (const [at, value] of values.entries()) {
        const [column, row] = [at % size[2], Math.floor(at / size[2]) % size[1]];
        const [slice, channel] = [
          Math.floor(at / size[2] / size[1]) % size[0],
          Math.floor(at / size[2] / size[1] / size[0]),
        ];
        expect(value).toBe(channel * 1e6 + (origin[0] + slice) * 1e4 + (origin[1] + row) * 100 + origin[2] + column);
        seen.add(value);
      }
    expect(seen).toEqual(new Set(grid.values));
  });

  test('are padded where the grid is smaller, each channel by what padding has become', () => {
    const [[patch] = []] = cut(gridOf([1, 1, 2], 2), { kind: 'patches', size: [1, 2, 3] });
    expect([...(patch?.values ?? [])]).toEqual([0, 1, -1, -1, -1, -1, 1e6, 1e6 + 1, -2, -2, -2, -2]);
  });
});

test('blending weighs the middle of a patch most, alike on all sides, and never nothing', () => {
  const weights = blendWeights([4, 6, 8], 'gaussian');
  expect(Math.min(...weights)).toBeCloseTo(1e-3, 9);
  expect([...weights].toReversed()).toEqual([...weights]);
  const at = (slice: number, row: number, column: number) => weights[(slice * 6 + row) * 8 + column] as number;
  // Half a cell beside the middle on every axis, whose deviations are 0.5, 0.75 and 1 cells.
  expect(at(1, 2, 3)).toBeCloseTo(Math.exp(-(1 ** 2 + (0.5 / 0.75) ** 2 + 0.5 ** 2) / 2), 6);
  expect(at(1, 2, 3)).toBe(Math.max(...weights));
  expect(new Set(blendWeights([2, 2, 2], 'mean'))).toEqual(new Set([1]));
});
