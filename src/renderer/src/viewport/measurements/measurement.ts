import type { Length } from '../spacing.ts';
import type { FrameAddress, StackImage } from '../stack.ts';

/** What a reader can measure on an image. */
export const MEASUREMENT_KINDS = ['length', 'angle', 'ellipse', 'rectangle', 'probe'] as const;
export type MeasurementKind = (typeof MEASUREMENT_KINDS)[number];

/** How many points each kind is drawn from: ends, legs and corner, opposite corners of its box, or the pixel itself. */
export const POINTS_OF: Readonly<Record<MeasurementKind, number>> = {
  length: 2,
  angle: 3,
  ellipse: 2,
  rectangle: 2,
  probe: 1,
};

/** Column and row on an image; whole numbers are pixel centres. */
export type ImagePoint = readonly [number, number];

/** An area in the unit its image's spacing allows; of one at the detector, how much its sides are magnified where that is known. */
export type Area = {
  readonly value: number;
  readonly unit: 'mm2' | 'mm2-at-detector' | 'px';
  readonly magnification?: number;
};

/** Why a measurement says less than it could: it crosses ultrasound regions, lies in none, or in one that shows no distances. */
export const MEASURE_NOTES = ['across-regions', 'outside-regions', 'not-spatial'] as const;
export type MeasureNote = (typeof MEASURE_NOTES)[number];

/** What an axis of an ultrasound region can show (PS3.3 §C.8.5.5.1.15), centimetres told in millimetres. */
export const AXIS_UNITS = ['mm', 's', 'cm/s', 'Hz', '%', 'dB', 'dB/s'] as const;

/** A quantity along an axis of an ultrasound region. */
export type AxisValue = { readonly value: number; readonly unit: (typeof AXIS_UNITS)[number] };

/** Why there are no values: pixels are colours, or are padding and no image. */
export type NoValues = 'colour' | 'padding';

/** Values of the pixels whose centres lie inside, after rescale; `sd` is of the whole population of those pixels. */
export type PixelStatistics = {
  readonly pixels: number;
  /** Pixels inside that were left out: padding, and what is no number. */
  readonly leftOut: number;
  readonly mean: number;
  readonly sd: number;
  readonly min: number;
  readonly max: number;
  /** Null where the image says no unit. */
  readonly unit: string | null;
};

/** What a measurement came to. `statistics` is null while it is drawn, and where there are no values: `without` then says why. */
export type Measured =
  | { readonly of: 'length'; readonly length: Length; readonly note?: MeasureNote }
  /** Along the axes of an ultrasound region that are no distances both; null along one without a unit. */
  | { readonly of: 'axes'; readonly across: AxisValue | null; readonly down: AxisValue | null }
  /** From the baseline of such a region. */
  | { readonly of: 'level'; readonly level: AxisValue }
  /** Null where the image shows no directions to be held against each other. */
  | { readonly of: 'angle'; readonly degrees: number | null; readonly note?: MeasureNote }
  | {
      readonly of: 'area';
      readonly area: Area;
      readonly statistics: PixelStatistics | null;
      readonly without?: NoValues;
      readonly note?: MeasureNote;
    }
  | {
      readonly of: 'value';
      readonly value: number | null;
      readonly unit: string | null;
      readonly without?: NoValues;
    };

/** One measurement on exactly one frame; it is drawn on no other. */
export type Measurement = FrameAddress & {
  readonly id: string;
  readonly kind: MeasurementKind;
  readonly seriesUid: string;
  /** Where it stands among the images of its series as they are scrolled, from 1. */
  readonly position: number;
  readonly points: readonly ImagePoint[];
  readonly measured: Measured;
};

/** True when a measurement belongs on this picture. */
export function isOn(measurement: FrameAddress, image: Pick<StackImage, 'sopUid' | 'frame'>): boolean {
  return measurement.sopUid === image.sopUid && measurement.frameNumber === image.frame;
}
