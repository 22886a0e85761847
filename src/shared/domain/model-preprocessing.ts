import { z } from 'zod';

/**
 * What is done to a series before a model sees it: data, carried out in the order written. A grid has three axes, slices, rows
 * and columns, in this order everywhere; of single images the first axis counts images and has no millimetres.
 */

const Count = z.number().int().min(1).max(4096);
/** Per axis; null leaves the axis as it is. */
const PerAxis = <T extends z.ZodType>(of: T) => z.tuple([of.nullable(), of.nullable(), of.nullable()]);
/** `area`: each new cell is the mean of what it covers, `linear` and `cubic` (Catmull-Rom) look at points. */
export const INTERPOLATIONS = ['nearest', 'linear', 'cubic', 'area'] as const;
const Interpolation = z.enum(INTERPOLATIONS);
/** Letters of PS3.3 §C.7.6.1.1.1: the direction in which an index grows; S and I stand for head and feet there. */
const Direction = z.enum(['R', 'L', 'A', 'P', 'I', 'S']);

/** What is taken from the objects. */
export const ModelSource = z.strictObject({
  /** `volume`: one stack in patient space, ordered by position. `images`: each frame by itself, in the order of the series. */
  arrangement: z.enum(['volume', 'images']),
  /** `stored`: as decoded; `rescaled`: after the modality LUT (HU of CT); `displayed`: after VOI LUT too, 0 to 1. */
  values: z.enum(['stored', 'rescaled', 'displayed']).default('rescaled'),
  /** `bright-is-high` turns MONOCHROME1 over, within the values that its stored bits can have. */
  photometric: z.enum(['as-stored', 'bright-is-high']).default('bright-is-high'),
  /** `rgb` gives three channels; of grey images the same three times. */
  colour: z.enum(['grey', 'rgb']).default('grey'),
  /** What stands where the source has no pixel, or its padding value. */
  paddingValue: z.number().default(0),
});
export type ModelSource = z.infer<typeof ModelSource>;

/** What a volume may be like; what is neither as it should be nor corrected refuses the series, with the reason. */
export const ModelTolerates = z.strictObject({
  /** A step wider than so many slice thicknesses means that slices are missing. */
  maxGapOverThickness: z.number().min(1).default(1.6),
  /** `resample`: slices are interpolated onto even steps of the middle one (linear); `as-is`: taken as they come. */
  unevenSteps: z.enum(['refuse', 'as-is', 'resample']).default('refuse'),
  /** Gantry tilt beyond `maxTiltDegrees`: `shear` moves the rows back to where an upright stack has them (linear). */
  gantryTilt: z.enum(['refuse', 'as-is', 'shear']).default('as-is'),
  maxTiltDegrees: z.number().min(0).max(45).default(1),
  /** Two slices in one place: `first` keeps the lower instance number. */
  duplicates: z.enum(['refuse', 'first']).default('refuse'),
  /** `largest-stack`: of several orientations the one with most slices is read, if it holds so many shares of all. */
  mixedOrientations: z.enum(['refuse', 'largest-stack']).default('refuse'),
  minShareOfStack: z.number().min(0.5).max(1).default(0.9),
});
export type ModelTolerates = z.infer<typeof ModelTolerates>;

const GEOMETRY_STEPS = [
  /** Turns and flips the grid, by whole axes, so that slices, rows and columns grow in the directions named. */
  z.strictObject({ do: z.literal('orient'), towards: z.tuple([Direction, Direction, Direction]) }),
  /** To cells of so many millimetres. */
  z.strictObject({
    do: z.literal('resample'),
    spacingMm: PerAxis(z.number().positive().max(100)),
    interpolation: Interpolation,
  }),
  /** To so many cells. `stretch`: each axis by itself; `fit`: all of it within, by one scale; `fill`: all of the target covered. */
  z.strictObject({
    do: z.literal('resize'),
    to: PerAxis(Count),
    aspect: z.enum(['stretch', 'fit', 'fill']).default('stretch'),
    interpolation: Interpolation,
  }),
  /** Cuts off, or fills with `paddingValue` of the step or the source, until the grid has so many cells. */
  z.strictObject({
    do: z.literal('crop-or-pad'),
    to: PerAxis(Count),
    anchor: z.enum(['centre', 'start', 'end']).default('centre'),
    paddingValue: z.number().optional(),
  }),
  /** Fills at the end until each axis is a multiple. */
  z.strictObject({ do: z.literal('pad-to-multiple'), of: PerAxis(Count), paddingValue: z.number().optional() }),
] as const;

const Over = z.enum(['grid', 'slice']);
const INTENSITY_STEPS = [
  z.strictObject({ do: z.literal('clamp'), min: z.number(), max: z.number() }),
  /** Clamps to centre ± width / 2, then 0 to 1. */
  z.strictObject({ do: z.literal('window'), centre: z.number(), width: z.number().positive() }),
  /** x · multiply + add. */
  z.strictObject({ do: z.literal('scale'), multiply: z.number(), add: z.number().default(0) }),
  /** 0 to 1 between the least and greatest value; all alike gives 0. */
  z.strictObject({ do: z.literal('min-max'), over: Over.default('grid') }),
  /** Clamps to two percentiles (linear between neighbours), then 0 to 1. */
  z.strictObject({
    do: z.literal('percentile-range'),
    low: z.number().min(0).max(100),
    high: z.number().min(0).max(100),
    over: Over.default('grid'),
  }),
  /** (x − mean) / deviation (population), of the values above `above` where that is given; all alike gives 0. */
  z.strictObject({ do: z.literal('z-score'), over: Over.default('grid'), above: z.number().optional() }),
  /** To the nearest whole number, halves to even. */
  z.strictObject({ do: z.literal('round') }),
] as const;

/** One step that changes values only. */
export const IntensityStep = z.discriminatedUnion('do', [...INTENSITY_STEPS]);
export type IntensityStep = z.infer<typeof IntensityStep>;
/** One step of preparing a grid. */
export const PreparingStep = z.discriminatedUnion('do', [...GEOMETRY_STEPS, ...INTENSITY_STEPS]);
export type PreparingStep = z.infer<typeof PreparingStep>;

const Batch = z.number().int().min(1).max(256).default(1);
/** What one sample of the model is, cut from the prepared grid. */
export const ModelSampling = z.discriminatedUnion('kind', [
  /** All of it at once. */
  z.strictObject({ kind: z.literal('volume') }),
  /** Each slice, or image, by itself. */
  z.strictObject({ kind: z.literal('slices'), batch: Batch }),
  /** Each slice with its neighbours as channels; beyond the ends the last one again, or those slices are left out. */
  z.strictObject({
    kind: z.literal('slabs'),
    slices: z
      .number()
      .int()
      .min(3)
      .max(63)
      .refine((count) => count % 2 === 1, 'must be odd'),
    edges: z.enum(['repeat', 'leave-out']).default('repeat'),
    batch: Batch,
  }),
  /** Boxes that overlap by a share of their size; where they do, `blend` says how what they give is joined. */
  z.strictObject({
    kind: z.literal('patches'),
    size: z.tuple([Count, Count, Count]),
    overlap: z.number().min(0).max(0.9).default(0.5),
    blend: z.enum(['mean', 'gaussian']).default('gaussian'),
    batch: Batch,
  }),
]);
export type ModelSampling = z.infer<typeof ModelSampling>;

export const Preprocessing = z.strictObject({
  source: ModelSource,
  tolerates: ModelTolerates.prefault({}),
  steps: z.array(PreparingStep).max(32).default([]),
  /** Each channel is the prepared grid after steps of its own: windows as channels, say. */
  channels: z.array(z.array(IntensityStep).max(16)).min(1).max(32).default([[]]),
  sampling: ModelSampling,
});
export type Preprocessing = z.infer<typeof Preprocessing>;
