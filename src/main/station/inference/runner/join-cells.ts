import { ok, type Result } from '../../../../shared/domain/result.ts';
import type { GridExtent } from './collect-numbers.ts';
import { type BadOutput, badOutput, type NumberTensor, type Strides, stridesOf } from './read-tensor.ts';

type Shape = readonly [number, number, number];

/** One slice of the grid as the model's cells have it: channels × rows × columns, raw; the taker's to change during the call. */
export type TakePlane = (slice: number, plane: Float32Array) => BadOutput['why'] | null;

/** Takes what a model says of each cell of its samples and gives it on slice by slice, each once, in order. */
export type CellJoiner = {
  readonly take: (samples: readonly GridExtent[], tensor: NumberTensor) => Result<void, BadOutput>;
  readonly finish: () => Result<void, BadOutput>;
};

type Accumulated = { readonly sum: Float32Array; readonly weight: Float32Array };

/**
 * Joins cells of samples on the grid: each slice once all samples that reach it were taken, so that no more slices are held than
 * a sample is deep. Where samples overlap, raw values are weighted and averaged, before any activation. Of a coarser tensor each
 * cell counts for those of the grid whose middle it covers.
 */
export function joinCells(options: {
  readonly tensor: string;
  readonly layout: string;
  readonly channels: number;
  readonly shape: Shape;
  /** Weight of each cell of a sample, [slices, rows, columns]; null where each sample holds whole slices that no other does. */
  readonly weights: Float32Array | null;
  /** `mean`: of all samples that hold a cell; `heaviest`: what the sample with the greatest weight there says, for class numbers. */
  readonly overlaps: 'mean' | 'heaviest';
  readonly takePlane: TakePlane;
}): CellJoiner {
  const { tensor: name, layout, channels, shape, weights, overlaps, takePlane } = options;
  const area = shape[1] * shape[2];
  const open = new Map<number, Accumulated>();
  const spare: Accumulated[] = [];
  let done = 0;
  let cut = new Float32Array();

  function accumulate(slice: number): Accumulated {
    const known = open.get(slice);
    if (known !== undefined) return known;
    const fresh = spare.pop() ?? { sum: new Float32Array(channels * area), weight: new Float32Array(area) };
    fresh.sum.fill(0);
    fresh.weight.fill(0);
    open.set(slice, fresh);
    return fresh;
  }

  /** Gives on every slice below `end`, none of which a later sample reaches. */
  function giveOn(end: number): Result<void, BadOutput> {
    for (; done < end; done += 1) {
      const slice = open.get(done);
      if (slice === undefined) continue;
      const { sum, weight } = slice;
      for (let cell = 0; cell < area; cell += 1) {
        const by = weight[cell] as number;
        if (by === 1 || overlaps === 'heaviest') continue;
        // A cell that no sample holds stays 0, as if the model had said nothing of it.
        for (let at = cell; at < sum.length; at += area) sum[at] = by === 0 ? 0 : (sum[at] as number) / by;
      }
      const why = takePlane(done, sum);
      if (why !== null) return badOutput(name, why);
      open.delete(done);
      spare.push(slice);
    }
    return ok(undefined);
  }

  return {
    take(samples, tensor) {
      const laid = stridesOf(layout, tensor.dims);
      if (laid === null || laid.sizes.C !== channels || laid.sizes.N !== samples.length)
        return badOutput(name, 'shape');
      for (const [index, sample] of samples.entries()) {
        const factors = factorsOf(laid, sample);
        if (factors === null) return badOutput(name, 'shape');
        const given = giveOn(Math.min(shape[0], sample.origin[0]));
        if (!given.ok) return given;
        for (let slice = 0; slice < sample.size[0]; slice += 1) {
          const at = sample.origin[0] + slice;
          if (at < done || at >= shape[0]) continue;
          const cells = sample.size[1] * sample.size[2];
          if (cut.length !== channels * cells) cut = new Float32Array(channels * cells);
          cutPlane(cut, tensor, laid, index * laid.strides.N, slice, sample, factors);
          if (weights !== null) {
            add(accumulate(at), cut, weights.subarray(slice * cells, (slice + 1) * cells), sample);
            continue;
          }
          const why = takePlane(at, cut);
          if (why !== null) return badOutput(name, why);
          done = at + 1;
        }
      }
      return ok(undefined);
    },
    finish: () => giveOn(shape[0]),
  };

  /** Adds one slice of a patch where it is inside the grid. */
  function add(to: Accumulated, plane: Float32Array, by: Float32Array, { origin, size }: GridExtent): void {
    const rows = Math.min(size[1], shape[1] - origin[1]);
    const columns = Math.min(size[2], shape[2] - origin[2]);
    for (let row = 0; row < rows; row += 1) {
      const from = row * size[2];
      const cell = (origin[1] + row) * shape[2] + origin[2];
      for (let channel = 0; channel < channels; channel += 1) {
        const source = channel * size[1] * size[2] + from;
        const target = channel * area + cell;
        for (let column = 0; column < columns; column += 1) {
          const value = plane[source + column] as number;
          const weight = by[from + column] as number;
          if (overlaps === 'mean') to.sum[target + column] = (to.sum[target + column] as number) + weight * value;
          else if (weight > (to.weight[cell + column] as number)) to.sum[target + column] = value;
        }
      }
      for (let column = 0; column < columns; column += 1) {
        const weight = by[from + column] as number;
        const known = to.weight[cell + column] as number;
        to.weight[cell + column] = overlaps === 'mean' ? known + weight : Math.max(known, weight);
      }
    }
  }
}

/** Cuts one slice of one sample out of a tensor: channels × rows × columns of the sample, coarse cells spread. */
function cutPlane(
  into: Float32Array,
  { data }: NumberTensor,
  { strides, sizes }: Strides,
  start: number,
  slice: number,
  { size }: GridExtent,
  [perSlice, perRow, perColumn]: Shape,
): void {
  const cells = size[1] * size[2];
  const isPlain = perRow === 1 && perColumn === 1 && strides.W === 1 && strides.H === sizes.W;
  for (let channel = 0; channel < sizes.C; channel += 1) {
    const first = start + Math.floor((slice + 0.5) / perSlice) * strides.D + channel * strides.C;
    if (isPlain) {
      into.set(data.subarray(first, first + cells), channel * cells);
      continue;
    }
    let to = channel * cells;
    for (let row = 0; row < size[1]; row += 1) {
      const line = first + Math.floor((row + 0.5) / perRow) * strides.H;
      for (let column = 0; column < size[2]; column += 1, to += 1)
        into[to] = data[
          line + (perColumn === 1 ? column : Math.floor((column + 0.5) / perColumn)) * strides.W
        ] as number;
    }
  }
}

/** How many cells of the sample each cell of the tensor covers, which need not be a whole number; null where it is finer. */
function factorsOf({ sizes }: Strides, { size }: GridExtent): Shape | null {
  const factors = [size[0] / sizes.D, size[1] / sizes.H, size[2] / sizes.W] as const;
  return factors.every((factor) => Number.isFinite(factor) && factor >= 1) ? factors : null;
}
