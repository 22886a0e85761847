import type { Affine } from './affine.ts';
import type { Vector } from './vector.ts';

/** One decoded frame as the object holds it, with its place in the patient where it has one. */
export type SourceFrame = {
  readonly sopUid: string;
  /** From 1 on (PS3.3 §C.7.6.6.1.1); 1 of an object of one frame. */
  readonly frameNumber: number;
  readonly instanceNumber: number | null;
  readonly rows: number;
  readonly columns: number;
  readonly channels: 1 | 3;
  /** Values as the manifest's source asks for them, row by row, channels interleaved; padding already replaced. */
  readonly values: Float32Array | Int16Array;
  /** Null for what has no place in the patient, as projection images. */
  readonly place: FramePlace | null;
  /** Between rows, between columns; null where the image is not calibrated. */
  readonly pixelMm: readonly [number, number] | null;
};

/** Where a frame lies (LPS, mm; PS3.3 §C.7.6.2.1.1). */
export type FramePlace = {
  /** Centre of the first pixel. */
  readonly position: Vector;
  /** Direction in which the column index grows, and the row index grows. */
  readonly alongRow: Vector;
  readonly alongColumn: Vector;
  readonly thicknessMm: number | null;
  readonly frameOfReferenceUid: string | null;
};

/** What was done to a stack before a model saw it, because the manifest tolerates what was wrong; in receipts. */
export const STACK_CORRECTIONS = ['duplicates-left-out', 'others-left-out', 'steps-evened', 'tilt-sheared'] as const;
export type StackCorrection = (typeof STACK_CORRECTIONS)[number];

/**
 * Frames in the order of the first axis. Of a volume all have one size and orientation, and follow each other along the normal
 * of the slices (alongRow × alongColumn), whichever way that points. Of images all have one size; a series of several sizes
 * makes several stacks.
 */
export type SourceStack = {
  readonly arrangement: 'volume' | 'images';
  readonly frames: readonly SourceFrame[];
  /** Of a volume: steps between neighbouring planes along the normal, one fewer than frames; none for images. */
  readonly stepsMm: readonly number[];
  /** Angle between the line through the slices' corners and their normal, 0 to 90; 0 for images. */
  readonly tiltDegrees: number;
  readonly corrections: readonly StackCorrection[];
  /** Frames of the series that are not in the stack, where the manifest tolerates that. */
  readonly leftOut: readonly Pick<SourceFrame, 'sopUid' | 'frameNumber'>[];
};

/** A grid as a model sees it, and the way back to the pixels it was made of. Index 0 is the centre of the first cell. */
export type PreparedGrid = {
  /** [channels, slices, rows, columns]. */
  readonly values: Float32Array;
  readonly channels: number;
  readonly shape: readonly [number, number, number];
  /** Between slices (mean), rows, columns; null along an axis that has no millimetres. */
  readonly spacingMm: readonly [number | null, number | null, number | null];
  /** Of each slice of the grid, the millimetres that it stands for across it; null for images. */
  readonly extentsMm: readonly number[] | null;
  /** Takes an index in the grid to one in the stack, evened out where its steps were not. */
  readonly toStack: Affine;
  /**
   * Which slice of the evened stack each frame lies at, as a fraction that rises with the frames; straight between them, and beyond
   * the ends as between the last two. Null where the stack was taken as it came: slice and frame are then one.
   */
  readonly sliceOfFrame: readonly number[] | null;
  /** Of each channel: what stands where the source has no pixel, as the steps have changed it. */
  readonly paddingValues: readonly number[];
  /** Where on the first axis the images of another object begin, 0 first. */
  readonly objectStarts: readonly number[];
  readonly stack: SourceStack;
};

/** What a model sees at once, and where in the grid that is. */
export type ModelSample = {
  /** First cell of the sample; of a slab its middle slice, of a clip its first frame. */
  readonly origin: readonly [number, number, number];
  /** Slices, rows, columns; of a slab one slice, of a clip all between its first and last frame. A patch may reach beyond the end of a grid that is smaller. */
  readonly size: readonly [number, number, number];
  readonly channels: number;
  /** Slices in `values`: those of `size`, of a slab also the neighbours, of a clip its frames. */
  readonly depth: number;
  /** [channels, depth, rows, columns]. */
  readonly values: Float32Array;
};
