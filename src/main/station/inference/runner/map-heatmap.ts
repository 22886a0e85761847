import type { Heat } from './collect-cells.ts';
import type { SourceMap } from './source-map.ts';
import { applyAffine } from './affine.ts';

/** A heatmap on its source frames: one byte a cell, frame after frame. */
export type SourceHeatmap = {
  readonly rows: number;
  readonly columns: number;
  readonly low: number;
  readonly high: number;
  readonly bytes: Uint8Array;
};

/** A frame is shown with at most so many cells either way: more is more than a heatmap knows. */
const MOST_CELLS = 128;

/** Carries a heatmap back: each cell has the value under its centre, or `low` where the model said nothing. */
export function mapHeatmap(heat: Heat, map: SourceMap, range: readonly [number, number] | null): SourceHeatmap {
  const [low, high] = range ?? spanOf(heat.values);
  const frame = map.frames[0] as SourceMap['frames'][number];
  const scale = Math.min(1, MOST_CELLS / Math.max(frame.rows, frame.columns));
  const rows = Math.max(1, Math.round(frame.rows * scale));
  const columns = Math.max(1, Math.round(frame.columns * scale));
  const bytes = new Uint8Array(rows * columns * map.frames.length);
  let at = 0;
  for (const index of map.frames.keys()) {
    const slice = map.sliceOfFrame(index);
    for (let row = 0; row < rows; row += 1) {
      const sourceRow = ((row + 0.5) * frame.rows) / rows - 0.5;
      for (let column = 0; column < columns; column += 1, at += 1) {
        const sourceColumn = ((column + 0.5) * frame.columns) / columns - 0.5;
        const [k, i, j] = applyAffine(map.toGrid, [slice, sourceRow, sourceColumn]).map((cell) =>
          Math.floor(cell + 0.5),
        ) as [number, number, number];
        if (k < 0 || i < 0 || j < 0 || k >= map.shape[0] || i >= map.shape[1] || j >= map.shape[2]) continue;
        const of = (k * heat.shape[1] + Math.floor(i / heat.factor)) * heat.shape[2] + Math.floor(j / heat.factor);
        const share = ((heat.values[of] as number) - low) / (high - low);
        bytes[at] = Math.round(255 * Math.min(1, Math.max(0, Number.isNaN(share) ? 0 : share)));
      }
    }
  }
  return { rows, columns, low, high, bytes };
}

function spanOf(values: Float32Array): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low < high ? [low, high] : [Number.isFinite(low) ? low : 0, (Number.isFinite(low) ? low : 0) + 1];
}
