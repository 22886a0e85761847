import { z } from 'zod';
import { Plane } from './model-sources.ts';

/**
 * What is done to a series before a model sees it: data, carried out in the order written. A grid has three axes, slices, rows
 * and columns, in this order everywhere; of single images the first axis counts images and has no millimetres.
 */

const Count = z.number().int().min(1).max(4096);
/** Per axis; null leaves the axis as it is. */
const PerAxis = <T extends z.ZodType>(of: T) => z.tuple([of.nullable(), of.nullable(), of.nullable()]);
/** `area`: each new cell is the mean of what it covers, `linear` and `cubic` (Catmull-Rom) look at points. */
export const INTERPOLATIONS = ['nearest', 'linear', 'cubic', 'area'] as const;
const Interpolation = z
  .enum(INTERPOLATIONS)
  .describe(
    '`nearest`, `linear` and `cubic` (Catmull-Rom, a = −0.5) look at points, cell centres in line with cell centres (half-pixel); `area`: each new cell is the mean of what it covers.',
  );
const Antialias = z
  .boolean()
  .default(false)
  .describe(
    'Where the grid is made smaller, widens `linear` and `cubic` by the factor, as Pillow does and torchvision by default; OpenCV does not.',
  );
/** Letters of PS3.3 §C.7.6.1.1.1: the direction in which an index grows; S and I stand for head and feet there. */
const Direction = z.enum(['R', 'L', 'A', 'P', 'I', 'S']);
const StepPadding = z
  .number()
  .optional()
  .describe('What fills; left out, `source.paddingValue` as the steps before have changed it.');

/** What is taken from the objects. */
export const ModelSource = z.strictObject({
  arrangement: z
    .enum(['volume', 'images'])
    .describe(
      '`volume`: one stack in patient space, ordered by position. `images`: each frame by itself, in the order of the series.',
    ),
  values: z
    .enum(['stored', 'stored-share', 'rescaled', 'displayed'])
    .default('rescaled')
    .describe(
      '`stored`: as decoded; `stored-share`: the same as shares of what its stored bits can hold, 0 to 1; `rescaled`: after the modality LUT or rescale slope and intercept (HU of CT); `displayed`: after the VOI LUT or window too, 0 to 1.',
    ),
  photometric: z
    .enum(['as-stored', 'bright-is-high'])
    .default('bright-is-high')
    .describe('`bright-is-high` turns MONOCHROME1 over, within the values that its stored bits can have.'),
  colour: z
    .enum(['grey', 'rgb', 'bgr'])
    .default('grey')
    .describe('`rgb` and `bgr` give three channels in that order; of grey images the same three times.'),
  paddingValue: z
    .number()
    .default(0)
    .describe('What stands where the source has no pixel, or its pixel padding value (0028,0120).'),
});
export type ModelSource = z.infer<typeof ModelSource>;

/** What a volume may be like; what is neither as it should be nor corrected refuses the series, with the reason. */
export const ModelTolerates = z.strictObject({
  maxGapOverThickness: z
    .number()
    .min(1)
    .default(1.6)
    .describe('A step wider than so many slice thicknesses means that slices are missing.'),
  unevenSteps: z
    .enum(['refuse', 'as-is', 'resample'])
    .default('refuse')
    .describe(
      'Slices at uneven distances: `resample` interpolates them onto even steps of the middle one (linear); `as-is` takes them as they come.',
    ),
  gantryTilt: z
    .enum(['refuse', 'as-is', 'shear'])
    .default('as-is')
    .describe(
      'Gantry tilt beyond `maxTiltDegrees`: `shear` moves the rows back to where an upright stack has them (linear), on a grid so much larger that nothing is cut off.',
    ),
  maxTiltDegrees: z.number().min(0).max(45).default(1).describe('Degrees; up to here a stack counts as upright.'),
  duplicates: z
    .enum(['refuse', 'first'])
    .default('refuse')
    .describe('Two slices in one place: `first` keeps the lower instance number.'),
  mixedOrientations: z
    .enum(['refuse', 'largest-stack'])
    .default('refuse')
    .describe(
      '`largest-stack`: of several orientations the one with most slices is read, if it holds `minShareOfStack` of all.',
    ),
  minShareOfStack: z.number().min(0.5).max(1).default(0.9).describe('A share of the images, 0.5 to 1.'),
});
export type ModelTolerates = z.infer<typeof ModelTolerates>;

/** The axes of a grid, in their order. */
export const GRID_AXES = ['slices', 'rows', 'columns'] as const;
const GridAxis = z.enum(GRID_AXES);

const GEOMETRY_STEPS = [
  z
    .strictObject({
      do: z.literal('orient'),
      towards: z
        .tuple([Direction, Direction, Direction])
        .refine(
          (letters) => new Set(letters.map((letter) => 'RLAPIS'.indexOf(letter) >> 1)).size === 3,
          'one direction of each pair: R or L, A or P, I or S',
        )
        .describe('Where the index of slices, rows and columns grows to, such as `["S","P","L"]` of an axial stack.'),
    })
    .describe(
      'Turns and flips the grid, by whole axes, so that slices, rows and columns grow in the directions named.',
    ),
  z
    .strictObject({
      do: z.literal('resample'),
      spacingMm: PerAxis(z.number().positive().max(100)).describe('Of slices, rows and columns; null leaves an axis.'),
      interpolation: Interpolation,
      antialias: Antialias,
    })
    .describe('To cells of so many millimetres.'),
  z
    .strictObject({
      do: z.literal('resize'),
      to: PerAxis(Count).describe('Cells of slices, rows and columns; null leaves an axis.'),
      aspect: z
        .enum(['stretch', 'fit', 'fill'])
        .default('stretch')
        .describe(
          '`stretch`: each axis by itself; `fit`: all of it within, by one scale; `fill`: all of the target covered, by one scale.',
        ),
      interpolation: Interpolation,
      antialias: Antialias,
    })
    .describe('To so many cells. With `fit` and `fill` a `crop-or-pad` after it gives the exact size.'),
  z
    .strictObject({
      do: z.literal('crop-or-pad'),
      to: PerAxis(Count).describe('Cells of slices, rows and columns; null leaves an axis.'),
      anchor: z
        .enum(['centre', 'start', 'end'])
        .default('centre')
        .describe('Which part stays where it is. An odd cell goes to the end.'),
      about: z
        .number()
        .int()
        .min(1)
        .max(15)
        .optional()
        .describe(
          'With `planes`: instead of `anchor`, the middle of what is above 0.5 in this one becomes the middle; where nothing is, as `anchor` says.',
        ),
      paddingValue: StepPadding,
    })
    .describe('Cuts off, or fills, until the grid has so many cells.'),
  z
    .strictObject({
      do: z.literal('pad-to-multiple'),
      of: PerAxis(Count).describe('Of slices, rows and columns; null leaves an axis.'),
      paddingValue: StepPadding,
    })
    .describe('Fills at the end until each axis is a multiple.'),
  z
    .strictObject({
      do: z.literal('flip'),
      axes: z
        .array(GridAxis)
        .min(1)
        .max(3)
        .refine((axes) => new Set(axes).size === axes.length, 'each axis once')
        .describe('Which axes.'),
    })
    .describe('Turns axes over, wherever they point; of images slices cannot be.'),
  z.strictObject({ do: z.literal('transpose') }).describe('Rows become columns and columns rows.'),
  z
    .strictObject({
      do: z.literal('face'),
      axis: z.enum(['rows', 'columns']).default('columns').describe('The axis that is turned over where it has to be.'),
      heavier: z
        .enum(['start', 'end'])
        .default('start')
        .describe('Where the half with the greater sum of values, counted from the least, is to lie.'),
    })
    .describe(
      'Turns an axis over where the brighter half is not where the model expects it: a mammogram with its breast always on one side. Each image by itself, or all frames of an object that clips are cut from.',
    ),
  z
    .strictObject({
      do: z.literal('crop-to-content'),
      above: z.number().default(0).describe('What counts as content: cells with a value above this, in any channel.'),
      axes: z
        .array(GridAxis)
        .min(1)
        .max(3)
        .default(['slices', 'rows', 'columns'])
        .describe('Along which axes is cut; of images never slices.'),
      margin: z.number().int().min(0).max(1024).default(0).describe('So many cells more at each end, inside the grid.'),
      plane: z
        .number()
        .int()
        .min(0)
        .max(15)
        .optional()
        .describe('With `planes`: the one that is looked at; left out, all.'),
    })
    .describe(
      'Cuts off what lies around the content (black borders, air); a grid without any stays as it is. Each image by itself, or all frames of an object that clips are cut from.',
    ),
  z
    .strictObject({
      do: z.literal('trim'),
      shares: PerAxis(z.tuple([z.number().min(0).max(0.49), z.number().min(0).max(0.49)])).describe(
        'Of slices, rows and columns: which share of the cells goes at the start and at the end (rounded down); null leaves an axis.',
      ),
    })
    .describe('Cuts off shares of the grid, such as a burnt-in border.'),
  z
    .strictObject({
      do: z.literal('square'),
      by: z.enum(['pad', 'crop']).describe('Fills the shorter of rows and columns, or cuts the longer one.'),
      anchor: z
        .enum(['centre', 'start', 'end'])
        .default('centre')
        .describe('Which part stays where it is. An odd cell goes to the end.'),
      paddingValue: StepPadding,
    })
    .describe('As many rows as columns.'),
  z
    .strictObject({
      do: z.literal('mask'),
      plane: z.number().int().min(1).max(15).describe('One of `planes`.'),
      outside: z.number().describe('What values become where that plane is below 0.5.'),
    })
    .describe('Leaves the series only where a plane is.'),
] as const;

const Over = z
  .enum(['grid', 'slice'])
  .default('grid')
  .describe('Of all values of the grid, or of each slice by itself; single images always by themselves.');
const INTENSITY_STEPS = [
  z
    .strictObject({
      do: z.literal('clamp'),
      min: z.number().describe('Lower values become this.'),
      max: z.number().describe('Higher values become this.'),
    })
    .describe('Cuts values off at both ends.'),
  z
    .strictObject({
      do: z.literal('window'),
      centre: z.number().describe('Middle of the window, in the unit of the values.'),
      width: z.number().positive().describe('Its width.'),
    })
    .describe('Clamps to centre ± width / 2, then 0 to 1.'),
  z
    .strictObject({
      do: z.literal('scale'),
      multiply: z.number().describe('First.'),
      add: z.number().default(0).describe('Then.'),
    })
    .describe('x · multiply + add. (x − mean) / deviation is multiply = 1 / deviation, add = −mean / deviation.'),
  z
    .strictObject({ do: z.literal('min-max'), over: Over })
    .describe('0 to 1 between the least and greatest value; all alike gives 0.'),
  z
    .strictObject({
      do: z.literal('percentile-range'),
      low: z.number().min(0).max(100).describe('Percent.'),
      high: z.number().min(0).max(100).describe('Percent.'),
      over: Over,
      above: z.number().optional().describe('The percentiles are of the values above this alone.'),
      scaled: z.boolean().default(true).describe('Whether 0 to 1 after that, or left as clamped.'),
    })
    .describe('Clamps to two percentiles (linear between neighbours), then 0 to 1.'),
  z
    .strictObject({
      do: z.literal('z-score'),
      over: Over,
      above: z.number().optional().describe('Mean and deviation are of the values above this alone.'),
      elsewhere: z
        .number()
        .optional()
        .describe('What values not above `above` become; left out, they are changed as the others are.'),
    })
    .describe('(x − mean) / deviation (population); all alike gives 0.'),
  z
    .strictObject({
      do: z.literal('round'),
      how: z.enum(['nearest', 'down']).default('nearest').describe('Halves to even, or always down (towards −∞).'),
    })
    .describe('To a whole number; `down` is what a cast to uint8 does elsewhere.'),
  z
    .strictObject({ do: z.literal('invert'), over: Over })
    .describe('Least + greatest − x: dark becomes bright within what is there.'),
  z
    .strictObject({ do: z.literal('power'), exponent: z.number().positive().max(16).describe('Gamma.') })
    .describe('x to a power; of what is below 0, 0.'),
  z
    .strictObject({ do: z.literal('log'), add: z.number().positive().default(1).describe('Added before.') })
    .describe('The natural logarithm of x + add, x counting as 0 where it is below.'),
  z
    .strictObject({
      do: z.literal('equalise'),
      bins: z.number().int().min(2).max(65_536).default(256).describe('Of equal width from the least to the greatest.'),
      over: Over,
    })
    .describe(
      'Histogram equalisation: each value becomes the share of values up to it, linear between the middles of the bins (scikit-image `equalize_hist`). All alike gives 1.',
    ),
  z
    .strictObject({
      do: z.literal('clahe'),
      tiles: z
        .tuple([z.number().int().min(1).max(64), z.number().int().min(1).max(64)])
        .default([8, 8])
        .describe('Tiles along rows and columns.'),
      clipLimit: z
        .number()
        .positive()
        .max(1000)
        .default(40)
        .describe('Of a bin, in means of all bins; as OpenCV has it.'),
    })
    .describe(
      'Contrast limited adaptive histogram equalisation of each slice as OpenCV does it with 8 bits: values are rounded and held to 0 to 255 before, and so they are after.',
    ),
] as const;

/** One step that changes values only. */
export const IntensityStep = z.discriminatedUnion('do', [...INTENSITY_STEPS]);
export type IntensityStep = z.infer<typeof IntensityStep>;
/** One step of preparing a grid. */
export const PreparingStep = z.discriminatedUnion('do', [...GEOMETRY_STEPS, ...INTENSITY_STEPS]);
export type PreparingStep = z.infer<typeof PreparingStep>;

const Batch = z
  .number()
  .int()
  .min(1)
  .max(256)
  .default(1)
  .describe('Samples given at once where that helps; the model must take any number up to this, or see `batchIs`.');
const BatchIs = z
  .enum(['at-most', 'exactly'])
  .default('at-most')
  .describe(
    '`exactly`: the model takes `batch` samples and no other number; the last sample stands in for those that lack, and what is said of its copies is left out. Its outputs have the batch as their first axis.',
  );
/** What one sample of the model is, cut from the prepared grid. */
export const ModelSampling = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('volume') }).describe('All of the grid at once.'),
  z
    .strictObject({ kind: z.literal('slices'), batch: Batch, batchIs: BatchIs })
    .describe('Each slice, or image, by itself.'),
  z
    .strictObject({
      kind: z.literal('slabs'),
      slices: z
        .number()
        .int()
        .min(3)
        .max(63)
        .refine((count) => count % 2 === 1, 'must be odd')
        .describe('How many, the slice itself and as many on either side; odd.'),
      edges: z
        .enum(['repeat', 'leave-out'])
        .default('repeat')
        .describe('Beyond the ends the last slice again; or the slices there are left out.'),
      every: z.number().int().min(1).max(64).default(1).describe('Neighbours so many slices apart.'),
      batch: Batch,
      batchIs: BatchIs,
    })
    .describe(
      'Each slice with its neighbours (2.5D). They stand on axis D where the layout has one, else as channels, slice by slice, each with its channels.',
    ),
  z
    .strictObject({
      kind: z.literal('patches'),
      size: z.tuple([Count, Count, Count]).describe('Slices, rows and columns of a patch; a smaller grid is padded.'),
      overlap: z.number().min(0).max(0.9).default(0.5).describe('By which share of its size patches overlap at least.'),
      blend: z
        .enum(['mean', 'gaussian'])
        .default('gaussian')
        .describe(
          'How what overlapping patches give is joined: alike, or the middle of a patch counts more (σ = size / 8).',
        ),
      batch: Batch,
      batchIs: BatchIs,
    })
    .describe('Boxes that overlap.'),
  z
    .strictObject({
      kind: z.literal('clips'),
      frames: z.number().int().min(2).max(1024).describe('Frames of a clip.'),
      every: z.number().int().min(1).max(64).default(1).describe('Frames so many apart.'),
      step: z
        .number()
        .int()
        .min(1)
        .max(4096)
        .optional()
        .describe(
          'From the start of a clip to that of the next; left out, a clip begins where the one before has ended.',
        ),
      ends: z
        .enum(['repeat', 'leave-out'])
        .default('repeat')
        .describe('Of a rest too short for a clip: the last frame again, or it is left out.'),
      batch: Batch,
      batchIs: BatchIs,
    })
    .describe(
      'Clips of frames in the order of time, such as of an ultrasound loop; none goes on from one object to the next. Frames stand on axis D.',
    ),
]);
export type ModelSampling = z.infer<typeof ModelSampling>;

export const Preprocessing = z.strictObject({
  source: ModelSource.describe('What is taken from the objects.'),
  tolerates: ModelTolerates.prefault({}).describe('Of a volume: which irregularities are let pass or corrected.'),
  planes: z
    .array(Plane)
    .max(15)
    .default([])
    .describe(
      'Further channels beside the series itself, which is plane 0: other series of the study, or masks of other models. Steps turn, cut and resample all of them together; a step on values changes each series by itself and leaves masks as they are.',
    ),
  steps: z.array(PreparingStep).max(32).default([]).describe('Steps on the whole grid, in order.'),
  channels: z
    .array(z.array(IntensityStep).max(16))
    .min(1)
    .max(32)
    .default([[]])
    .describe(
      'One list of steps a channel, each on the prepared grid: CT windows as channels, or mean and deviation of each channel. In colour: one list for all three, or one for each.',
    ),
  channelPlanes: z
    .array(z.number().int().min(0).max(15))
    .min(1)
    .max(32)
    .optional()
    .describe(
      'With `planes`: of which plane each list of `channels` makes a channel, 0 being the series itself. Left out: a list for each plane in order, or one for all.',
    ),
  sampling: ModelSampling.describe('What the model is given at a time.'),
  mirrors: z
    .array(
      z
        .array(GridAxis)
        .min(1)
        .max(3)
        .refine((axes) => new Set(axes).size === axes.length, 'each axis once'),
    )
    .max(7)
    .default([])
    .describe(
      'Each sample is given again with these axes turned over, once for each list; what the model says is turned back and averaged with the rest, as raw numbers before any activation.',
    ),
});
export type Preprocessing = z.infer<typeof Preprocessing>;

/** How many channels a prepared grid has. */
export function countChannels({ source, planes, channels, channelPlanes }: Preprocessing): number {
  if (source.colour !== 'grey') return 3;
  return channelPlanes === undefined && channels.length === 1 ? planes.length + 1 : channels.length;
}
