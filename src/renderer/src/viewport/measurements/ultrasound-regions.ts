import { type DicomJson, itemsOf, numberOf, textOf } from '../dicom-json.ts';
import type { Spacing } from '../spacing.ts';
import type { ImagePoint } from './measurement.ts';

/** A part of an ultrasound picture with a scale of its own (PS3.3 §C.8.5.5): columns and rows from first to last, and what distances in it mean. */
export type UltrasoundRegion = {
  readonly columns: readonly [first: number, last: number];
  readonly rows: readonly [first: number, last: number];
  readonly spacing: Spacing;
};

const TWO_DIMENSIONAL = 1;
const CENTIMETRES = 3;

/** The regions an ultrasound picture names; null of other pictures, and where it names none. Only of a picture of tissue, in centimetres both ways, distances mean anything. */
export function ultrasoundRegionsOf(dataSet: DicomJson): readonly UltrasoundRegion[] | null {
  if (textOf(dataSet, '00080060') !== 'US') return null;
  const regions = itemsOf(dataSet, '00186011').flatMap((item): readonly UltrasoundRegion[] => {
    const [x0, y0, x1, y1] = ['00186018', '0018601A', '0018601C', '0018601E'].map((tag) => numberOf(item, tag));
    if (x0 == null || y0 == null || x1 == null || y1 == null) return [];
    return [{ columns: [x0, x1], rows: [y0, y1], spacing: spacingIn(item) }];
  });
  return regions.length === 0 ? null : regions;
}

function spacingIn(item: DicomJson): Spacing {
  const [format, unitX, unitY, deltaX, deltaY] = ['00186012', '00186024', '00186026', '0018602C', '0018602E'].map(
    (tag) => numberOf(item, tag),
  );
  if (format !== TWO_DIMENSIONAL || unitX !== CENTIMETRES || unitY !== CENTIMETRES) return { kind: 'none' };
  const [columnMm, rowMm] = [10 * Math.abs(deltaX ?? 0), 10 * Math.abs(deltaY ?? 0)];
  return columnMm > 0 && rowMm > 0 ? { kind: 'patient', rowMm, columnMm } : { kind: 'none' };
}

/** What distances between these points mean: those of the one region that holds them all; in no region, in two, or across their border nothing but pixels. */
export function spacingBetween(regions: readonly UltrasoundRegion[], points: readonly ImagePoint[]): Spacing {
  const holding = regions.filter(({ columns, rows }) =>
    points.every(([column, row]) => isWithin(columns, column) && isWithin(rows, row)),
  );
  const [only] = holding;
  return only !== undefined && holding.length === 1 ? only.spacing : { kind: 'none' };
}

function isWithin([first, last]: readonly [number, number], at: number): boolean {
  return at >= first - 0.5 && at <= last + 0.5;
}
