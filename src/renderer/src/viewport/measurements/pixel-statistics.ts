import type { StackImage } from '../stack.ts';
import type { ImagePoint, NoValues, PixelStatistics } from './measurement.ts';

/** The value of a pixel after rescale; that it is padding and no image; null of colours and where none is loaded. */
export type PixelValue = (column: number, row: number) => number | 'padding' | null;

/**
 * Counts the pixels whose centres lie in a shape between these corners; padding and what is no number (PS3.3 §C.7.5.1.1.2) are left
 * out. Null where no pixel's centre lies inside; the reason where there are pixels but no values.
 */
export function statisticsIn(
  kind: 'ellipse' | 'rectangle',
  from: ImagePoint,
  to: ImagePoint,
  { rows, columns, rescale }: Pick<StackImage, 'rows' | 'columns' | 'rescale'>,
  valueOf: PixelValue,
): PixelStatistics | NoValues | null {
  const [left, right] = [Math.min(from[0], to[0]), Math.max(from[0], to[0])];
  const [top, bottom] = [Math.min(from[1], to[1]), Math.max(from[1], to[1])];
  const [centreX, centreY] = [(left + right) / 2, (top + bottom) / 2];
  const [radiusX, radiusY] = [(right - left) / 2, (bottom - top) / 2];
  let [pixels, leftOut, mean, squares, min, max] = [0, 0, 0, 0, Infinity, -Infinity];
  for (let row = Math.max(0, Math.ceil(top)); row <= Math.min(rows - 1, Math.floor(bottom)); row += 1) {
    for (let column = Math.max(0, Math.ceil(left)); column <= Math.min(columns - 1, Math.floor(right)); column += 1) {
      const [x, y] = [(column - centreX) / radiusX, (row - centreY) / radiusY];
      if (kind === 'ellipse' && x * x + y * y > 1) continue;
      const value = valueOf(column, row);
      if (value === null) return 'colour';
      if (value === 'padding' || !Number.isFinite(value)) {
        leftOut += 1;
        continue;
      }
      // Welford's: sums of squares of large values lose the small differences that the deviation is made of.
      pixels += 1;
      const step = value - mean;
      mean += step / pixels;
      squares += step * (value - mean);
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
  }
  if (pixels === 0) return leftOut === 0 ? null : 'padding';
  return { pixels, leftOut, mean, sd: Math.sqrt(squares / pixels), min, max, unit: rescale.unit };
}
