import { lengthBetween, type Spacing } from '../spacing.ts';
import type { StackImage } from '../stack.ts';
import type { Area, ImagePoint, Measured, MeasurementKind, PixelStatistics } from './measurement.ts';
import { spacingBetween } from './ultrasound-regions.ts';

/** The value of a pixel after rescale; null of colours and where none is loaded. */
export type PixelValue = (column: number, row: number) => number | null;

/** An image as far as measuring asks. */
export type MeasuredImage = Pick<StackImage, 'rows' | 'columns' | 'spacing' | 'rescale' | 'regions'>;

/**
 * Measures what these points make on this image: lengths and areas in the image's own unit (mm, mm at the detector, or pixels),
 * angles in degrees. Without `valueOf` areas come without the values inside, which takes long on a large film.
 */
export function measure(
  kind: MeasurementKind,
  points: readonly ImagePoint[],
  image: MeasuredImage,
  valueOf: PixelValue | null,
): Measured {
  const [first = [0, 0], second = first, third = second] = points;
  const spacing = image.regions === undefined ? image.spacing : spacingBetween(image.regions, points);
  switch (kind) {
    case 'length':
      return { of: 'length', length: lengthBetween(spacing, first, second) };
    case 'angle':
      return { of: 'angle', degrees: angleAt(spacing, first, second, third) };
    case 'ellipse':
    case 'rectangle':
      return {
        of: 'area',
        area: areaOf(kind, spacing, first, second),
        statistics: valueOf === null ? null : statisticsIn(kind, first, second, image, valueOf),
      };
    case 'probe':
      return {
        of: 'value',
        value: valueOf === null ? null : valueOf(pixelAt(first[0], image.columns), pixelAt(first[1], image.rows)),
        unit: image.rescale.unit,
      };
  }
}

/** The pixel below a coordinate: the far edge of the last pixel, where a point beside the image is set, is still of that one. */
function pixelAt(coordinate: number, count: number): number {
  return coordinate === count - 0.5 ? count - 1 : Math.round(coordinate);
}

/** The angle at the middle point; pixels that are not square are taken as long as they are (without any spacing, as square). */
function angleAt(spacing: Spacing, from: ImagePoint, corner: ImagePoint, to: ImagePoint): number {
  const [columnMm, rowMm] = spacing.kind === 'none' ? [1, 1] : [spacing.columnMm, spacing.rowMm];
  const leg = (end: ImagePoint) => [(end[0] - corner[0]) * columnMm, (end[1] - corner[1]) * rowMm] as const;
  const [ax, ay] = leg(from);
  const [bx, by] = leg(to);
  return (Math.atan2(Math.abs(ax * by - ay * bx), ax * bx + ay * by) * 180) / Math.PI;
}

function areaOf(kind: 'ellipse' | 'rectangle', spacing: Spacing, from: ImagePoint, to: ImagePoint): Area {
  const box = Math.abs((to[0] - from[0]) * (to[1] - from[1]));
  const pixels = kind === 'ellipse' ? (box * Math.PI) / 4 : box;
  if (spacing.kind === 'none') return { value: pixels, unit: 'px' };
  const value = pixels * spacing.columnMm * spacing.rowMm;
  return { value, unit: spacing.kind === 'patient' ? 'mm2' : 'mm2-at-detector' };
}

/** Null where no pixel's centre lies inside, or where pixels have no single value. */
function statisticsIn(
  kind: 'ellipse' | 'rectangle',
  from: ImagePoint,
  to: ImagePoint,
  { rows, columns, rescale }: MeasuredImage,
  valueOf: PixelValue,
): PixelStatistics | null {
  const [left, right] = [Math.min(from[0], to[0]), Math.max(from[0], to[0])];
  const [top, bottom] = [Math.min(from[1], to[1]), Math.max(from[1], to[1])];
  const [centreX, centreY] = [(left + right) / 2, (top + bottom) / 2];
  const [radiusX, radiusY] = [(right - left) / 2, (bottom - top) / 2];
  let [pixels, mean, squares, min, max] = [0, 0, 0, Infinity, -Infinity];
  for (let row = Math.max(0, Math.ceil(top)); row <= Math.min(rows - 1, Math.floor(bottom)); row += 1) {
    for (let column = Math.max(0, Math.ceil(left)); column <= Math.min(columns - 1, Math.floor(right)); column += 1) {
      const [x, y] = [(column - centreX) / radiusX, (row - centreY) / radiusY];
      if (kind === 'ellipse' && x * x + y * y > 1) continue;
      const value = valueOf(column, row);
      if (value === null) return null;
      // Welford's: sums of squares of large values lose the small differences that the deviation is made of.
      pixels += 1;
      const step = value - mean;
      mean += step / pixels;
      squares += step * (value - mean);
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
  }
  return pixels === 0 ? null : { pixels, mean, sd: Math.sqrt(squares / pixels), min, max, unit: rescale.unit };
}
