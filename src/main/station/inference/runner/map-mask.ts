import type { MaskSlice, RunMask } from '../run-answer.ts';
import { LARGEST } from './connected-parts.ts';
import { longestLine } from './longest-line.ts';
import type { SourceMap } from './source-map.ts';
import type { Vector } from './vector.ts';

/** A mask on the pixels of its source. */
export type SourceMask = Pick<RunMask, 'rows' | 'columns' | 'slices' | 'pixels' | 'volumeMl' | 'largest'> & {
  /** One bit per pixel, least significant first, frames in order with no padding between them (PS3.5 §8.1.1). */
  readonly bits: Uint8Array;
};

const ORIGIN: Vector = [0, 0, 0];

/** Pixels of one frame that may be inside: everything else is not under a set cell. */
type Window = { readonly from: readonly [number, number]; readonly to: readonly [number, number] };

/**
 * Carries a mask whose parts are marked from the grid back: a source pixel is set when the grid cell under its centre is.
 */
export function mapMask(grid: Uint8Array, map: SourceMap): SourceMask {
  const { rows, columns } = map.frames[0] as SourceMap['frames'][number];
  const area = rows * columns;
  const bits = new Uint8Array(Math.ceil((area * map.frames.length) / 8));
  const reach = reachOf(grid, map);
  const slices: MaskSlice[] = [];
  const largest = { weight: 0, at: [0, 0, 0] as [number, number, number], best: 0, frame: 0, centre: ORIGIN };
  let longest: (NonNullable<ReturnType<typeof longestLine>> & { readonly frame: number }) | null = null;
  for (const [index, frame] of map.frames.entries()) {
    const window = windowOn(reach, map, index, [rows, columns]);
    const within = { count: 0, rows: 0, columns: 0, ends: new Map<number, [number, number]>() };
    let pixels = 0;
    if (window !== null) {
      visit(grid, map, index, window, (row, column, value) => {
        pixels += 1;
        const bit = index * area + row * columns + column;
        bits[bit >> 3] = (bits[bit >> 3] as number) | (1 << (bit & 7));
        if (value !== LARGEST) return;
        within.count += 1;
        within.rows += row;
        within.columns += column;
        const ends = within.ends.get(row);
        if (ends === undefined) within.ends.set(row, [column, column]);
        else ends[1] = column;
      });
    }
    const pixelMl = pixelVolume(frame.pixelMm, map.extentsMm?.[index] ?? null);
    slices.push({
      sopUid: frame.sopUid,
      frameNumber: frame.frameNumber,
      pixels,
      volumeMl: pixelMl === null ? null : pixels * pixelMl,
    });
    if (within.count === 0) continue;
    const weight = within.count * (pixelMl ?? 1);
    const centre: Vector = [index, within.rows / within.count, within.columns / within.count];
    for (const axis of [0, 1, 2] as const) largest.at[axis] += centre[axis] * weight;
    largest.weight += weight;
    if (within.count > largest.best) Object.assign(largest, { best: within.count, frame: index, centre });
    const line = frame.pixelMm === null ? null : longestLine(within.ends, frame.pixelMm);
    if (line !== null && line.mm > (longest?.mm ?? 0)) longest = { ...line, frame: index };
  }
  const key = map.frames[largest.frame] as SourceMap['frames'][number];
  // Images lie in no common space: the middle is that of the one showing most.
  const middle: Vector = map.isVolume
    ? [largest.at[0] / largest.weight, largest.at[1] / largest.weight, largest.at[2] / largest.weight]
    : largest.centre;
  return {
    rows,
    columns,
    slices,
    pixels: slices.reduce((sum, slice) => sum + slice.pixels, 0),
    volumeMl: total(slices.map(({ volumeMl }) => volumeMl)),
    largest:
      largest.weight === 0
        ? null
        : {
            centreMm: mutable(map.toPatient(middle)),
            volumeMl: map.extentsMm === null || key.pixelMm === null ? null : largest.weight,
            keySopUid: key.sopUid,
            keyFrameNumber: key.frameNumber,
            longest: longest === null ? null : lineOn(longest, map),
          },
    bits,
  };
}

/** Calls for every pixel in the window whose centre lies in a set cell, row by row. */
function visit(
  grid: Uint8Array,
  { shape, toGrid, sliceOfFrame }: SourceMap,
  frame: number,
  { from, to }: Window,
  set: (row: number, column: number, value: number) => void,
): void {
  const slice = sliceOfFrame(frame);
  const [a, b, c] = toGrid;
  for (let row = from[0]; row <= to[0]; row += 1) {
    const k0 = a[0] * slice + a[1] * row + a[3] + 0.5;
    const i0 = b[0] * slice + b[1] * row + b[3] + 0.5;
    const j0 = c[0] * slice + c[1] * row + c[3] + 0.5;
    for (let column = from[1]; column <= to[1]; column += 1) {
      const k = Math.floor(k0 + a[2] * column);
      const i = Math.floor(i0 + b[2] * column);
      const j = Math.floor(j0 + c[2] * column);
      if (k < 0 || i < 0 || j < 0 || k >= shape[0] || i >= shape[1] || j >= shape[2]) continue;
      const value = grid[(k * shape[1] + i) * shape[2] + j] as number;
      if (value !== 0) set(row, column, value);
    }
  }
}

/** Lowest and highest index of a set cell along each axis; null when nothing is set. */
function reachOf(grid: Uint8Array, { shape }: SourceMap): readonly [Vector, Vector] | null {
  const low = [...shape] as [number, number, number];
  const high: [number, number, number] = [-1, -1, -1];
  const area = shape[1] * shape[2];
  for (let k = 0; k < shape[0]; k += 1) {
    const slice = grid.subarray(k * area, (k + 1) * area);
    if (!slice.includes(1) && !slice.includes(LARGEST)) continue;
    let cell = k * area;
    for (let i = 0; i < shape[1]; i += 1) {
      for (let j = 0; j < shape[2]; j += 1, cell += 1) {
        if (grid[cell] === 0) continue;
        if (k < low[0]) low[0] = k;
        if (i < low[1]) low[1] = i;
        if (j < low[2]) low[2] = j;
        if (k > high[0]) high[0] = k;
        if (i > high[1]) high[1] = i;
        if (j > high[2]) high[2] = j;
      }
    }
  }
  return high[0] < 0 ? null : [low, high];
}

/** Pixels of a frame that the set cells can reach, one more to each side for rounding; null where they do not reach the frame. */
function windowOn(
  reach: readonly [Vector, Vector] | null,
  map: SourceMap,
  frame: number,
  size: readonly [number, number],
): Window | null {
  if (reach === null) return null;
  const [low, high] = reach;
  const corners = Array.from({ length: 8 }, (_, corner) => {
    const edge = (axis: 0 | 1 | 2) => ((corner >> axis) & 1 ? high[axis] + 0.5 : low[axis] - 0.5);
    return map.toSource([edge(0), edge(1), edge(2)]);
  });
  const span = (axis: 0 | 1 | 2) => {
    const values = corners.map((corner) => corner[axis]);
    return [Math.min(...values), Math.max(...values)] as const;
  };
  const [first, last] = span(0);
  if (frame < first - 1 || frame > last + 1) return null;
  const [top, bottom] = span(1);
  const [left, right] = span(2);
  return {
    from: [Math.max(0, Math.floor(top) - 1), Math.max(0, Math.floor(left) - 1)],
    to: [Math.min(size[0] - 1, Math.ceil(bottom) + 1), Math.min(size[1] - 1, Math.ceil(right) + 1)],
  };
}

function pixelVolume(pixelMm: readonly [number, number] | null, extentMm: number | null): number | null {
  return pixelMm === null || extentMm === null ? null : (pixelMm[0] * pixelMm[1] * extentMm) / 1000;
}

function total(volumes: readonly (number | null)[]): number | null {
  return volumes.reduce<number | null>((sum, one) => (sum === null || one === null ? null : sum + one), 0);
}

function lineOn(
  { frame, mm, from, to }: NonNullable<ReturnType<typeof longestLine>> & { readonly frame: number },
  map: SourceMap,
) {
  const { sopUid, frameNumber } = map.frames[frame] as SourceMap['frames'][number];
  return { sopUid, frameNumber, mm, from: [...from] as [number, number], to: [...to] as [number, number] };
}

function mutable(place: Vector | null): [number, number, number] | null {
  return place === null ? null : [place[0], place[1], place[2]];
}
