import { z } from 'zod';
import { Slug } from './coded-concept.ts';
import { Layout, Tensor, TensorName, TensorType } from './model-tensors.ts';

/** How a model's tensors are filled: data, by role. */

const InputType = TensorType.default('float32').describe(
  'Element type. Values are rounded (halves to even) and clamped to what an integer type holds; `bool` is 1 where the value is not 0.',
);
/** What a person, a scanner or the grid says in one number. */
export const SCALARS = [
  'age-years',
  'sex',
  'weight-kg',
  'height-m',
  'laterality',
  'view-position',
  'manufacturer',
  'slice-thickness-mm',
  'tube-voltage-kv',
  'echo-time-ms',
  'repetition-time-ms',
  'field-strength-t',
  'frame-time-ms',
  'slices',
  'rows',
  'columns',
  'slice-index',
  'slice-share',
  'spacing-slices-mm',
  'spacing-rows-mm',
  'spacing-columns-mm',
] as const;

const ONE_SCALAR = {
  of: z
    .enum(SCALARS)
    .describe(
      'What it is of: the patient at the study, the series, the prepared grid (`slices`, `rows`, `columns`, `spacing-…`), or the sample: its first slice, counted from 0 (`slice-index`), or as a share of the way from the first to the last (`slice-share`). Age in years and parts of them.',
    ),
  multiply: z.number().default(1).describe('The number given is value · multiply + add.'),
  add: z.number().default(0).describe('See multiply.'),
  codes: z
    .record(z.string().min(1).max(64), z.number())
    .refine((codes) => Object.keys(codes).length <= 64, 'at most 64 codes')
    .optional()
    .describe(
      'For `sex` (M, F, O; PS3.3 §C.7.1.1), `laterality` (L, R, B), `view-position` and `manufacturer` (in capitals), and needed there: the number that stands for each. What is not among them counts as missing.',
    ),
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
      series: Slug.optional().describe(
        'One of `otherSeries`, prepared by itself in the same way; its samples go with those of the model’s own series one by one, and there must be as many.',
      ),
      followedBy: z
        .array(Slug)
        .min(1)
        .max(8)
        .optional()
        .describe(
          'More of `otherSeries`, in order: each image of this one, and behind it on axis D the image of each of them that goes with it, such as four mammography views in one tensor. All of one size, sampled as `slices`.',
        ),
    })
    .describe('The sample.'),
  z
    .strictObject({
      tensor: Tensor,
      role: z.literal('fed'),
      type: InputType,
      feed: Slug.describe('The id of one of `feeds`.'),
      what: z
        .discriminatedUnion('from', [
          z
            .strictObject({
              from: z.literal('features'),
              tensor: TensorName.describe('A tensor of the other model with the role `features`.'),
              as: z
                .enum(['rows', 'all', 'sequence'])
                .default('rows')
                .describe(
                  '`rows`: to each sample of this model the row of the other’s sample with the same number, [N, …]; `all` rows at once, [samples, …]; or as one `sequence`, [1, samples, …].',
                ),
            })
            .describe('Numbers made for other models.'),
          z
            .strictObject({
              from: z.literal('scores'),
              labels: z.array(Slug).min(1).max(512).describe('Labels of the other model, in order.'),
              whenMissing: z
                .number()
                .nullable()
                .default(null)
                .describe('Of a label without a score; null: it is not run.'),
            })
            .describe('[1, labels]: the score of each label, as it is held against thresholds.'),
        ])
        .describe('What of its answer.'),
    })
    .describe('What another model said of the study.'),
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
