import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { BadOutputReason } from '../runner-protocol.ts';

/** Why a model's tensor is no answer; it never leaves the runner, where the answer as a whole is `bad-output`. */
export type BadOutput = {
  readonly code: 'bad-output';
  readonly tensor: string;
  readonly why: BadOutputReason;
};

/** Numbers of any element type, by index. */
export type Numbers = ArrayLike<number> & {
  readonly subarray: (from: number, to: number) => ArrayLike<number>;
};

/** A tensor whose values are numbers, finite, and as many as its dimensions say. */
export type NumberTensor = { readonly dims: readonly number[]; readonly data: Numbers };

/** What a session gives, as far as it is looked at here. */
export type GivenTensor = { readonly dims: readonly number[]; readonly data: unknown };

/** A refusal that names its tensor. */
export function badOutput(tensor: string, why: BadOutput['why']): Result<never, BadOutput> {
  return err({ code: 'bad-output', tensor, why });
}

/** Takes one tensor of an answer and looks at every value of it; 64-bit integers become doubles. */
export function readTensor(tensors: ReadonlyMap<string, GivenTensor>, name: string): Result<NumberTensor, BadOutput> {
  const given = tensors.get(name);
  if (given === undefined) return badOutput(name, 'missing');
  const data = numbersOf(given.data);
  if (data === null) return badOutput(name, 'type');
  const count = given.dims.reduce((product, size) => product * size, 1);
  if (count !== data.length) return badOutput(name, 'shape');
  if (!areFinite(data)) return badOutput(name, 'not-finite');
  return ok({ dims: given.dims, data });
}

/** Whether every value is a number with an end; whole numbers always are. */
function areFinite(data: Numbers): boolean {
  const canBeNone = data instanceof Float32Array || data instanceof Float64Array || data instanceof Float16Array;
  if (!canBeNone) return true;
  for (let index = 0; index < data.length; index += 1) {
    const value = data[index] as number;
    if (value - value !== 0) return false; // of NaN and ∞ this is NaN
  }
  return true;
}

/** Values of any element type as numbers; null where they are none. 64-bit integers become doubles. */
export function numbersOf(data: unknown): Numbers | null {
  if (!ArrayBuffer.isView(data) || data instanceof DataView) return null;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  return data as unknown as Numbers;
}

/** Where the element at a batch, channel, slice, row and column index lies; an axis that the layout leaves out has length 1. */
export type Strides = {
  readonly sizes: Readonly<Record<Axis, number>>;
  readonly strides: Readonly<Record<Axis, number>>;
};
export type Axis = 'N' | 'C' | 'D' | 'H' | 'W';

/** Lays a layout such as `NCHW` over the dimensions of a tensor; null when they are not as many. */
export function stridesOf(layout: string, dims: readonly number[]): Strides | null {
  if (layout.length !== dims.length) return null;
  const sizes = { N: 1, C: 1, D: 1, H: 1, W: 1 };
  const strides = { N: 0, C: 0, D: 0, H: 0, W: 0 };
  let stride = 1;
  for (let at = layout.length - 1; at >= 0; at -= 1) {
    const axis = layout[at] as Axis;
    sizes[axis] = dims[at] as number;
    strides[axis] = stride;
    stride *= dims[at] as number;
  }
  return { sizes, strides };
}
