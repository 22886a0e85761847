import { z } from 'zod';
import { CodedConcept, Slug } from './coded-concept.ts';
import { Activation, Aggregation, Calibration } from './model-scores.ts';
import { Layout, Tensor } from './model-tensors.ts';

/** How a model's tensors are read: data, by role. */

const LabelCalibrations = z
  .record(Slug, Calibration)
  .default({})
  .describe('By label, instead of `calibration`; a temperature needs scores that stand alone, not those of a softmax.');
const Classes = z
  .array(Slug.nullable())
  .min(1)
  .max(512)
  .describe('Which label each class, channel or value stands for, in order; null: none (background, "no finding").');

const BoxScore = z
  .discriminatedUnion('from', [
    z
      .strictObject({
        from: z.literal('column'),
        column: z.number().int().min(0).describe('Counted from 0.'),
        activation: Activation,
      })
      .describe('A column of the boxes’ own tensor.'),
    z
      .strictObject({ from: z.literal('tensor'), tensor: Tensor, activation: Activation })
      .describe('Another tensor with a score a box ([N, boxes]), or one a box and class ([N, boxes, classes]).'),
    z
      .strictObject({
        from: z.literal('class-columns'),
        first: z.number().int().min(0).describe('The column of the first class.'),
        objectness: z.number().int().min(0).optional().describe('The column that scores are multiplied by.'),
        activation: Activation,
      })
      .describe('Columns of classes in the boxes’ own tensor.'),
  ])
  .describe('Where the scores are.');

/** In which order numbers name the axes of a grid: x columns, y rows, z slices. */
const AxisOrder = z.enum(['xy', 'yx', 'xyz', 'yxz', 'zxy', 'zyx']);
const PerLetter = z
  .array(z.number().positive())
  .min(2)
  .max(3)
  .describe('In cells of the sample, by axis in the order of `axes`.');

/** Where the boxes lie that a detector tells its boxes from: data, as the detector was trained with them. */
export const BoxAnchors = z
  .strictObject({
    order: AxisOrder.describe(
      'In which order the places of a level follow each other, the axis that changes last first: `yx` (`zyx`) where the model’s maps have rows before columns (slices first), `xyz` for maps of [columns, rows, slices].',
    ),
    levels: z
      .array(
        z.strictObject({
          stride: PerLetter.describe('Cells of the sample from one place to the next, by axis in the order of `axes`.'),
          sizes: z
            .array(PerLetter)
            .min(1)
            .max(64)
            .describe('Each anchor of a place: its size in cells of the sample, by axis in the order of `axes`.'),
        }),
      )
      .min(1)
      .max(16)
      .describe('The levels of the pyramid, one after another as their boxes are in the tensor.'),
    offset: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe(
        'Where the first place is, in strides from the sample’s first edge: 0 (torchvision, MONAI) or 0.5 (SSD).',
      ),
    weights: z
      .strictObject({
        centre: z.number().positive().describe('Of centres.'),
        size: z.number().positive().describe('Of the logarithms of sizes.'),
      })
      .default({ centre: 1, size: 1 })
      .describe('What offsets are divided by: 1 and 1 in RetinaNet, 10 and 5 in SSD.'),
    mostLogSize: z
      .number()
      .positive()
      .max(16)
      .default(Math.log(1000 / 16))
      .describe('No box is more times as large as its anchor than e to this power: ln(1000 / 16) elsewhere too.'),
  })
  .describe(
    'Each row is told from an anchor: centre = anchor’s + offset · anchor’s size, size = anchor’s · e^offset. A level has ⌈cells / stride⌉ places along an axis; all anchors of a place stand together. Boxes that end up beside the sample are left out.',
  );
export type BoxAnchors = z.infer<typeof BoxAnchors>;

export const ModelOutput = z.discriminatedUnion('role', [
  z
    .strictObject({
      tensor: Tensor,
      role: z.literal('classes'),
      per: z
        .enum(['sample', 'slice'])
        .default('sample')
        .describe(
          '`slice`: of a volume the tensor has a row for each of its slices ([D, classes]), which are aggregated.',
        ),
      classes: Classes,
      activation: Activation,
      groupOf: z
        .number()
        .int()
        .min(2)
        .max(512)
        .optional()
        .describe('Softmax over so many classes at a time, one group after another, instead of over all.'),
      calibration: Calibration.optional().describe('After the activation, before the aggregation; left out: none.'),
      labelCalibrations: LabelCalibrations,
      aggregate: Aggregation,
    })
    .describe('A score for each class, 0 to 1: [N, classes], [classes] or [N], with or without axes of length 1.'),
  z
    .strictObject({
      tensor: Tensor,
      role: z.literal('number'),
      label: Slug.describe('Id of the label that it is of.'),
      index: z
        .number()
        .int()
        .min(0)
        .default(0)
        .describe('Where it stands among the numbers of a sample, or the first of those that `reading` reads.'),
      reading: z
        .discriminatedUnion('how', [
          z.strictObject({ how: z.literal('value') }).describe('The number as it stands.'),
          z
            .strictObject({
              how: z
                .enum(['expectation', 'most-likely'])
                .describe('The mean of the distribution, or its highest place.'),
              values: z.array(z.number()).min(2).max(4096).describe('What each place of the distribution stands for.'),
              activation: Activation,
            })
            .describe(
              'A distribution over values, such as ages: after the activation it adds up to 1 within a hundredth.',
            ),
          z
            .strictObject({
              how: z.literal('ordinal'),
              steps: z.number().int().min(1).max(512).describe('Numbers read: one for each step.'),
              activation: Activation,
            })
            .describe(
              'Grades as steps: each number is how sure it is that a grade is reached (CORAL), and their sum the grade.',
            ),
        ])
        .default({ how: 'value' })
        .describe('What of the tensor is the number, before `multiply` and `add`.'),
      multiply: z.number().default(1).describe('The number is value · multiply + add.'),
      add: z.number().default(0).describe('See multiply.'),
      quantity: CodedConcept.describe('What it measures.'),
      unit: z.string().min(1).max(16).describe('In UCUM: `mL`, `mm`, `a`, `mo`, `1`.'),
      range: z
        .strictObject({ min: z.number(), max: z.number() })
        .refine(({ min, max }) => min <= max, 'a span whose min is not above its max')
        .describe('What it can be; anything else makes the whole answer void.'),
      aggregate: Aggregation,
    })
    .describe('One number (regression).'),
  z
    .strictObject({
      tensor: Tensor,
      role: z.literal('boxes'),
      arrangement: z
        .enum(['rows', 'columns'])
        .default('rows')
        .describe(
          '`rows`: a box a row ([N, boxes, columns] or [boxes, columns]); `columns`: a box a column ([N, columns, boxes]).',
        ),
      format: z
        .enum(['corners', 'corner-size', 'centre-size', 'centre-diameter'])
        .describe('Both corners; the lower corner and the size; the centre and the size; the centre and one diameter.'),
      axes: AxisOrder.describe('In which order a corner, centre or size names its axes: x columns, y rows, z slices.'),
      unit: z
        .enum(['cells', 'share'])
        .default('cells')
        .describe('Cells of the sample (its first edge is 0), or shares of its size.'),
      firstColumn: z.number().int().min(0).default(0).describe('The column of the first coordinate.'),
      anchors: BoxAnchors.optional().describe(
        'Where the columns are offsets from anchors (RetinaNet, SSD heads): what they are decoded with. With `centre-size` and `cells`.',
      ),
      score: BoxScore,
      classes: Classes,
      classFrom: z
        .discriminatedUnion('from', [
          z.strictObject({ from: z.literal('column'), column: z.number().int().min(0).describe('Counted from 0.') }),
          z.strictObject({ from: z.literal('tensor'), tensor: Tensor }),
        ])
        .optional()
        .describe('Where a box’s class number (from 0) is; left out, the class of its best score, or the only class.'),
      minScore: z.number().describe('Boxes below it are left out.'),
      overlapAtMost: z
        .number()
        .min(0)
        .max(1)
        .default(0.5)
        .describe(
          'Non-maximum suppression: of two that overlap by more than this share of their union the better one stays.',
        ),
      suppress: z
        .enum(['within-class', 'across-classes', 'none'])
        .default('within-class')
        .describe('Which boxes suppress each other.'),
      most: z.number().int().min(1).max(10_000).default(100).describe('The best so many stay.'),
      count: Tensor.optional().describe(
        'A tensor that says how many of a sample’s boxes are any (`num_detections`); the others are not looked at.',
      ),
      calibration: Calibration.optional().describe('Of the scores, after the activation: `platt` or `isotonic`.'),
      labelCalibrations: LabelCalibrations,
    })
    .describe('Boxes, in two or three axes.'),
  z
    .strictObject({
      tensor: Tensor,
      role: z.literal('segmentation'),
      layout: Layout,
      reading: z
        .enum(['threshold', 'argmax', 'values'])
        .default('threshold')
        .describe(
          '`argmax`: the channel with the highest value; `values`: the tensor holds class numbers; `threshold`: each channel by itself.',
        ),
      activation: Activation,
      threshold: z.number().default(0.5).describe('Of `threshold`: from here on a cell is inside.'),
      classes: Classes,
      classValues: z
        .array(z.number().int().min(-32_768).max(65_535))
        .min(1)
        .max(512)
        .optional()
        .describe('Of `values`: which number stands for each of `classes`, where they are not 0, 1, 2 and so on.'),
      parts: z
        .strictObject({
          minMl: z.number().min(0).default(0).describe('Connected parts smaller than this are left out; of a volume.'),
          minCells: z.number().int().min(0).default(0).describe('The same in cells of the model’s grid.'),
          keep: z.enum(['all', 'largest']).default('all').describe('`largest` keeps one part a class.'),
          touching: z.enum(['faces', 'corners']).default('faces').describe('Which cells are neighbours.'),
        })
        .prefault({})
        .describe('Connected components.'),
    })
    .describe(
      'A value for each cell and class; the grid is the sample’s or coarser: each of its cells covers an equal share.',
    ),
  z
    .strictObject({
      tensor: Tensor,
      role: z.literal('heatmap'),
      layout: Layout,
      activation: Activation,
      classes: Classes,
    })
    .describe('Shown over the image, and nothing else.'),
  z
    .strictObject({
      tensor: Tensor,
      role: z.literal('points'),
      where: z
        .discriminatedUnion('from', [
          z
            .strictObject({
              from: z.literal('coordinates'),
              axes: AxisOrder.describe('In which order the columns name the axes: x columns, y rows, z slices.'),
              unit: z
                .enum(['cells', 'indices', 'share', 'signed-share'])
                .default('indices')
                .describe(
                  'Cells from the sample’s first edge; indices, 0 being the middle of the first cell; shares of its size; or those from −1 to 1.',
                ),
              firstColumn: z.number().int().min(0).default(0).describe('The column of the first coordinate.'),
              scoreColumn: z
                .number()
                .int()
                .min(0)
                .optional()
                .describe('The column of a score; left out, every point scores 1.'),
              activation: Activation,
            })
            .describe('[N, points, columns], [N, points · columns], or without N.'),
          z
            .strictObject({
              from: z.literal('heatmap'),
              layout: Layout,
              activation: Activation,
              peaks: z
                .enum(['highest', 'local'])
                .default('highest')
                .describe(
                  '`highest`: one point a channel and sample; `local`: every cell that none of its neighbours is above, in its own slice.',
                ),
            })
            .describe('A value for each cell; a point is the middle of a cell of it, and its score the value there.'),
        ])
        .describe('Where the points are.'),
      classes: Classes.describe('Which label each point, or channel of a heatmap, stands for, in order; null: none.'),
      minScore: z.number().default(0).describe('Points below it are left out.'),
      each: z
        .enum(['best', 'all'])
        .default('best')
        .describe('Of the points of one label in the series: the best alone, or all.'),
      most: z.number().int().min(1).max(1000).default(100).describe('The best so many of all labels stay.'),
      measures: z
        .array(
          z.strictObject({
            label: Slug.describe('Id of the label that it is of; its score is `number`.'),
            what: z
              .enum(['distance-mm', 'angle-degrees'])
              .describe(
                'Between two points; or between the line from the first to the second and that from the third to the fourth, 0 to 90.',
              ),
            of: z.array(Slug).min(2).max(4).describe('Labels of the points.'),
            quantity: CodedConcept.describe('What it measures.'),
            range: z
              .strictObject({ min: z.number(), max: z.number() })
              .refine(({ min, max }) => min <= max, 'a span whose min is not above its max')
              .describe('What it can be; anything else makes the whole answer void.'),
          }),
        )
        .max(64)
        .default([])
        .describe('Distances and angles between the best points; nothing is told of one where a point is not found.'),
    })
    .describe('Landmarks: points, told as boxes of one cell of the prepared grid about them.'),
  z
    .strictObject({
      tensor: Tensor,
      role: z.literal('features'),
    })
    .describe('Numbers for other models alone (see `feeds`): kept with the run, shown nowhere. [samples, …].'),
]);
export type ModelOutput = z.infer<typeof ModelOutput>;
export type OutputRole = ModelOutput['role'];
