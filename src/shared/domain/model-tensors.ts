import { z } from 'zod';
import { CodedConcept, Slug } from './coded-concept.ts';

/** How a model's tensors are filled and read: data, by role. */

export const TensorName = z.string().min(1).max(256);
/** Element types that a model may take and give. */
export const TENSOR_TYPES = [
  'float32',
  'float16',
  'float64',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'bool',
] as const;
export const TensorType = z.enum(TENSOR_TYPES);
export type TensorType = z.infer<typeof TensorType>;
const Tensor = TensorName.describe('Name of the tensor in the model file.');
const InputType = TensorType.default('float32').describe(
  'Element type. Values are rounded (halves to even) and clamped to what an integer type holds; `bool` is 1 where the value is not 0.',
);
const Layout = z
  .string()
  .regex(/^[NCDHW]{2,5}$/, 'letters of NCDHW, such as NCHW')
  .refine((text) => new Set(text).size === text.length, 'names an axis once')
  .refine((text) => text.includes('H') && text.includes('W'), 'has rows (H) and columns (W)')
  .describe(
    'Which axis stands where: batch (N), channels (C), slices (D), rows (H), columns (W), outermost first; an axis left out has length 1.',
  );

/** What a person, a scanner or the grid says in one number. */
export const SCALARS = [
  'age-years',
  'sex',
  'weight-kg',
  'slice-thickness-mm',
  'tube-voltage-kv',
  'slices',
  'spacing-slices-mm',
  'spacing-rows-mm',
  'spacing-columns-mm',
] as const;

const ONE_SCALAR = {
  of: z
    .enum(SCALARS)
    .describe(
      'What it is of: the patient at the study, the series, or the prepared grid (`slices`, `spacing-…`). Age in years and parts of them.',
    ),
  multiply: z.number().default(1).describe('The number given is value · multiply + add.'),
  add: z.number().default(0).describe('See multiply.'),
  codes: z
    .strictObject({
      M: z.number().describe('Male.'),
      F: z.number().describe('Female.'),
      O: z.number().optional().describe('Other.'),
    })
    .optional()
    .describe('For sex, and needed there: what stands for M, F and O (PS3.3 §C.7.1.1).'),
  whenMissing: z
    .number()
    .nullable()
    .default(null)
    .describe('What is given where nobody says; null: the series is refused.'),
};

export const ModelInput = z.discriminatedUnion('role', [
  z
    .strictObject({
      tensor: Tensor,
      role: z.literal('image'),
      layout: Layout,
      type: InputType,
      channels: z
        .array(z.number().int().min(0).max(31))
        .min(1)
        .max(32)
        .optional()
        .describe('Which of the prepared channels it takes, counted from 0; left out, all.'),
    })
    .describe('The sample.'),
  z
    .strictObject({
      tensor: Tensor,
      role: z.literal('spacing'),
      type: InputType,
      order: z
        .enum(['slices-first', 'columns-first'])
        .default('slices-first')
        .describe('Slices, rows, columns; or columns, rows, slices.'),
    })
    .describe('[3]: millimetres between slices (mean), rows and columns of the prepared grid.'),
  z
    .strictObject({ tensor: Tensor, role: z.literal('slice-extents'), type: InputType })
    .describe('[slices]: the millimetres along the normal that each slice of the prepared grid stands for.'),
  z
    .strictObject({
      tensor: Tensor,
      role: z.literal('scalar'),
      ...ONE_SCALAR,
      type: InputType,
      dims: z
        .array(z.literal(1))
        .max(4)
        .default([1])
        .describe('Shape. In a batch the first axis is the batch and the number stands once for each sample.'),
    })
    .describe('One number.'),
  z
    .strictObject({
      tensor: Tensor,
      role: z.literal('vector'),
      values: z.array(z.strictObject(ONE_SCALAR)).min(1).max(64).describe('Its numbers, in order.'),
      type: InputType,
      batchAxis: z
        .boolean()
        .default(true)
        .describe('Shape [1, numbers], one row for each sample of a batch; false: [numbers].'),
    })
    .describe('Several numbers in one tensor, such as age and sex. The same `of` may stand twice: sex as one-hot.'),
  z
    .strictObject({
      tensor: Tensor,
      role: z.literal('constant'),
      type: InputType,
      dims: z.array(z.number().int().min(1).max(4096)).max(6).describe('Shape; an empty one is a single number.'),
      values: z.array(z.number()).min(1).max(4096).describe('As many as the shape holds, the last axis fastest.'),
    })
    .describe('The same numbers every time.'),
]);
export type ModelInput = z.infer<typeof ModelInput>;

const Activation = z
  .enum(['none', 'sigmoid', 'softmax'])
  .default('none')
  .describe('What makes scores of the raw numbers; softmax over the classes.');
const Aggregation = z
  .discriminatedUnion('how', [
    z.strictObject({ how: z.enum(['max', 'mean', 'any']).describe('Of all samples.') }),
    z.strictObject({ how: z.literal('top-mean'), share: z.number().positive().max(1).describe('Of the samples.') }),
  ])
  .default({ how: 'max' })
  .describe(
    'What the samples of a series make of one number: the highest (`max`, or `any`: any of them reaches a threshold where the highest does), their mean, or the mean of the highest `share` (`top-mean`).',
  );
/** How a raw score becomes a probability that is what it says. */
const Calibration = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('temperature'),
      temperature: z.number().positive().describe('Above 1 is less sure.'),
    })
    .describe('Raw numbers are divided by it before the activation.'),
  z
    .strictObject({
      kind: z.literal('platt'),
      slope: z.number().describe('See above.'),
      intercept: z.number().describe('See above.'),
    })
    .describe('sigmoid(slope · logit of the score + intercept).'),
  z
    .strictObject({
      kind: z.literal('isotonic'),
      knots: z
        .array(z.tuple([z.number(), z.number().min(0).max(1)]))
        .min(2)
        .max(256)
        .refine((knots) => knots.every(([x], at) => at === 0 || x > (knots[at - 1]?.[0] ?? 0)), 'scores that rise')
        .describe('Pairs of score and probability, scores rising.'),
    })
    .describe('Linear between the knots, flat beyond them.'),
]);
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
      calibration: Calibration.optional().describe('After the activation, before the aggregation; left out: none.'),
      aggregate: Aggregation,
    })
    .describe('A score for each class, 0 to 1: [N, classes], [classes] or [N], with or without axes of length 1.'),
  z
    .strictObject({
      tensor: Tensor,
      role: z.literal('number'),
      label: Slug.describe('Id of the label that it is of.'),
      index: z.number().int().min(0).default(0).describe('Where it stands among the numbers of a sample.'),
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
      axes: z
        .enum(['xy', 'yx', 'xyz', 'zyx'])
        .describe('In which order a corner, centre or size names its axes: x columns, y rows, z slices.'),
      unit: z
        .enum(['cells', 'share'])
        .default('cells')
        .describe('Cells of the sample (its first edge is 0), or shares of its size.'),
      firstColumn: z.number().int().min(0).default(0).describe('The column of the first coordinate.'),
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
    .describe('A value for each cell and class; the grid is the sample’s, or coarser by whole factors.'),
  z
    .strictObject({
      tensor: Tensor,
      role: z.literal('heatmap'),
      layout: Layout,
      activation: Activation,
      classes: Classes,
    })
    .describe('Shown over the image, and nothing else.'),
]);
export type ModelOutput = z.infer<typeof ModelOutput>;
export type OutputRole = ModelOutput['role'];
