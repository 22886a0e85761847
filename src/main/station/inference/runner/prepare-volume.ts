import type { Preprocessing } from '../../../../shared/domain/model-manifest.ts';
import type { ArrangedSeries } from './arrange-slices.ts';
import type { SourceSlice } from './source-slice.ts';

/** Version of this preprocessing in receipts: it changes whenever the same series would give other numbers. */
export const PREPROCESSING_VERSION = 'axial-volume/1';

/** How one axis of the working grid lies on one axis of the source. */
type AxisMap = {
  /** For each grid index: first source index and the weights from there on; what they lack to 1 is padding. */
  readonly starts: Int32Array;
  readonly weights: readonly Float32Array[];
  /** For each source index: the grid index that holds its centre, or −1 outside the grid. */
  readonly gridIndex: Int32Array;
};

/** A series on the working grid, and the way back to its pixels. */
export type PreparedVolume = {
  /** [slices, rows, columns]: foot to head, front to back, right to left of the patient. */
  readonly values: Float32Array;
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  /** For each source pixel of any slice, row by row: its offset within a grid slice, or −1 outside the grid. */
  readonly gridOffsets: Int32Array;
};

/**
 * Resamples every slice to the model's pixel size by area (each grid pixel is the mean of what it covers), turned upright by flips
 * and quarter turns; the grid is centred on the image. Between slices nothing is interpolated.
 */
export function prepareVolume(series: ArrangedSeries, how: Preprocessing): PreparedVolume {
  const first = series.slices[0] as SourceSlice;
  const isTurned = Math.abs(first.alongRow[1]) > Math.abs(first.alongRow[0]);
  const leftward = isTurned ? first.alongColumn[0] : first.alongRow[0];
  const backward = isTurned ? first.alongRow[1] : first.alongColumn[1];
  // Source axis 0 is the row index, axis 1 the column index.
  const [columnAxis, rowAxis] = isTurned ? ([0, 1] as const) : ([1, 0] as const);
  const counts = [first.rows, first.columns] as const;
  const columns = mapAxis(how.columns, how.pixelMm, counts[columnAxis], first.pixelMm[columnAxis], leftward < 0);
  const rows = mapAxis(how.rows, how.pixelMm, counts[rowAxis], first.pixelMm[rowAxis], backward < 0);

  const strides = [first.columns, 1] as const;
  const size = how.rows * how.columns;
  const values = new Float32Array(series.slices.length * size);
  const between = new Float32Array(counts[rowAxis] * how.columns);
  for (const [index, slice] of series.slices.entries()) {
    resampleLines(
      slice.values,
      counts[rowAxis],
      strides[rowAxis],
      strides[columnAxis],
      columns,
      how.paddingValue,
      between,
    );
    const target = values.subarray(index * size, (index + 1) * size);
    resampleColumns(between, how.columns, rows, how.paddingValue, target);
    for (let cell = 0; cell < size; cell += 1) {
      const value = target[cell] as number;
      if (value < how.clamp.min) target[cell] = how.clamp.min;
      else if (value > how.clamp.max) target[cell] = how.clamp.max;
    }
  }
  return {
    values,
    slices: series.slices.length,
    rows: how.rows,
    columns: how.columns,
    gridOffsets: offsetsOf(first, rows, columns, isTurned),
  };
}

function offsetsOf(slice: SourceSlice, rows: AxisMap, columns: AxisMap, isTurned: boolean): Int32Array {
  const offsets = new Int32Array(slice.rows * slice.columns);
  const width = columns.starts.length;
  for (let row = 0; row < slice.rows; row += 1) {
    for (let column = 0; column < slice.columns; column += 1) {
      const gridRow = rows.gridIndex[isTurned ? column : row] as number;
      const gridColumn = columns.gridIndex[isTurned ? row : column] as number;
      offsets[row * slice.columns + column] = gridRow < 0 || gridColumn < 0 ? -1 : gridRow * width + gridColumn;
    }
  }
  return offsets;
}

function mapAxis(
  gridCount: number,
  gridMm: number,
  sourceCount: number,
  sourceMm: number,
  isFlipped: boolean,
): AxisMap {
  const starts = new Int32Array(gridCount);
  const weights: Float32Array[] = [];
  const width = gridMm / sourceMm;
  for (let index = 0; index < gridCount; index += 1) {
    const low = sourceCount / 2 + (index - gridCount / 2) * width;
    const [from, to] = isFlipped ? [sourceCount - low - width, sourceCount - low] : [low, low + width];
    const start = Math.max(0, Math.floor(from));
    const end = Math.min(sourceCount, Math.ceil(to));
    starts[index] = start;
    const overlap = new Float32Array(Math.max(0, end - start));
    for (let at = 0; at < overlap.length; at += 1) {
      overlap[at] = Math.max(0, Math.min(to, start + at + 1) - Math.max(from, start + at)) / width;
    }
    weights.push(overlap);
  }
  const gridIndex = new Int32Array(sourceCount);
  for (let index = 0; index < sourceCount; index += 1) {
    const centre = isFlipped ? sourceCount - index - 0.5 : index + 0.5;
    const cell = Math.floor((centre - sourceCount / 2) / width + gridCount / 2);
    gridIndex[index] = cell >= 0 && cell < gridCount ? cell : -1;
  }
  return { starts, weights, gridIndex };
}

function resampleLines(
  source: Float32Array | Int16Array,
  lines: number,
  lineStride: number,
  stepStride: number,
  map: AxisMap,
  padding: number,
  into: Float32Array,
): void {
  const width = map.starts.length;
  for (let cell = 0; cell < width; cell += 1) {
    const weights = map.weights[cell] as Float32Array;
    const start = (map.starts[cell] as number) * stepStride;
    const missing = padding * (1 - sum(weights));
    for (let line = 0; line < lines; line += 1) {
      let value = missing;
      let at = line * lineStride + start;
      for (let tap = 0; tap < weights.length; tap += 1) {
        value += (weights[tap] as number) * (source[at] as number);
        at += stepStride;
      }
      into[line * width + cell] = value;
    }
  }
}

function resampleColumns(
  between: Float32Array,
  width: number,
  map: AxisMap,
  padding: number,
  into: Float32Array,
): void {
  for (let row = 0; row < map.starts.length; row += 1) {
    const weights = map.weights[row] as Float32Array;
    const target = row * width;
    into.fill(padding * (1 - sum(weights)), target, target + width);
    for (let tap = 0; tap < weights.length; tap += 1) {
      const weight = weights[tap] as number;
      const source = ((map.starts[row] as number) + tap) * width;
      for (let cell = 0; cell < width; cell += 1) {
        into[target + cell] = (into[target + cell] as number) + weight * (between[source + cell] as number);
      }
    }
  }
}

function sum(weights: Float32Array): number {
  return weights.reduce((total, weight) => total + weight, 0);
}
