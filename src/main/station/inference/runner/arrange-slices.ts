import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { cross, dot, type SourceSlice, type Vector } from './source-slice.ts';

/** Why slices do not make a volume. */
export type ArrangeFailure =
  | 'mixed-sizes'
  | 'mixed-orientations'
  | 'not-axial'
  | 'duplicate-positions'
  | 'uneven-spacing'
  | 'too-few-slices'
  | 'too-many-slices';

/** Slices in order from foot to head, with the millimetres along the normal that each one stands for. */
export type ArrangedSeries = {
  readonly slices: readonly SourceSlice[];
  readonly normal: Vector;
  readonly extentsMm: readonly number[];
  /** Steps between neighbouring planes along the normal; one fewer than slices. */
  readonly stepsMm: readonly number[];
  /** Angle between the slice planes and the plane across the patient, about the left-right axis. */
  readonly tiltDegrees: number;
};

/** What a model asks of its slices. */
export type ArrangeLimits = {
  readonly orientation: 'axial' | 'any';
  readonly minSlices: number;
  readonly maxSlices: number;
  readonly maxGapOverThickness: number;
};

const SAME_DIRECTION = 0.9999; // cosine of 0.8 degrees: scanners round
const AXIAL = 0.7; // cosine of 45 degrees: gantry tilt reaches 30
const SAME_PLACE_MM = 0.05;

/**
 * Orders slices by their position along the normal, never by instance number, and refuses what is no single volume. Gantry tilt
 * shears a stack: steps along the normal are then shorter than the table's, and pixel area times this step is the true volume
 * (PS3.3 §C.7.6.2.1.1).
 */
export function arrangeSlices(
  slices: readonly SourceSlice[],
  limits: ArrangeLimits,
): Result<ArrangedSeries, { readonly code: ArrangeFailure }> {
  const first = slices[0];
  if (first === undefined || slices.length < Math.max(2, limits.minSlices)) return err({ code: 'too-few-slices' });
  if (slices.length > limits.maxSlices) return err({ code: 'too-many-slices' });
  if (!slices.every((slice) => hasSameSize(slice, first))) return err({ code: 'mixed-sizes' });
  if (!slices.every((slice) => hasSameOrientation(slice, first))) return err({ code: 'mixed-orientations' });
  const toHead = cross(first.alongRow, first.alongColumn);
  if (limits.orientation === 'axial' && (Math.abs(toHead[2]) < AXIAL || !rowsFollowPatient(first)))
    return err({ code: 'not-axial' });
  const normal: Vector = toHead[2] < 0 ? [-toHead[0], -toHead[1], -toHead[2]] : toHead;

  const ordered = slices.toSorted((a, b) => dot(a.position, normal) - dot(b.position, normal));
  const stepsMm = ordered.slice(1).map((slice, index) => {
    return dot(slice.position, normal) - dot((ordered[index] as SourceSlice).position, normal);
  });
  if (stepsMm.some((step) => step < SAME_PLACE_MM)) return err({ code: 'duplicate-positions' });
  const typicalMm = stepsMm.toSorted((a, b) => a - b)[Math.floor(stepsMm.length / 2)] as number;
  const hasGap = stepsMm.some((step, index) => {
    const thickness = ((ordered[index]?.thicknessMm ?? typicalMm) + (ordered[index + 1]?.thicknessMm ?? typicalMm)) / 2;
    return step > limits.maxGapOverThickness * thickness;
  });
  if (hasGap) return err({ code: 'uneven-spacing' });
  const extentsMm = ordered.map((_, index) => {
    const before = stepsMm[index - 1] ?? stepsMm[index] ?? 0;
    const after = stepsMm[index] ?? before;
    return (before + after) / 2;
  });
  return ok({
    slices: ordered,
    normal,
    extentsMm,
    stepsMm,
    tiltDegrees: (Math.atan2(normal[1], normal[2]) * 180) / Math.PI,
  });
}

function hasSameSize(slice: SourceSlice, first: SourceSlice): boolean {
  return (
    slice.rows === first.rows &&
    slice.columns === first.columns &&
    Math.abs(slice.pixelMm[0] - first.pixelMm[0]) < 1e-3 * first.pixelMm[0] &&
    Math.abs(slice.pixelMm[1] - first.pixelMm[1]) < 1e-3 * first.pixelMm[1]
  );
}

function hasSameOrientation(slice: SourceSlice, first: SourceSlice): boolean {
  return (
    dot(slice.alongRow, first.alongRow) > SAME_DIRECTION && dot(slice.alongColumn, first.alongColumn) > SAME_DIRECTION
  );
}

/** True when rows run mainly left-right or front-back, so that turning by quarter turns and flips makes the slice upright. */
function rowsFollowPatient(slice: SourceSlice): boolean {
  return Math.max(Math.abs(slice.alongRow[0]), Math.abs(slice.alongRow[1])) > AXIAL;
}
