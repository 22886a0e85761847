import { dot, imageCoordinateOf, normalOf, placeOf, type Vector3 } from '../geometry.ts';
import { measure } from '../measurements/measure.ts';
import type { ImagePoint, Measured, Measurement, MeasurementKind } from '../measurements/measurement.ts';
import type { MprState } from './mpr-state.ts';
import { type MprPlane, type PlaneFrame, reslice, type Slab, type Volume } from './reslice.ts';
import { toldAs, type VolumeGeometry, voxelOf } from './volume.ts';

/** A measurement on a plane through a volume: its points are places in the patient. It belongs to that plane and slab, and is drawn on no other. */
export type PlaneMeasurement = Measurement & {
  readonly on: {
    readonly plane: MprPlane;
    readonly frames: MprState['frames'];
    readonly slab: Slab;
    readonly places: readonly Vector3[];
  };
};

/** A book of measurements keeps both kinds; those of planes are known by where they are. */
export function isPlaneMeasurement(measurement: Measurement): measurement is PlaneMeasurement {
  return 'on' in measurement;
}

/** Samples of one area at most; a larger one is sampled further apart. */
const MOST_SAMPLES = 6_000_000;

/**
 * Measures in a plane: lengths in mm and angles as places in the patient lie; values of areas and points as resampled, between
 * voxels, at steps of the smallest voxel and however large the picture is drawn; of a slab what the slab shows. What lies
 * outside the volume has no value and is left out. Without `withValues` areas come without the values inside.
 */
export function measureInPlane(
  kind: MeasurementKind,
  places: readonly Vector3[],
  frame: PlaneFrame,
  volume: Volume,
  slab: Slab,
  withValues: boolean,
): Measured {
  const { unit, factor } = toldAs(volume.geometry);
  const inPlane = places.map((place) => [dot(place, frame.alongRow), dot(place, frame.alongColumn)] as const);
  const [us, vs] = [inPlane.map(([u]) => u), inPlane.map(([, v]) => v)];
  const [left, top] = [Math.min(...us), Math.min(...vs)];
  const [wideMm, highMm] = [Math.max(...us) - left, Math.max(...vs) - top];
  const finest = Math.min(...volume.geometry.spacingMm);
  const through = slab.kind === 'none' ? 1 : slab.mm / finest + 1;
  const samples = (wideMm / finest + 1) * (highMm / finest + 1) * through;
  const step = finest * Math.max(1, Math.sqrt(samples / MOST_SAMPLES));
  const size = { columns: Math.floor(wideMm / step) + 1, rows: Math.floor(highMm / step) + 1 };
  const hasValues = withValues && kind !== 'length' && kind !== 'angle';
  const [first = [0, 0, 0] as const] = places;
  const [u0 = 0, v0 = 0] = inPlane[0] ?? [];
  const at = (axis: 0 | 1 | 2) =>
    first[axis] + (left - u0) * frame.alongRow[axis] + (top - v0) * frame.alongColumn[axis];
  const plane = { originMm: [at(0), at(1), at(2)] as const, ...frame, columnSpacing: step, rowSpacing: step };
  const values = hasValues ? reslice(volume, { plane, ...size }, slab) : null;
  const points = inPlane.map(([u, v]): ImagePoint => [(u - left) / step, (v - top) / step]);
  const image = {
    ...{ ...size, spacing: { kind: 'patient', rowMm: step, columnMm: step } as const },
    rescale: { slope: 1, intercept: 0, unit },
  };
  return measure(
    kind,
    points,
    image,
    values && ((column, row) => valueIn(values, row * size.columns + column, factor)),
  );
}

function valueIn(values: Float32Array, index: number, factor: number): number | 'padding' {
  const value = values[index] ?? Number.NaN;
  return Number.isNaN(value) ? 'padding' : value * factor;
}

/** What a pane shows, as far as a measurement belongs on it. */
type ShownPlane = {
  readonly plane: MprPlane;
  readonly seriesUid: string;
  readonly state: Pick<MprState, 'centre' | 'slab' | 'frames'>;
  readonly volume: Pick<Volume, 'geometry'>;
};

/** True when a measurement was made on what a pane shows now: the same series and plane of the patient, its rows the same way, through the same slab. */
export function isOnPlane({ on, seriesUid }: PlaneMeasurement, shown: ShownPlane): boolean {
  // Another series may lie at the same place, with other values, or in a frame of reference of its own.
  if (seriesUid !== shown.seriesUid) return false;
  const { centre, slab, frames } = shown.state;
  const frame = frames[shown.plane];
  const of = on.frames[on.plane];
  const [place] = on.places;
  if (place === undefined || dot(normalOf(of), normalOf(frame)) < 0.999999) return false;
  if (dot(of.alongRow, frame.alongRow) < 0.999999) return false;
  if (slab.kind !== on.slab.kind || (slab.kind !== 'none' && slab.mm !== on.slab.mm)) return false;
  const offset: Vector3 = [place[0] - centre[0], place[1] - centre[1], place[2] - centre[2]];
  return Math.abs(dot(offset, normalOf(frame))) < Math.min(...shown.volume.geometry.spacingMm) / 2;
}

/** A measurement's points on a pane's picture, and back. */
export function pointsOn(
  plane: Parameters<typeof imageCoordinateOf>[0],
  places: readonly Vector3[],
): readonly ImagePoint[] {
  return places.map((place) => imageCoordinateOf(plane, place));
}

/** The places below points of a pane's picture. */
export function placesBelow(plane: Parameters<typeof placeOf>[0], points: readonly ImagePoint[]): readonly Vector3[] {
  return points.map(([x, y]) => placeOf(plane, x, y));
}

/** The middle of what was measured. */
export function middleOfPlaces(places: readonly Vector3[]): Vector3 {
  const mean = (axis: 0 | 1 | 2) => places.reduce((sum, place) => sum + place[axis], 0) / Math.max(1, places.length);
  return [mean(0), mean(1), mean(2)];
}

/** The image of the volume nearest to what was measured: where the original pixels are. */
export function nearestImage(
  geometry: VolumeGeometry,
  places: readonly Vector3[],
): Pick<Measurement, 'sopUid' | 'frameNumber' | 'position'> {
  const index = Math.round(voxelOf(geometry, middleOfPlaces(places))[2]);
  const nearest = Math.max(0, Math.min(geometry.images.length - 1, index));
  const image = geometry.images[nearest];
  return { sopUid: image?.sopUid ?? '', frameNumber: image?.frame ?? 1, position: nearest + 1 };
}
