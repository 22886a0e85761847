import { type DicomJson, itemsOf, numberOf, textOf } from '../dicom-json.ts';
import type { Spacing } from '../spacing.ts';
import type { AxisValue, ImagePoint, Measured, MeasureNote } from './measurement.ts';

/** What one pixel along an axis of a region is, and the image coordinate at which it shows nothing, the baseline of a spectrum; null where it says none. */
type RegionAxis = { readonly unit: AxisValue['unit']; readonly perPixel: number; readonly zeroAt: number | null };

/** A part of an ultrasound picture with a scale of its own (PS3.3 §C.8.5.5): columns and rows from first to last, and what its axes show. */
export type UltrasoundRegion = {
  readonly columns: readonly [first: number, last: number];
  readonly rows: readonly [first: number, last: number];
  /** What distances in it mean: those of tissue, in centimetres both ways, alone. */
  readonly spacing: Spacing;
  readonly across: RegionAxis | null;
  readonly down: RegionAxis | null;
  /** Its pixels lie over those of the others (RegionFlags, bit 0). */
  readonly isOnTop: boolean;
};

/** What holds between some points of a picture: a spacing, the region they lie in where its axes are no distances, and why there is no more. */
export type Scale = {
  readonly spacing: Spacing;
  readonly region: UltrasoundRegion | null;
  readonly note?: MeasureNote;
};

const TWO_DIMENSIONAL = 1;

/** Codes of PhysicalUnits (PS3.3 §C.8.5.5.1.15): what they are told as, and how many of it one is. */
const UNITS: Readonly<Record<number, readonly [AxisValue['unit'], number]>> = {
  1: ['%', 1],
  2: ['dB', 1],
  3: ['mm', 10],
  4: ['s', 1],
  5: ['Hz', 1],
  6: ['dB/s', 1],
  7: ['cm/s', 1],
};

/** The regions an ultrasound picture names; null of other pictures, and where it names none. */
export function ultrasoundRegionsOf(dataSet: DicomJson): readonly UltrasoundRegion[] | null {
  if (textOf(dataSet, '00080060') !== 'US') return null;
  const regions = itemsOf(dataSet, '00186011').flatMap((item): readonly UltrasoundRegion[] => {
    const [x0, y0, x1, y1] = ['00186018', '0018601A', '0018601C', '0018601E'].map((tag) => numberOf(item, tag));
    if (x0 == null || y0 == null || x1 == null || y1 == null) return [];
    const across = axisOf(item, { unit: '00186024', delta: '0018602C', reference: '00186020', value: '00186028' }, x0);
    const down = axisOf(item, { unit: '00186026', delta: '0018602E', reference: '00186022', value: '0018602A' }, y0);
    const isTissue = numberOf(item, '00186012') === TWO_DIMENSIONAL && across?.unit === 'mm' && down?.unit === 'mm';
    const spacing: Spacing = isTissue
      ? { kind: 'patient', rowMm: down.perPixel, columnMm: across.perPixel }
      : { kind: 'none' };
    const isOnTop = ((numberOf(item, '00186016') ?? 0) & 1) === 1;
    return [{ columns: [x0, x1], rows: [y0, y1], spacing, across, down, isOnTop }];
  });
  return regions.length === 0 ? null : regions;
}

type AxisTags = { readonly unit: string; readonly delta: string; readonly reference: string; readonly value: string };

function axisOf(item: DicomJson, tags: AxisTags, first: number): RegionAxis | null {
  const [unit, times] = UNITS[numberOf(item, tags.unit) ?? 0] ?? [];
  const delta = numberOf(item, tags.delta) ?? 0;
  if (unit === undefined || times === undefined || delta === 0) return null;
  const [reference, value] = [numberOf(item, tags.reference), numberOf(item, tags.value)];
  // Where its reference pixel is counted from the region's own corner and shows so much.
  const zeroAt = reference === null ? null : first + reference - (value ?? 0) / delta;
  return { unit, perPixel: Math.abs(delta) * times, zeroAt };
}

/**
 * What holds between these points: the scale of the region that holds them all, of several the one on top. Across regions, also of
 * one scale, and beside them pixels alone: what lies between two pictures is no distance.
 */
export function scaleAt(regions: readonly UltrasoundRegion[], points: readonly ImagePoint[]): Scale {
  const holding = regions.filter((region) => points.every((point) => holds(region, point)));
  const onTop = holding.filter(({ isOnTop }) => isOnTop);
  const candidates = onTop.length > 0 ? onTop : holding;
  // Some makers call the whole screen a region too, which shows nothing.
  const [region, ...others] = candidates.filter(
    (one) => !(isMute(one) && candidates.some((other) => other !== one && encloses(one, other))),
  );
  if (region === undefined || others.some((other) => !isAlike(region, other))) {
    const isTouching = regions.some((one) => points.some((point) => holds(one, point)));
    return { spacing: { kind: 'none' }, region: null, note: isTouching ? 'across-regions' : 'outside-regions' };
  }
  if (region.spacing.kind !== 'none') return { spacing: region.spacing, region: null };
  return { spacing: region.spacing, region, note: 'not-spatial' };
}

/** A line in a region that shows something else than distances: how far it goes along each axis; null where neither says what it shows. */
export function axesBetween({ across, down }: UltrasoundRegion, from: ImagePoint, to: ImagePoint): Measured | null {
  if (across === null && down === null) return null;
  const along = (axis: RegionAxis | null, pixels: number): AxisValue | null =>
    axis && { value: Math.abs(pixels) * axis.perPixel, unit: axis.unit };
  return { of: 'axes', across: along(across, to[0] - from[0]), down: along(down, to[1] - from[1]) };
}

/** How far a point stands from the region's baseline, as the velocity of a peak; null where the region says no baseline. */
export function levelAt({ down }: UltrasoundRegion, [, row]: ImagePoint): Measured | null {
  if (down?.zeroAt == null || down.unit === 'mm') return null;
  return { of: 'level', level: { value: Math.abs(row - down.zeroAt) * down.perPixel, unit: down.unit } };
}

/** Whether it says nothing of what its pixels are. */
function isMute({ spacing, across, down }: UltrasoundRegion): boolean {
  return spacing.kind === 'none' && across === null && down === null;
}

function encloses(a: UltrasoundRegion, b: UltrasoundRegion): boolean {
  const within = (outer: readonly [number, number], inner: readonly [number, number]) =>
    outer[0] <= inner[0] && outer[1] >= inner[1];
  return within(a.columns, b.columns) && within(a.rows, b.rows);
}

function isAlike(a: UltrasoundRegion, b: UltrasoundRegion): boolean {
  const same = (one: RegionAxis | null, other: RegionAxis | null) =>
    one?.unit === other?.unit && Math.abs((one?.perPixel ?? 0) - (other?.perPixel ?? 0)) < 1e-9;
  return a.spacing.kind === b.spacing.kind && same(a.across, b.across) && same(a.down, b.down);
}

function holds({ columns, rows }: UltrasoundRegion, [column, row]: ImagePoint): boolean {
  return isWithin(columns, column) && isWithin(rows, row);
}

function isWithin([first, last]: readonly [number, number], at: number): boolean {
  return at >= first - 0.5 && at <= last + 0.5;
}
