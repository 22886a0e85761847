import { ok, type Result } from '../../../../shared/domain/result.ts';
import type { GridExtent } from './collect-numbers.ts';
import { type BadOutput, badOutput, type NumberTensor, type Strides, stridesOf } from './read-tensor.ts';

type Shape = readonly [number, number, number];

/** One slice of the grid as the model's cells have it: channels × rows × columns, raw; valid during the call only. */
export type TakePlane = (slice: number, plane: Float32Array) => BadOutput['why'] | null;

/** Takes what a model says of each cell of its samples and gives it on slice by slice, each once, in order. */
export type CellJoiner = {
  readonly take: (samples: readonly GridExtent[], tensor: NumberTensor) => Result<void, BadOutput>;
  readonly finish: () => Result<void, BadOutput>;
};

type Accumulated = { readonly sum: Float32Array; readonly weight: Float32Array };

/**
 * Joins cells of samples on the grid: each slice once all samples that reach it were taken, so that no more slices are held than
 * a sample is deep. Where samples overlap, raw values are weighted and averaged, before any activation. A coarser tensor, by whole
 * factors, counts for all the cells that each of its own covers.
 */
export function joinCells(options: {
  readonly tensor: string;
  readonly layout: string;
  readonly channels: number;
  readonly shape: Shape;
  /** Weight of each cell of a sample, [slices, rows, columns]; null where samples do not overlap. */
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
          addSlice(accumulate(at), tensor, laid, index, sample, slice, factors);
          if (weights !== null) continue;
          const complete = giveOn(at + 1);
          if (!complete.ok) return complete;
        }
      }
      return ok(undefined);
    },
    finish: () => giveOn(shape[0]),
  };

  function addSlice(
    { sum, weight }: Accumulated,
    { data }: NumberTensor,
    { strides }: Strides,
    index: number,
    { origin, size }: GridExtent,
    slice: number,
    [perSlice, perRow, perColumn]: Shape,
  ): void {
    const start = index * strides.N + Math.floor(slice / perSlice) * strides.D;
    const columns = Math.min(size[2], shape[2] - origin[2]);
    for (let row = 0; row < size[1] && origin[1] + row < shape[1]; row += 1) {
      const line = start + Math.floor(row / perRow) * strides.H;
      const target = (origin[1] + row) * shape[2] + origin[2];
      const of = (slice * size[1] + row) * size[2];
      for (let column = 0; column < columns; column += 1) {
        const by = weights === null ? 1 : (weights[of + column] as number);
        const cell = target + column;
        const known = weight[cell] as number;
        if (overlaps === 'heaviest' && by <= known) continue;
        const before = overlaps === 'mean' ? 1 : 0;
        weight[cell] = before * known + by;
        let from = line + (perColumn === 1 ? column : Math.floor(column / perColumn)) * strides.W;
        for (let to = cell; to < sum.length; to += area) {
          sum[to] = before * (sum[to] as number) + (overlaps === 'mean' ? by : 1) * (data[from] as number);
          from += strides.C;
        }
      }
    }
  }
}

/** How many cells of the sample each cell of the tensor covers; null where that is no whole number. */
function factorsOf({ sizes }: Strides, { size }: GridExtent): Shape | null {
  const factors = [size[0] / sizes.D, size[1] / sizes.H, size[2] / sizes.W] as const;
  return factors.every((factor) => Number.isInteger(factor) && factor >= 1) ? factors : null;
}
