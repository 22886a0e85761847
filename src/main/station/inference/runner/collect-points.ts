import type { ModelOutput } from '../../../../shared/domain/model-outputs.ts';
import { ok, type Result } from '../../../../shared/domain/result.ts';
import { activate, activateOne } from './activate.ts';
import type { GridExtent } from './collect-numbers.ts';
import type { GridBox } from './join-boxes.ts';
import { type BadOutput, badOutput, type NumberTensor, stridesOf } from './read-tensor.ts';

type PointsOutput = Extract<ModelOutput, { role: 'points' }>;
type Coordinates = Extract<PointsOutput['where'], { from: 'coordinates' }>;
type Heatmap = Extract<PointsOutput['where'], { from: 'heatmap' }>;

/** Takes the points of each batch; each is told as a box of one cell of the grid about it, best first. */
export type PointCollector = {
  readonly take: (samples: readonly GridExtent[], tensor: NumberTensor) => Result<void, BadOutput>;
  readonly finish: () => readonly GridBox[];
};

/** Of one sample only the best so many are looked at. */
const MOST_OF_SAMPLE = 1000;
/** Grid axis that each letter names. */
const AXES = { z: 0, y: 1, x: 2 } as const;

/** Collects landmarks by their coordinates, or where a heatmap is highest. A good point beside its sample makes the answer bad. */
export function collectPoints(output: PointsOutput): PointCollector {
  const found: GridBox[] = [];
  const { where } = output;
  return {
    take(samples, tensor) {
      for (const index of samples.keys()) {
        const taken =
          where.from === 'heatmap'
            ? highest(output, where, tensor, index, samples)
            : listed(output, where, tensor, index, samples);
        if (typeof taken === 'string') return badOutput(output.tensor, taken);
        found.push(...taken.toSorted((a, b) => b.score - a.score).slice(0, MOST_OF_SAMPLE));
      }
      return ok(undefined);
    },
    finish() {
      const ordered = found.toSorted((a, b) => b.score - a.score);
      const seen = new Set<string>();
      const kept = ordered.filter(({ label }) => output.each === 'all' || (!seen.has(label) && seen.add(label)));
      return kept.slice(0, output.most);
    },
  };
}

function listed(
  output: PointsOutput,
  where: Coordinates,
  { dims, data }: NumberTensor,
  index: number,
  samples: readonly GridExtent[],
): readonly GridBox[] | BadOutput['why'] {
  const sample = samples[index] as GridExtent;
  const points = output.classes.length;
  const columns = data.length / (samples.length * points);
  const last = Math.max(where.firstColumn + where.axes.length - 1, where.scoreColumn ?? 0);
  const isBatch = samples.length === 1 || dims[0] === samples.length;
  if (!Number.isInteger(columns) || last >= columns || !isBatch) return 'shape';
  const scores = Float64Array.from({ length: points }, (_, point) =>
    where.scoreColumn === undefined ? 1 : (data[(index * points + point) * columns + where.scoreColumn] as number),
  );
  if (where.scoreColumn !== undefined) activate(scores, where.activation);
  const boxes: GridBox[] = [];
  for (const [point, label] of output.classes.entries()) {
    const score = scores[point] as number;
    if (label === null || score < output.minScore) continue;
    const [from, to] = [[...sample.origin] as [number, number, number], ends(sample)];
    for (const [at, letter] of (where.axes.split('') as (keyof typeof AXES)[]).entries()) {
      const axis = AXES[letter];
      const cells = sample.size[axis];
      const edge = toEdge(
        data[(index * points + point) * columns + where.firstColumn + at] as number,
        cells,
        where.unit,
      );
      if (!(edge >= 0 && edge <= cells)) return 'out-of-range';
      from[axis] = sample.origin[axis] + edge - 0.5;
      to[axis] = sample.origin[axis] + edge + 0.5;
    }
    boxes.push({ label, score, stack: sample.stack, from, to });
  }
  return boxes;
}

/** Cells from the first edge. */
function toEdge(value: number, cells: number, unit: Coordinates['unit']): number {
  switch (unit) {
    case 'cells':
      return value;
    case 'indices':
      return value + 0.5;
    case 'share':
      return value * cells;
    case 'signed-share':
      return ((value + 1) / 2) * cells;
  }
}

function highest(
  output: PointsOutput,
  where: Heatmap,
  tensor: NumberTensor,
  index: number,
  samples: readonly GridExtent[],
): readonly GridBox[] | BadOutput['why'] {
  const sample = samples[index] as GridExtent;
  const laid = stridesOf(where.layout, tensor.dims);
  if (laid === null || laid.sizes.C !== output.classes.length || laid.sizes.N !== samples.length) return 'shape';
  const { sizes, strides } = laid;
  const factors = [sample.size[0] / sizes.D, sample.size[1] / sizes.H, sample.size[2] / sizes.W] as const;
  if (!factors.every((factor) => factor >= 1)) return 'shape';
  const valueAt = activated(where, tensor, index * strides.N, laid);
  const boxes: GridBox[] = [];
  for (const [channel, label] of output.classes.entries()) {
    if (label === null) continue;
    const at = (slice: number, row: number, column: number) => valueAt(channel, slice, row, column);
    const peaks = where.peaks === 'highest' ? [theHighest(sizes, at)] : localPeaks(sizes, at, output.minScore);
    for (const { place, score } of peaks) {
      if (score < output.minScore) continue;
      const [from, to] = [[0, 0, 0] as [number, number, number], [0, 0, 0] as [number, number, number]];
      for (const axis of [0, 1, 2] as const) {
        const middle = sample.origin[axis] + (place[axis] + 0.5) * factors[axis];
        [from[axis], to[axis]] = [middle - 0.5, middle + 0.5];
      }
      boxes.push({ label, score, stack: sample.stack, from, to });
    }
  }
  return boxes;
}

type Sizes = { readonly D: number; readonly H: number; readonly W: number };
type ValueAt = (slice: number, row: number, column: number) => number;
type Peak = { readonly place: readonly [number, number, number]; readonly score: number };

/** The activated value of a cell; softmax over all channels there. */
function activated(
  { activation }: Heatmap,
  { data }: NumberTensor,
  start: number,
  { sizes, strides }: NonNullable<ReturnType<typeof stridesOf>>,
) {
  return (channel: number, slice: number, row: number, column: number): number => {
    const cell = start + slice * strides.D + row * strides.H + column * strides.W;
    const raw = data[cell + channel * strides.C] as number;
    if (activation !== 'softmax') return activateOne(raw, activation);
    const all = Float64Array.from({ length: sizes.C }, (_, one) => data[cell + one * strides.C] as number);
    return activate(all, 'softmax')[channel] as number;
  };
}

/** The first of equals. */
function theHighest({ D, H, W }: Sizes, at: ValueAt): Peak {
  let best: Peak = { place: [0, 0, 0], score: Number.NEGATIVE_INFINITY };
  for (let slice = 0; slice < D; slice += 1)
    for (let row = 0; row < H; row += 1)
      for (let column = 0; column < W; column += 1) {
        const score = at(slice, row, column);
        if (score > best.score) best = { place: [slice, row, column], score };
      }
  return best;
}

/** Cells that none of their eight neighbours in the slice is above; of equal neighbours the first. */
function localPeaks({ D, H, W }: Sizes, at: ValueAt, minScore: number): readonly Peak[] {
  const peaks: Peak[] = [];
  for (let slice = 0; slice < D; slice += 1)
    for (let row = 0; row < H; row += 1)
      for (let column = 0; column < W; column += 1) {
        const score = at(slice, row, column);
        if (score < minScore) continue;
        const isPeak = AROUND.every(([down, across]) => {
          const [r, c] = [row + down, column + across];
          if (r < 0 || c < 0 || r >= H || c >= W) return true;
          const other = at(slice, r, c);
          return other < score || (other === score && (down > 0 || (down === 0 && across > 0)));
        });
        if (isPeak) peaks.push({ place: [slice, row, column], score });
      }
  return peaks;
}

const AROUND = [-1, 0, 1].flatMap((down) =>
  [-1, 0, 1].filter((across) => down !== 0 || across !== 0).map((across) => [down, across] as const),
);

function ends({ origin, size }: GridExtent): [number, number, number] {
  return [origin[0] + size[0], origin[1] + size[1], origin[2] + size[2]];
}
