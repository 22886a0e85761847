import { z } from 'zod';

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
/** How many bytes one number of a type takes. */
export const BYTES_OF: Readonly<Record<TensorType, number>> = {
  ...{ float64: 8, int64: 8, float32: 4, int32: 4, float16: 2, uint16: 2, int16: 2, uint8: 1, int8: 1, bool: 1 },
};
/** A tensor as an input or output names it. */
export const Tensor = TensorName.describe('Name of the tensor in the model file.');
/** Which axis of a tensor stands where. */
export const Layout = z
  .string()
  .regex(/^[NCDHW]{2,5}$/, 'letters of NCDHW, such as NCHW')
  .refine((text) => new Set(text).size === text.length, 'names an axis once')
  .refine((text) => text.includes('H') && text.includes('W'), 'has rows (H) and columns (W)')
  .describe(
    'Which axis stands where: batch (N), channels (C), slices (D), rows (H), columns (W), outermost first; an axis left out has length 1.',
  );
