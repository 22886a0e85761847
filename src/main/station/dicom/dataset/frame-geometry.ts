import type { Dataset } from './dataset.ts';
import { findFunctionalGroup } from './functional-groups.ts';
import { items, number, numbers, text } from './values.ts';

/** Where one frame lies and how large its pixels are; null where the object does not say, or says what cannot be. */
export type FrameGeometry = {
  /** x, y, z of the first pixel's centre in the patient (LPS, mm). */
  readonly position: readonly [number, number, number] | null;
  /** Unit vectors along a row, then along a column. */
  readonly orientation: readonly [number, number, number, number, number, number] | null;
  /** Between rows, then between columns, in the patient (PixelSpacing). */
  readonly pixelMm: readonly [number, number] | null;
  /** Of projection images: the same at the detector, or over its magnification where the object estimates it. */
  readonly detectorPixelMm: readonly [number, number] | null;
  readonly sliceThicknessMm: number | null;
  readonly frameOfReferenceUid: string | null;
};

const COUNTS = { position: 3, orientation: 6, pixelMm: 2 } as const;

/** Geometry of the frame with this number, counted from 0: from its functional groups or the data set itself (PS3.3 §C.7.6.2, §C.7.6.16.2), of nuclear medicine from its detector. */
export function frameGeometry(dataset: Dataset, frame: number): FrameGeometry {
  const plane = planeOf(dataset);
  const of = (sequence: string) => findFunctionalGroup(dataset, frame, sequence) ?? dataset;
  const measures = of('PixelMeasuresSequence');
  const thickness = number(measures, 'SliceThickness');
  const turned = findFunctionalGroup(dataset, frame, 'PlaneOrientationSequence') ?? plane;
  const orientation = exactly(COUNTS.orientation, numbers(turned, 'ImageOrientationPatient'));
  const magnification = number(dataset, 'EstimatedRadiographicMagnificationFactor') ?? 1;
  const [betweenRows, betweenColumns] = spacingOf(numbers(dataset, 'ImagerPixelSpacing')) ?? [0, 0];
  const own = findFunctionalGroup(dataset, frame, 'PlanePositionSequence');
  const square = orientation !== null && isSquare(orientation) ? (orientation as FrameGeometry['orientation']) : null;
  return {
    position: own !== null ? positionIn(own) : positionOfFrame(dataset, positionIn(plane), frame, square),
    orientation: square,
    pixelMm: spacingOf(numbers(measures, 'PixelSpacing')),
    detectorPixelMm:
      betweenRows > 0 && magnification > 0 ? [betweenRows / magnification, betweenColumns / magnification] : null,
    sliceThicknessMm: thickness !== null && thickness > 0 ? thickness : null,
    frameOfReferenceUid: text(dataset, 'FrameOfReferenceUID'),
  };
}

/** An object of more frames says no more than it would be listened to for: models read no series of so many. */
const MOST_FRAMES = 10_000;
/** Frames are in one direction where the cosine between their normals is this or more. */
const SAME_DIRECTION = 0.999;

/**
 * Between which places along the normal of its slices an object's frames lie, the lower one first, in mm from the origin of the
 * patient's coordinates (PS3.3 §C.7.6.16.2); null where a frame has no place, or its slice another direction.
 */
export function frameSpanMm(dataset: Dataset, frames: number): readonly [number, number] | null {
  if (frames > MOST_FRAMES) return null;
  const first = frameGeometry(dataset, 0);
  const normal = first.orientation === null ? null : normalOf(first.orientation);
  if (first.position === null || normal === null) return null;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let frame = 0; frame < frames; frame += 1) {
    const { position, orientation } = frameGeometry(dataset, frame);
    if (position === null || orientation === null || dot(normalOf(orientation), normal) < SAME_DIRECTION) return null;
    const along = dot(position, normal);
    low = Math.min(low, along);
    high = Math.max(high, along);
  }
  return [low, high];
}

type Triple = readonly [number, number, number];

function normalOf([a, b, c, d, e, f]: NonNullable<FrameGeometry['orientation']>): Triple {
  return [b * f - c * e, c * d - a * f, a * e - b * d];
}

function dot(one: Triple, other: Triple): number {
  return one[0] * other[0] + one[1] * other[1] + one[2] * other[2];
}

/**
 * What says where an object's slices lie: the object itself, or, of reconstructed tomography of nuclear medicine, the one detector
 * whose item tells of its first slice (PS3.3 §C.8.4.11); of projections a detector's place is none of the image.
 */
export function planeOf(object: Dataset): Dataset {
  if (numbers(object, 'SliceVector') === null) return object;
  const placed = items(object, 'DetectorInformationSequence').filter((item) => positionIn(item) !== null);
  const [only] = placed;
  return only !== undefined && placed.length === 1 ? only : object;
}

function positionIn(dataset: Dataset): FrameGeometry['position'] {
  return exactly(COUNTS.position, numbers(dataset, 'ImagePositionPatient')) as FrameGeometry['position'];
}

/**
 * The position of a frame of an object that states one place: that of its first frame. The others lie along the normal where offsets
 * (RT Dose, PS3.3 §C.8.8.3.2) or numbers of slices (reconstructed tomography of nuclear medicine, §C.8.4.15) say how far; else
 * nobody says where they are.
 */
function positionOfFrame(
  dataset: Dataset,
  first: FrameGeometry['position'],
  frame: number,
  orientation: FrameGeometry['orientation'],
): FrameGeometry['position'] {
  const offsetMm = frameOffsetMm(dataset, frame, first, orientation);
  if (first === null || offsetMm === null) return null;
  if (offsetMm === 0) return first;
  if (orientation === null) return null;
  const [i, j, k] = normalOf(orientation);
  const [x, y, z] = first;
  return [x + i * offsetMm, y + j * offsetMm, z + k * offsetMm];
}

/** Millimetres along the normal from the place that the object states; null where it does not say. */
function frameOffsetMm(
  dataset: Dataset,
  frame: number,
  first: FrameGeometry['position'],
  orientation: FrameGeometry['orientation'],
): number | null {
  const offsets = numbers(dataset, 'GridFrameOffsetVector');
  if (offsets !== null) {
    const [start, at] = [offsets[0], offsets[frame]];
    // From the first frame on; or the planes' own z, of upright transverse planes alone.
    const isKnown = start === 0 || (start === first?.[2] && orientation?.join() === UPRIGHT);
    return isKnown && start !== undefined && at !== undefined ? at - start : null;
  }
  const slice = numbers(dataset, 'SliceVector')?.[frame];
  const stepMm = number(dataset, 'SpacingBetweenSlices');
  if (slice === undefined || slice === 1) return slice === 1 || frame === 0 ? 0 : null;
  return stepMm === null ? null : (slice - 1) * stepMm;
}

const UPRIGHT = '1,0,0,0,1,0';

function exactly(count: number, values: readonly number[] | null): readonly number[] | null {
  return values?.length === count ? values : null;
}

function spacingOf(values: readonly number[] | null): readonly [number, number] | null {
  const [betweenRows, betweenColumns] = exactly(COUNTS.pixelMm, values) ?? [];
  return betweenRows !== undefined && betweenColumns !== undefined && betweenRows > 0 && betweenColumns > 0
    ? [betweenRows, betweenColumns]
    : null;
}

const LOOSE = 0.01; // writers round

function isSquare(cosines: readonly number[]): boolean {
  const dot = (a: number, b: number) =>
    [0, 1, 2].reduce((sum, axis) => sum + (cosines[a + axis] as number) * (cosines[b + axis] as number), 0);
  return Math.abs(dot(0, 0) - 1) < LOOSE && Math.abs(dot(3, 3) - 1) < LOOSE && Math.abs(dot(0, 3)) < LOOSE;
}
