import { lengthBetween, pixelSize, type Spacing } from '../spacing.ts';
import type { StackImage } from '../stack.ts';
import type { Area, ImagePoint, Measured, MeasurementKind } from './measurement.ts';
import { type PixelValue, statisticsIn } from './pixel-statistics.ts';
import { axesBetween, levelAt, type Scale, scaleAt } from './ultrasound-regions.ts';

/** An image as far as measuring asks. */
export type MeasuredImage = Pick<StackImage, 'rows' | 'columns' | 'spacing' | 'rescale' | 'regions'>;

/**
 * Measures what these points make on this image: lengths and areas in the image's own unit (mm, mm at the detector, or widths of a
 * pixel), angles in degrees; in an ultrasound region along its axes. Without `valueOf` areas come without the values inside, which
 * takes long on a large film.
 */
export function measure(
  kind: MeasurementKind,
  points: readonly ImagePoint[],
  image: MeasuredImage,
  valueOf: PixelValue | null,
): Measured {
  const [first = [0, 0], second = first, third = second] = points;
  const scale: Scale =
    image.regions === undefined ? { spacing: image.spacing, region: null } : scaleAt(image.regions, points);
  const { spacing, region } = scale;
  const note = scale.note && { note: scale.note };
  switch (kind) {
    case 'length':
      return (
        (region && axesBetween(region, first, second)) ?? {
          ...{ of: 'length', length: lengthBetween(spacing, first, second) },
          ...note,
        }
      );
    case 'angle': {
      const isNowhere = scale.note === 'not-spatial' || scale.note === 'across-regions';
      return { of: 'angle', degrees: isNowhere ? null : angleAt(spacing, first, second, third), ...note };
    }
    case 'ellipse':
    case 'rectangle':
      return {
        of: 'area',
        area: areaOf(kind, spacing, first, second),
        ...valuesIn(kind, points, image, valueOf),
        ...note,
      };
    case 'probe':
      return (region && levelAt(region, first)) ?? valueAtPoint(first, image, valueOf);
  }
}

function valueAtPoint([column, row]: ImagePoint, image: MeasuredImage, valueOf: PixelValue | null): Measured {
  const { unit } = image.rescale;
  const value = valueOf === null ? null : valueOf(pixelAt(column, image.columns), pixelAt(row, image.rows));
  if (typeof value === 'number') return { of: 'value', value, unit };
  return { of: 'value', value: null, unit, without: value ?? 'colour' };
}

/** The pixel below a coordinate: the far edge of the last pixel, where a point beside the image is set, is still of that one. */
function pixelAt(coordinate: number, count: number): number {
  return coordinate === count - 0.5 ? count - 1 : Math.round(coordinate);
}

/** The angle at the middle point; pixels that are not square are taken as long as they are. */
function angleAt(spacing: Spacing, from: ImagePoint, corner: ImagePoint, to: ImagePoint): number {
  const { width, height } = pixelSize(spacing);
  const leg = (end: ImagePoint) => [(end[0] - corner[0]) * width, (end[1] - corner[1]) * height] as const;
  const [ax, ay] = leg(from);
  const [bx, by] = leg(to);
  return (Math.atan2(Math.abs(ax * by - ay * bx), ax * bx + ay * by) * 180) / Math.PI;
}

const AREA_UNITS = { patient: 'mm2', detector: 'mm2-at-detector', none: 'px' } as const;

function areaOf(kind: 'ellipse' | 'rectangle', spacing: Spacing, from: ImagePoint, to: ImagePoint): Area {
  const { width, height } = pixelSize(spacing);
  const box = Math.abs((to[0] - from[0]) * width * (to[1] - from[1]) * height);
  const magnification = spacing.kind === 'detector' ? spacing.magnification : undefined;
  return {
    value: kind === 'ellipse' ? (box * Math.PI) / 4 : box,
    unit: AREA_UNITS[spacing.kind],
    ...(magnification !== undefined && { magnification }),
  };
}

function valuesIn(
  kind: 'ellipse' | 'rectangle',
  points: readonly ImagePoint[],
  image: MeasuredImage,
  valueOf: PixelValue | null,
): Pick<Extract<Measured, { of: 'area' }>, 'statistics' | 'without'> {
  const [from = [0, 0], to = from] = points;
  if (valueOf === null) return { statistics: null };
  const counted = statisticsIn(kind, from, to, image, valueOf);
  return typeof counted === 'string' ? { statistics: null, without: counted } : { statistics: counted };
}
