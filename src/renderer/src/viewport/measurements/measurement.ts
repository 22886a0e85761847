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

/** An area in the unit its image's spacing allows. */
export type Area = { readonly value: number; readonly unit: 'mm2' | 'mm2-at-detector' | 'px' };

/** Values of the pixels whose centres lie inside, after rescale; `sd` is of the whole population of those pixels. */
export type PixelStatistics = {
  readonly pixels: number;
  readonly mean: number;
  readonly sd: number;
  readonly min: number;
  readonly max: number;
  /** Null where the image says no unit. */
  readonly unit: string | null;
};

/** What a measurement came to. `statistics` is null while it is drawn, and where pixels are colours. */
export type Measured =
  | { readonly of: 'length'; readonly length: Length }
  | { readonly of: 'angle'; readonly degrees: number }
  | { readonly of: 'area'; readonly area: Area; readonly statistics: PixelStatistics | null }
  | { readonly of: 'value'; readonly value: number | null; readonly unit: string | null };

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
