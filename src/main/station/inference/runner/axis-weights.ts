import type { INTERPOLATIONS } from '../../../../shared/domain/model-preprocessing.ts';

/** How the cells of one axis are made of those it had before: each of `taps` neighbours from its start on, by weight. */
export type AxisWeights = {
  readonly count: number;
  readonly taps: number;
  /** Of each new cell: the first old one it is made of; −1 where it is padding. */
  readonly starts: Int32Array;
  /** `taps` a cell, row by row; they add up to 1. */
  readonly weights: Float64Array;
  /** Where the centre of new cell `index` lies on the old axis: scale · index + offset. */
  readonly scale: number;
  readonly offset: number;
};

export type Interpolation = (typeof INTERPOLATIONS)[number];

/** Half of what a kernel covers, in cells, and its value at a distance; Catmull-Rom is Keys' kernel with a = −0.5. */
const KERNELS = {
  linear: { reach: 1, at: (distance: number) => Math.max(0, 1 - distance) },
  cubic: {
    reach: 2,
    at: (distance: number) =>
      distance < 1
        ? (1.5 * distance - 2.5) * distance * distance + 1
        : distance < 2
          ? ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
          : 0,
  },
} as const;

/**
 * Interpolates an axis of `from` cells to `count`, centres at scale · index + offset. Beyond either edge the outermost cell goes
 * on (SciPy's `nearest`), except with `antialias`, where what lies beyond counts for nothing and the rest for more, as in Pillow.
 * `nearest` takes the upper of two that are equally near; `area` is the mean of what a cell covers.
 */
export function interpolationWeights(
  from: number,
  to: { readonly count: number; readonly scale: number; readonly offset: number },
  interpolation: Interpolation,
  antialias: boolean,
): AxisWeights {
  const { count, scale, offset } = to;
  const rows = Array.from({ length: count }, (_, index) => {
    return weightsAt(scale * index + offset, scale, from, interpolation, antialias);
  });
  return packed(rows, from, scale, offset);
}

/** Leaves out or adds cells: new cell `index` is old cell `index + first`, or padding where there is none. */
export function shiftedAxis(from: number, count: number, first: number): AxisWeights {
  const starts = Int32Array.from({ length: count }, (_, index) => {
    const at = index + first;
    return at >= 0 && at < from ? at : -1;
  });
  return { count, taps: 1, starts, weights: new Float64Array(count).fill(1), scale: 1, offset: first };
}

/** The part of a cell's weights that is not nothing, from its first old cell on. */
type Row = { readonly start: number; readonly weights: readonly number[] };

function weightsAt(centre: number, scale: number, from: number, interpolation: Interpolation, antialias: boolean): Row {
  if (interpolation === 'nearest') return { start: within(Math.floor(centre + 0.5), from), weights: [1] };
  if (interpolation === 'area') {
    const [low, high] = [centre + 0.5 - scale / 2, centre + 0.5 + scale / 2];
    return folded(Math.floor(low), Math.ceil(high), from, (cell) => {
      return Math.max(0, Math.min(high, cell + 1) - Math.max(low, cell)) / scale;
    });
  }
  const { reach, at } = KERNELS[interpolation];
  const wider = antialias ? Math.max(scale, 1) : 1;
  const [first, last] = [Math.ceil(centre - reach * wider), Math.floor(centre + reach * wider)];
  const weight = (cell: number) => at(Math.abs(cell - centre) / wider);
  return antialias
    ? folded(Math.max(first, 0), Math.min(last, from - 1) + 1, from, weight)
    : folded(first, last + 1, from, weight);
}

/** Weights of the cells from `first` to before `end`, those beyond an edge added to the edge's, made to add up to 1. */
function folded(first: number, end: number, from: number, weight: (cell: number) => number): Row {
  const start = within(first, from);
  const weights = Array.from({ length: within(end - 1, from) - start + 1 }, () => 0);
  let sum = 0;
  for (let cell = first; cell < end; cell += 1) {
    const share = weight(cell);
    weights[within(cell, from) - start] = (weights[within(cell, from) - start] as number) + share;
    sum += share;
  }
  return { start, weights: weights.map((one) => one / sum) };
}

function within(cell: number, from: number): number {
  return Math.min(Math.max(cell, 0), from - 1);
}

/** Rows of one length: those that would reach beyond the last cell begin earlier. */
function packed(rows: readonly Row[], from: number, scale: number, offset: number): AxisWeights {
  const taps = Math.max(...rows.map(({ weights }) => weights.length));
  const starts = new Int32Array(rows.length);
  const all = new Float64Array(rows.length * taps);
  for (const [index, { start, weights }] of rows.entries()) {
    const first = Math.min(start, from - taps);
    starts[index] = first;
    all.set(weights, index * taps + start - first);
  }
  return { count: rows.length, taps, starts, weights: all, scale, offset };
}
