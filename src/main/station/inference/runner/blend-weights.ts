import type { ModelSampling } from '../../../../shared/domain/model-preprocessing.ts';
import { perAxis, type Triple } from './triple.ts';

/** Nowhere is a patch's word worth nothing: at a corner that no other patch covers it is the only one. */
const LEAST = 1e-3;

/**
 * What each cell of a patch counts where patches overlap, slices, rows, columns: 1 everywhere for `mean`; for `gaussian` at most 1 in
 * the middle, with a deviation of an eighth of each axis, and never below a thousandth.
 */
export function blendWeights(
  size: Triple<number>,
  blend: Extract<ModelSampling, { kind: 'patches' }>['blend'],
): Float32Array {
  const [slices, rows, columns] = size;
  const weights = new Float32Array(slices * rows * columns).fill(1);
  if (blend === 'mean') return weights;
  const [bySlice, byRow, byColumn] = perAxis((axis) => bell(size[axis]));
  for (let at = 0; at < weights.length; at += 1) {
    const column = at % columns;
    const row = Math.floor(at / columns) % rows;
    const slice = Math.floor(at / (columns * rows));
    const weight = (bySlice[slice] as number) * (byRow[row] as number) * (byColumn[column] as number);
    weights[at] = Math.max(LEAST, weight);
  }
  return weights;
}

function bell(cells: number): readonly number[] {
  const middle = (cells - 1) / 2;
  return Array.from({ length: cells }, (_, at) => Math.exp(-(((at - middle) / (cells / 8)) ** 2) / 2));
}
