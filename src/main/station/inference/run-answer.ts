import { z } from 'zod';
import { STACK_CORRECTIONS } from './runner/prepared-grid.ts';

/** What a model said of a series, as it travels from the runner: each part bounded, each place a frame of the source. */

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const DicomUid = z.string().regex(/^[0-9.]{1,64}$/);
export const Finite = z.number().refine(Number.isFinite, 'a finite number');
const Place = z.tuple([Finite, Finite, Finite]);
export const Millis = z.number().nonnegative();

/** How many numbers, boxes and rectangles one answer holds at most; what is over is counted, not sent. */
export const ANSWER_LIMITS = {
  outputs: 16_384,
  profilePositions: 4096,
  profileNumbers: 32_768,
  boxes: 1000,
  boxFrames: 20_000,
  masks: 512,
  heatmaps: 64,
  frames: 20_000,
} as const;

/** One frame of the source (PS3.3 §C.7.6.6.1.1: from 1 on). */
export const FrameReference = z.strictObject({ sopUid: DicomUid, frameNumber: z.number().int().min(1) });
export type FrameReference = z.infer<typeof FrameReference>;

/** The image that shows something best, and where in the patient it is (LPS, mm); null where that has no single place. */
export const KeyFrame = FrameReference.extend({ centreMm: Place.nullable() });
export type KeyFrame = z.infer<typeof KeyFrame>;

/** One number a model gave of the study, after its shape and range were checked and its samples were joined. */
export const RunOutput = z.strictObject({
  tensor: z.string(),
  role: z.enum(['probability', 'measurement']),
  label: z.string(),
  value: Finite,
  unit: z.string().nullable(),
  /** Where it was highest, of several samples. */
  key: KeyFrame.nullable(),
});
export type RunOutput = z.infer<typeof RunOutput>;

/** What each sample said before they were joined: one score a label and position, in the order of the prepared grid. */
export const RunProfile = z.strictObject({
  tensor: z.string(),
  /** The frame in the middle of each position. */
  frames: z.array(FrameReference).min(1).max(ANSWER_LIMITS.profilePositions),
  /** How many neighbouring samples each position stands for, by the worst of them. */
  samplesEach: z.number().int().min(1),
  labels: z.array(z.strictObject({ label: z.string(), scores: z.array(Finite).max(ANSWER_LIMITS.profilePositions) })),
});
export type RunProfile = z.infer<typeof RunProfile>;

/** A rectangle on the pixels of one frame, in columns and rows from the corner of the first pixel (PS3.3 §C.18.6.1.1). */
export const FrameBox = FrameReference.extend({ left: Finite, top: Finite, right: Finite, bottom: Finite });
export type FrameBox = z.infer<typeof FrameBox>;

/** One thing a detector found, on every frame it crosses. */
export const RunBox = z.strictObject({
  tensor: z.string(),
  label: z.string(),
  score: Finite,
  key: KeyFrame,
  frames: z.array(FrameBox).min(1),
  /** Lengths of its edges; null where the source has no millimetres there. */
  sizeMm: z.tuple([Finite.nullable(), Finite.nullable(), Finite.nullable()]),
  /** The longer edge on the images; null where they are not calibrated. */
  diameterMm: Finite.nullable(),
  /** Of the ellipsoid that the box holds; null without three axes in millimetres. */
  volumeMl: Finite.nullable(),
});
export type RunBox = z.infer<typeof RunBox>;

/** One source frame of a mask, in the order of the stack; no volume where the source has no third dimension. */
export const MaskSlice = FrameReference.extend({
  pixels: z.number().int().nonnegative(),
  volumeMl: z.number().nonnegative().nullable(),
});
export type MaskSlice = z.infer<typeof MaskSlice>;

/**
 * A mask on the source pixels. The file in the outbox is `<digest>.bits.gz`, named by the SHA-256 of its bytes: gzip of one
 * bit per pixel, least significant bit first, frames in the order of `slices` without padding between them (PS3.5 §8.1.1).
 */
export const RunMask = z.strictObject({
  tensor: z.string(),
  label: z.string(),
  digest: Sha256,
  sizeBytes: z.number().int().positive(),
  rows: z.number().int().positive(),
  columns: z.number().int().positive(),
  /** Every source frame that was read, set pixels or not. */
  slices: z.array(MaskSlice).min(1).max(ANSWER_LIMITS.frames),
  pixels: z.number().int().nonnegative(),
  volumeMl: z.number().nonnegative().nullable(),
  /** Connected parts on the model's grid, the cells they have, and the highest value of any cell. */
  parts: z.number().int().nonnegative(),
  cells: z.number().int().nonnegative(),
  peak: Finite.nullable(),
  /** The largest part: its centre in patient coordinates (LPS, mm), the frame showing most of it, its longest line on one frame. */
  largest: z
    .strictObject({
      centreMm: Place.nullable(),
      volumeMl: z.number().nonnegative().nullable(),
      keySopUid: DicomUid,
      keyFrameNumber: z.number().int().min(1),
      longest: FrameReference.extend({
        mm: Finite,
        /** Column and row of the pixel at each end, from the corner of the first pixel. */
        from: z.tuple([Finite, Finite]),
        to: z.tuple([Finite, Finite]),
      }).nullable(),
    })
    .nullable(),
});
export type RunMask = z.infer<typeof RunMask>;

/**
 * A heatmap for display on the source frames. The file in the outbox is `<digest>.bits.gz`: gzip of one byte a cell, 0 for
 * `low` and 255 for `high`, `rows` × `columns` a frame in the order of `frames`; each cell covers the same share of the frame.
 */
export const RunHeatmap = z.strictObject({
  tensor: z.string(),
  label: z.string(),
  digest: Sha256,
  sizeBytes: z.number().int().positive(),
  rows: z.number().int().positive(),
  columns: z.number().int().positive(),
  low: Finite,
  high: Finite,
  frames: z.array(FrameReference).min(1).max(ANSWER_LIMITS.frames),
});
export type RunHeatmap = z.infer<typeof RunHeatmap>;

export const StageTimings = z.strictObject({
  readMs: Millis,
  decodeMs: Millis,
  preprocessMs: Millis,
  inferMs: Millis,
  postprocessMs: Millis,
});
export type StageTimings = z.infer<typeof StageTimings>;

const Span = z.strictObject({ fromMs: Millis, toMs: Millis });
/**
 * When its series was prepared and when it was computed on, in ms since 1970. `isAhead`: prepared on a hint, while an earlier run
 * computed.
 */
export const RunSpans = z.strictObject({ prepare: Span.extend({ isAhead: z.boolean() }), compute: Span });
export type RunSpans = z.infer<typeof RunSpans>;

/** What the geometry of the series was, kept in the receipt; spacing is between slice planes along their normal, null for images. */
export const SeriesGeometrySummary = z.strictObject({
  arrangement: z.enum(['volume', 'images']),
  /** Frames that were read. */
  slices: z.number().int(),
  rows: z.number().int(),
  columns: z.number().int(),
  pixelSpacingMm: z.tuple([Finite, Finite]).nullable(),
  minSpacingMm: Finite.nullable(),
  maxSpacingMm: Finite.nullable(),
  tiltDegrees: Finite,
  /** In which the coordinates of this answer are (PS3.3 §C.7.4.1). */
  frameOfReferenceUid: DicomUid.nullable(),
  /** Objects in another one than the first frame, or in none. */
  apart: z
    .array(z.strictObject({ sopUid: DicomUid, frameOfReferenceUid: DicomUid.nullable() }))
    .max(ANSWER_LIMITS.frames)
    .optional(),
  /** What was corrected because the manifest tolerates it, and how many frames were left out for it. */
  corrections: z.array(z.enum(STACK_CORRECTIONS)),
  leftOut: z.number().int().nonnegative(),
  /** Images of several sizes are read apart. */
  stacks: z.number().int().positive(),
  /** Mean of the series' values in the unit of the model's source, displayed ones 0 to 255; for the watch on drift. */
  meanIntensity: Finite.optional(),
  /** What the model was given of the first stack: slices, rows, columns; and how many samples were cut in all. */
  grid: z.strictObject({
    shape: z.tuple([z.number().int(), z.number().int(), z.number().int()]),
    spacingMm: z.tuple([Finite.nullable(), Finite.nullable(), Finite.nullable()]),
    samples: z.number().int(),
    /** How many of them the model was given at once, at most. */
    atOnce: z.number().int().positive().optional(),
  }),
});
export type SeriesGeometrySummary = z.infer<typeof SeriesGeometrySummary>;
