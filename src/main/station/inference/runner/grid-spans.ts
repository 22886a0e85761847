import { GRID_AXES, type PreparingStep } from '../../../../shared/domain/model-preprocessing.ts';
import { type Axis, perAxis, type Triple } from './triple.ts';
import type { WorkingGrid } from './working-grid.ts';

/** Steps that keep a part of the grid, or add cells around it, and change no value. */
export type SpanStep = Extract<
  PreparingStep,
  { do: 'crop-or-pad' | 'pad-to-multiple' | 'crop-to-content' | 'trim' | 'square' }
>;

/** From which old cell on an axis goes, and with how many; cells outside the old ones are padding. */
export type Span = { readonly first: number; readonly count: number };

/** What each axis keeps or gets by a step. Of images the first axis counts them, and content never takes one away. */
export function spansOf(grid: WorkingGrid, step: SpanStep, isOfImages: boolean): Triple<Span> {
  const { shape } = grid;
  switch (step.do) {
    case 'crop-or-pad': {
      const content = step.about === undefined ? null : contentOf(grid, 0.5, step.about);
      return perAxis((axis) => {
        const to = step.to[axis];
        if (content === null || to === null || (isOfImages && axis === 0))
          return anchored(shape[axis], to ?? shape[axis], step.anchor);
        const [first, last] = content[axis];
        return { first: Math.round((first + last) / 2 - (to - 1) / 2), count: to };
      });
    }
    case 'pad-to-multiple':
      return perAxis((axis) => {
        const of = step.of[axis] ?? 1;
        return { first: 0, count: Math.ceil(shape[axis] / of) * of };
      });
    case 'square': {
      const side = step.by === 'pad' ? Math.max(shape[1], shape[2]) : Math.min(shape[1], shape[2]);
      return perAxis((axis) => anchored(shape[axis], axis === 0 ? shape[0] : side, step.anchor));
    }
    case 'trim':
      return perAxis((axis) => {
        const [start, end] = (step.shares[axis] ?? [0, 0]).map((share) => Math.floor(share * shape[axis])) as [
          number,
          number,
        ];
        return { first: start, count: Math.max(1, shape[axis] - start - end) };
      });
    case 'crop-to-content': {
      const content = contentOf(grid, step.above, step.plane);
      return perAxis((axis) => {
        const isCut = step.axes.includes(GRID_AXES[axis]) && !(isOfImages && axis === 0);
        if (content === null || !isCut) return { first: 0, count: shape[axis] };
        const first = Math.max(0, content[axis][0] - step.margin);
        const end = Math.min(shape[axis], content[axis][1] + 1 + step.margin);
        return { first, count: end - first };
      });
    }
  }
}

/** Whether the half of an axis from its start on holds less than the other: sums of values, counted from the least. */
export function isHeavierAtEnd(grid: WorkingGrid, axis: 1 | 2): boolean {
  const [slices, rows, columns] = grid.shape;
  const cells = grid.shape[axis];
  let [least, start, end] = [Number.POSITIVE_INFINITY, 0, 0];
  for (const weigh of [false, true])
    for (let channel = 0; channel < grid.channels; channel += 1)
      for (let slice = 0; slice < slices; slice += 1) {
        const plane = grid.planeAt(channel, slice);
        for (let at = 0; at < rows * columns; at += 1) {
          const value = plane[at] as number;
          if (!weigh) {
            if (value < least) least = value;
            continue;
          }
          // The middle one of an odd number of cells is in neither half.
          const twice = 2 * (axis === 1 ? Math.floor(at / columns) : at % columns) + 1;
          if (twice < cells) start += value - least;
          else if (twice > cells) end += value - least;
        }
      }
  return end > start;
}

/** First and last cell of each axis with a value above a number, in one channel or any; null where there is none. */
function contentOf(
  grid: WorkingGrid,
  above: number,
  plane: number | undefined,
): Triple<readonly [number, number]> | null {
  const [slices, rows, columns] = grid.shape;
  const low = [slices, rows, columns];
  const high = [-1, -1, -1];
  const reach = (axis: Axis, index: number) => {
    if (index < (low[axis] as number)) low[axis] = index;
    if (index > (high[axis] as number)) high[axis] = index;
  };
  const [first, end] = plane === undefined ? [0, grid.channels] : [plane, plane + 1];
  for (let channel = first; channel < end; channel += 1)
    for (let slice = 0; slice < slices; slice += 1) {
      const values = grid.planeAt(channel, slice);
      for (let row = 0; row < rows; row += 1)
        for (let column = 0; column < columns; column += 1) {
          if (!((values[row * columns + column] as number) > above)) continue;
          reach(0, slice);
          reach(1, row);
          reach(2, column);
        }
    }
  return high[0] === -1 ? null : perAxis((axis) => [low[axis] as number, high[axis] as number] as const);
}

/** An odd cell is cut off or added at the end. */
function anchored(from: number, count: number, anchor: 'centre' | 'start' | 'end'): Span {
  const over = count - from;
  const before = { start: 0, centre: over > 0 ? Math.floor(over / 2) : -Math.floor(-over / 2), end: over }[anchor];
  return { first: 0 - before, count };
}
