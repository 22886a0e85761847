import type { Dataset } from './dataset.ts';
import { findFunctionalGroup } from './functional-groups.ts';
import { number, numbers, text } from './values.ts';

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

/** Geometry of the frame with this number, counted from 0: from its functional groups or the data set itself (PS3.3 §C.7.6.2, §C.7.6.16.2). */
export function frameGeometry(dataset: Dataset, frame: number): FrameGeometry {
  const of = (sequence: string) => findFunctionalGroup(dataset, frame, sequence) ?? dataset;
  const measures = of('PixelMeasuresSequence');
  const thickness = number(measures, 'SliceThickness');
  const orientation = exactly(COUNTS.orientation, numbers(of('PlaneOrientationSequence'), 'ImageOrientationPatient'));
  const magnification = number(dataset, 'EstimatedRadiographicMagnificationFactor') ?? 1;
  const [betweenRows, betweenColumns] = spacingOf(numbers(dataset, 'ImagerPixelSpacing')) ?? [0, 0];
  return {
    position: exactly(COUNTS.position, numbers(of('PlanePositionSequence'), 'ImagePositionPatient')) as
      | FrameGeometry['position']
      | null,
    orientation: orientation !== null && isSquare(orientation) ? (orientation as FrameGeometry['orientation']) : null,
    pixelMm: spacingOf(numbers(measures, 'PixelSpacing')),
    detectorPixelMm:
      betweenRows > 0 && magnification > 0 ? [betweenRows / magnification, betweenColumns / magnification] : null,
    sliceThicknessMm: thickness !== null && thickness > 0 ? thickness : null,
    frameOfReferenceUid: text(dataset, 'FrameOfReferenceUID'),
  };
}

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
