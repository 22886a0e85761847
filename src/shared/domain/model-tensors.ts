import { z } from 'zod';
import { CodedConcept, Slug } from './coded-concept.ts';

/** How a model's tensors are filled and read: data, by role. */

export const TensorName = z.string().min(1).max(256);
/** Element types that a model may take. */
export const TENSOR_TYPES = ['float32', 'float16', 'uint8', 'int8', 'int16', 'int32', 'int64'] as const;
const TensorType = z.enum(TENSOR_TYPES);
/** Which axis stands where: batch (N), channels (C), slices (D), rows (H), columns (W); an axis that is left out has length 1. */
const Layout = z
  .string()
  .regex(/^[NCDHW]{2,5}$/)
  .refine((text) => new Set(text).size === text.length, 'names an axis twice')
  .refine((text) => text.includes('H') && text.includes('W'), 'needs rows (H) and columns (W)');

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

export const ModelInput = z.discriminatedUnion('role', [
  /** The sample. Values are rounded and clamped to what an integer type holds. */
  z.strictObject({
    tensor: TensorName,
    role: z.literal('image'),
    layout: Layout,
    type: TensorType.default('float32'),
  }),
  /** [3]: millimetres between slices (mean), rows and columns of the prepared grid; reversed with `order: 'columns-first'`. */
  z.strictObject({
    tensor: TensorName,
    role: z.literal('spacing'),
    type: TensorType.default('float32'),
    order: z.enum(['slices-first', 'columns-first']).default('slices-first'),
  }),
  /** [slices]: the millimetres along the normal that each slice of the prepared grid stands for. */
  z.strictObject({ tensor: TensorName, role: z.literal('slice-extents'), type: TensorType.default('float32') }),
  /** One number in the given shape. */
  z.strictObject({
    tensor: TensorName,
    role: z.literal('scalar'),
    of: z.enum(SCALARS),
    type: TensorType.default('float32'),
    dims: z.array(z.literal(1)).max(4).default([1]),
    multiply: z.number().default(1),
    add: z.number().default(0),
    /** For sex: what stands for M, F and O (PS3.3 §C.7.1.1). */
    codes: z.strictObject({ M: z.number(), F: z.number(), O: z.number().optional() }).optional(),
    /** Null: without it the series is refused. */
    whenMissing: z.number().nullable().default(null),
  }),
  /** The same numbers every time. */
  z.strictObject({
    tensor: TensorName,
    role: z.literal('constant'),
    type: TensorType.default('float32'),
    dims: z.array(z.number().int().min(1)).max(6),
    values: z.array(z.number()).min(1).max(4096),
  }),
]);
export type ModelInput = z.infer<typeof ModelInput>;

const Activation = z.enum(['none', 'sigmoid', 'softmax']).default('none');
/** What several samples of a study make of one number; `top-mean`: the mean of the highest `share`. */
const Aggregation = z
  .discriminatedUnion('how', [
    z.strictObject({ how: z.enum(['max', 'mean', 'any']) }),
    z.strictObject({ how: z.literal('top-mean'), share: z.number().positive().max(1) }),
  ])
  .default({ how: 'max' });
/** How a raw score becomes a probability that is what it says (logit scaled: Platt; `knots`: isotonic, linear between). */
const Calibration = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('temperature'), temperature: z.number().positive() }),
  z.strictObject({ kind: z.literal('platt'), slope: z.number(), intercept: z.number() }),
  z.strictObject({
    kind: z.literal('isotonic'),
    knots: z
      .array(z.tuple([z.number(), z.number().min(0).max(1)]))
      .min(2)
      .max(256),
  }),
]);
/** Which label each class, channel or value stands for; null: none (background, "no finding"). */
const Classes = z.array(Slug.nullable()).min(1).max(512);

const BoxScore = z.discriminatedUnion('from', [
  /** A column of the boxes' own tensor. */
  z.strictObject({ from: z.literal('column'), column: z.number().int().min(0), activation: Activation }),
  /** Another tensor with a score a box, or one a box and class. */
  z.strictObject({ from: z.literal('tensor'), tensor: TensorName, activation: Activation }),
  /** Columns of classes in the boxes' own tensor, from `first` on; times the column `objectness` where it is given. */
  z.strictObject({
    from: z.literal('class-columns'),
    first: z.number().int().min(0),
    objectness: z.number().int().min(0).optional(),
    activation: Activation,
  }),
]);

export const ModelOutput = z.discriminatedUnion('role', [
  /** A score for each class: [N, classes], [classes], [N], with or without axes of length 1. */
  z.strictObject({
    tensor: TensorName,
    role: z.literal('classes'),
    classes: Classes,
    activation: Activation,
    calibration: Calibration.optional(),
    aggregate: Aggregation,
  }),
  /** One number of a sample, at `index` of the tensor: value · multiply + add, finite and within `range`. */
  z.strictObject({
    tensor: TensorName,
    role: z.literal('number'),
    label: Slug,
    index: z.number().int().min(0).default(0),
    multiply: z.number().default(1),
    add: z.number().default(0),
    quantity: CodedConcept,
    /** UCUM. */
    unit: z.string().min(1).max(16),
    range: z.strictObject({ min: z.number(), max: z.number() }),
    aggregate: Aggregation,
  }),
  /** Boxes in cells of the sample, or shares of it; two or three axes. */
  z.strictObject({
    tensor: TensorName,
    role: z.literal('boxes'),
    /** `rows`: a box a row ([N, boxes, columns] or [boxes, columns]); `columns`: a box a column ([N, columns, boxes]). */
    arrangement: z.enum(['rows', 'columns']).default('rows'),
    /** Both corners, corner and size, or centre and size. */
    format: z.enum(['corners', 'corner-size', 'centre-size']),
    /** In which order a corner names its axes: `xy` columns before rows, `zyx` slices first. */
    axes: z.enum(['xy', 'yx', 'xyz', 'zyx']),
    unit: z.enum(['cells', 'share']).default('cells'),
    firstColumn: z.number().int().min(0).default(0),
    score: BoxScore,
    /** One label for all; or a label a class, by the class of the score or a column or tensor of class numbers. */
    classes: Classes,
    classFrom: z
      .discriminatedUnion('from', [
        z.strictObject({ from: z.literal('column'), column: z.number().int().min(0) }),
        z.strictObject({ from: z.literal('tensor'), tensor: TensorName }),
      ])
      .optional(),
    minScore: z.number(),
    /** Non-maximum suppression: of two that overlap by more than this share of their union the better one stays. */
    overlapAtMost: z.number().min(0).max(1).default(0.5),
    suppress: z.enum(['within-class', 'across-classes', 'none']).default('within-class'),
    most: z.number().int().min(1).max(10_000).default(100),
  }),
  /** A value for each cell and class; the grid is the sample's, coarser by whole factors where the model says so. */
  z.strictObject({
    tensor: TensorName,
    role: z.literal('segmentation'),
    layout: Layout,
    /** `argmax`: the channel with the highest value; `values`: the tensor holds class numbers; else each channel against `threshold`. */
    reading: z.enum(['threshold', 'argmax', 'values']).default('threshold'),
    activation: Activation,
    threshold: z.number().default(0.5),
    classes: Classes,
    /** Parts smaller than this are left out; `largest` keeps one a class. */
    parts: z
      .strictObject({
        minMl: z.number().min(0).default(0),
        keep: z.enum(['all', 'largest']).default('all'),
        touching: z.enum(['faces', 'corners']).default('faces'),
      })
      .prefault({}),
  }),
  /** Shown over the image, and nothing else. */
  z.strictObject({
    tensor: TensorName,
    role: z.literal('heatmap'),
    layout: Layout,
    activation: Activation,
    classes: Classes,
  }),
]);
export type ModelOutput = z.infer<typeof ModelOutput>;
export type OutputRole = ModelOutput['role'];
