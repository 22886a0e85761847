import type { MaskSlice, RunMask } from '../runner-protocol.ts';
import type { ArrangedSeries } from './arrange-slices.ts';
import { findLargestPart } from './largest-part.ts';
import type { PreparedVolume } from './prepare-volume.ts';
import type { SourceSlice } from './source-slice.ts';

/** Version of what is made of a model's tensors, in receipts. */
export const POSTPROCESSING_VERSION = 'source-mask/1';

/** A mask on the pixels of its source. */
export type SourceMask = Pick<RunMask, 'rows' | 'columns' | 'slices' | 'pixels' | 'volumeMl' | 'largest'> & {
  /** One bit per pixel, least significant first, slices in order with no padding between them (PS3.5 §8.1.1). */
  readonly bits: Uint8Array;
};

/** Carries a mask from the working grid back: a source pixel is set when the grid cell under its centre is. */
export function mapMask(grid: Uint8Array, prepared: PreparedVolume, series: ArrangedSeries): SourceMask {
  const { rows, columns, pixelMm } = series.slices[0] as SourceSlice;
  const area = rows * columns;
  const cells = prepared.rows * prepared.columns;
  const part = findLargestPart(grid, [prepared.slices, prepared.rows, prepared.columns], series.extentsMm);
  const bits = new Uint8Array(Math.ceil((area * series.slices.length) / 8));
  const slices: MaskSlice[] = [];
  const largest = { pixels: 0, keySopUid: '', ml: 0, weighted: [0, 0, 0] as [number, number, number] };
  for (const [index, slice] of series.slices.entries()) {
    const pixelMl = (pixelMm[0] * pixelMm[1] * (series.extentsMm[index] as number)) / 1000;
    const within = { count: 0, rows: 0, columns: 0 };
    const base = index * cells;
    let pixels = 0;
    if (hasAny(grid, base, base + cells)) {
      for (let pixel = 0; pixel < area; pixel += 1) {
        const offset = prepared.gridOffsets[pixel] as number;
        if (offset < 0 || grid[base + offset] === 0) continue;
        pixels += 1;
        const bit = index * area + pixel;
        bits[bit >> 3] = (bits[bit >> 3] as number) | (1 << (bit & 7));
        if (part?.[base + offset] !== 1) continue;
        within.count += 1;
        within.rows += Math.floor(pixel / columns);
        within.columns += pixel % columns;
      }
    }
    slices.push({ sopUid: slice.sopUid, pixels, volumeMl: pixels * pixelMl });
    if (within.count === 0) continue;
    const ml = within.count * pixelMl;
    const centre = pointAt(slice, within.rows / within.count, within.columns / within.count);
    for (const axis of [0, 1, 2] as const) largest.weighted[axis] += centre[axis] * ml;
    largest.ml += ml;
    if (within.count > largest.pixels) {
      largest.pixels = within.count;
      largest.keySopUid = slice.sopUid;
    }
  }
  const [x, y, z] = largest.weighted;
  return {
    rows,
    columns,
    slices,
    pixels: slices.reduce((sum, slice) => sum + slice.pixels, 0),
    volumeMl: slices.reduce((sum, slice) => sum + slice.volumeMl, 0),
    largest:
      largest.ml === 0
        ? null
        : {
            centreMm: [x / largest.ml, y / largest.ml, z / largest.ml],
            volumeMl: largest.ml,
            keySopUid: largest.keySopUid,
          },
    bits,
  };
}

function hasAny(grid: Uint8Array, from: number, to: number): boolean {
  for (let cell = from; cell < to; cell += 1) if (grid[cell] !== 0) return true;
  return false;
}

/** Where a row and column index lies in the patient (PS3.3 §C.7.6.2.1.1). */
function pointAt(slice: SourceSlice, row: number, column: number): readonly [number, number, number] {
  const along = column * slice.pixelMm[1];
  const down = row * slice.pixelMm[0];
  const at = (axis: 0 | 1 | 2) => slice.position[axis] + slice.alongRow[axis] * along + slice.alongColumn[axis] * down;
  return [at(0), at(1), at(2)];
}
