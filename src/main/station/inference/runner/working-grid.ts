import { type Affine, composeAffine } from './affine.ts';
import type { AxisWeights } from './axis-weights.ts';
import type { StackPlanes } from './stack-planes.ts';
import { type Axis, perAxis, type Triple } from './triple.ts';

type Plane = Float32Array | Int16Array;

/** So many rows of an image stay in the processor's nearest memory while columns are made. */
const ROWS_AT_A_TIME = 16;

/** A grid between two steps: planes of one size, and where its cells are in the stack. */
export type WorkingGrid = {
  readonly channels: number;
  readonly shape: Triple<number>;
  /** One channel of one slice; never written to. */
  readonly planeAt: (channel: number, slice: number) => Plane;
  /** All planes, channel by channel, where they are this grid's own and may be written to. */
  readonly values: Float32Array | null;
  readonly toStack: Affine;
  readonly spacingMm: Triple<number | null>;
  /** Millimetres that each cell of an axis stands for; null where all are alike. */
  readonly extentsMm: Triple<readonly number[] | null>;
};

/** The grid of a stack before any step. */
export function startGrid(planes: StackPlanes): WorkingGrid {
  const { channels, shape, planeAt, toStack, spacingMm, extentsMm } = planes;
  return { channels, shape, planeAt, values: null, toStack, spacingMm, extentsMm: [extentsMm, null, null] };
}

/** How many numbers a grid of a shape holds. */
export function cellsOf(channels: number, [slices, rows, columns]: Triple<number>): number {
  return channels * slices * rows * columns;
}

/** The same grid with values of its own. */
export function owned(grid: WorkingGrid): WorkingGrid & { readonly values: Float32Array } {
  if (grid.values !== null) return { ...grid, values: grid.values };
  const values = new Float32Array(cellsOf(grid.channels, grid.shape));
  const size = grid.shape[1] * grid.shape[2];
  forEachPlane(grid, (plane, channel, slice) => values.set(plane, (channel * grid.shape[0] + slice) * size));
  return { ...grid, values, planeAt: planesOf(values, grid.shape) };
}

/** Turns and flips whole axes: new axis `axis` is old axis `from[axis]`, backwards where `flipped[axis]`. */
export function turnGrid(grid: WorkingGrid, from: Triple<Axis>, flipped: Triple<boolean>): WorkingGrid {
  const of = <T>(values: Triple<T>): Triple<T> => [values[from[0]], values[from[1]], values[from[2]]];
  const shape = of(grid.shape);
  const extents = of(grid.extentsMm);
  const row = (axis: Axis): Affine[number] => {
    const to = from.indexOf(axis) as Axis;
    const unit = perAxis((one) => (one === to ? (flipped[to] ? -1 : 1) : 0));
    return [...unit, flipped[to] ? grid.shape[axis] - 1 : 0];
  };
  const turned = {
    ...grid,
    shape,
    spacingMm: of(grid.spacingMm),
    extentsMm: perAxis((axis) => (flipped[axis] ? (extents[axis]?.toReversed() ?? null) : extents[axis])),
    toStack: composeAffine(grid.toStack, [row(0), row(1), row(2)]),
  };
  const isAsItWas = from.every((axis, index) => axis === index) && !flipped[1] && !flipped[2];
  if (isAsItWas) {
    if (!flipped[0]) return turned;
    const planeAt: WorkingGrid['planeAt'] = (channel, slice) => grid.planeAt(channel, shape[0] - 1 - slice);
    return { ...turned, planeAt, values: null };
  }
  const values = new Float32Array(cellsOf(grid.channels, shape));
  const strides = [shape[1] * shape[2], shape[2], 1] as const;
  const [bySlice, byRow, byColumn] = perAxis((axis) => {
    const to = from.indexOf(axis) as Axis;
    return flipped[to] ? -strides[to] : strides[to];
  });
  const start = perAxis((to) => (flipped[to] ? (shape[to] - 1) * strides[to] : 0)).reduce((sum, one) => sum + one);
  const [, rows, columns] = grid.shape;
  forEachPlane(grid, (plane, channel, slice) => {
    const base = channel * shape[0] * strides[0] + start + slice * bySlice;
    for (let r = 0; r < rows; r += 1) {
      let to = base + r * byRow;
      for (let at = r * columns; at < (r + 1) * columns; at += 1) {
        values[to] = plane[at] as number;
        to += byColumn;
      }
    }
  });
  return { ...turned, values, planeAt: planesOf(values, shape) };
}

/** Makes new cells of old ones along each axis that has weights; each channel has a padding of its own, or the first one's. */
export function reweighGrid(
  grid: WorkingGrid,
  axes: Triple<AxisWeights | null>,
  paddings: readonly number[],
): WorkingGrid {
  const [slices, rows, columns] = grid.shape;
  const [bySlice, byRow, byColumn] = [axes[0], inFours(axes[1], rows), inFours(axes[2], columns)];
  const shape: Triple<number> = [bySlice?.count ?? slices, byRow?.count ?? rows, byColumn?.count ?? columns];
  const size = shape[1] * shape[2];
  const values = new Float32Array(cellsOf(grid.channels, shape));
  const uses = bySlice === null ? null : usesOf(bySlice, slices);
  const made = planesOf(values, shape) as (channel: number, slice: number) => Float32Array;
  const wide = new Float32Array(byColumn && byRow ? rows * shape[2] : 0);
  const whole = new Float32Array(uses === null ? 0 : size);
  forEachPlane(grid, (plane, channel, slice) => {
    const padding = paddings[channel] ?? paddings[0] ?? 0;
    const used = uses === null ? null : (uses[slice] as readonly Use[]);
    if (used?.length === 0) return;
    // What becomes one slice, and no part of others, is made where it will stand.
    const into = used === null ? made(channel, slice) : whole;
    const across = byColumn ? reweighColumns(plane, rows, columns, byColumn, padding, byRow ? wide : into) : plane;
    const down = byRow ? reweighRows(across, rows, shape[2], byRow, padding, into) : across;
    if (used === null && down !== into) into.set(down);
    for (const { index, weight } of used ?? []) addTo(made(channel, index), down, weight);
  });
  if (bySlice) padSlices(values, bySlice, grid.channels, size, paddings);
  const steps = perAxis((axis) => axes[axis] ?? { scale: 1, offset: 0 });
  return {
    channels: grid.channels,
    shape,
    values,
    planeAt: planesOf(values, shape),
    toStack: composeAffine(grid.toStack, [
      [steps[0].scale, 0, 0, steps[0].offset],
      [0, steps[1].scale, 0, steps[1].offset],
      [0, 0, steps[2].scale, steps[2].offset],
    ]),
    spacingMm: perAxis((axis) => {
      const was = grid.spacingMm[axis];
      return was === null ? null : was * steps[axis].scale;
    }),
    extentsMm: perAxis((axis) => {
      const [was, by] = [grid.extentsMm[axis], axes[axis]];
      return was === null || by === null ? was : reweighExtents(was, by, grid.spacingMm[axis] ?? 0);
    }),
  };
}

function forEachPlane(grid: WorkingGrid, visit: (plane: Plane, channel: number, slice: number) => void): void {
  for (let channel = 0; channel < grid.channels; channel += 1)
    for (let slice = 0; slice < grid.shape[0]; slice += 1) visit(grid.planeAt(channel, slice), channel, slice);
}

function addTo(into: Float32Array, plane: Plane, weight: number): void {
  if (weight === 1) return into.set(plane);
  for (let cell = 0; cell < into.length; cell += 1)
    into[cell] = (into[cell] as number) + weight * (plane[cell] as number);
}

/** Planes of values that stand one behind the other. */
export function planesOf(values: Float32Array, [slices, rows, columns]: Triple<number>): WorkingGrid['planeAt'] {
  const size = rows * columns;
  return (channel, slice) => {
    const at = (channel * slices + slice) * size;
    return values.subarray(at, at + size);
  };
}

/** By old slice: which new slices it is part of. Each is read once, in order: a plane may cost something to make. */
type Use = { readonly index: number; readonly weight: number };

function usesOf({ count, taps, starts, weights }: AxisWeights, from: number): readonly (readonly Use[])[] {
  const uses = Array.from({ length: from }, (): Use[] => []);
  for (let index = 0; index < count; index += 1) {
    const start = starts[index] as number;
    if (start < 0) continue;
    for (let tap = 0; tap < taps; tap += 1) {
      const weight = weights[index * taps + tap] as number;
      if (weight !== 0) uses[start + tap]?.push({ index, weight });
    }
  }
  return uses;
}

function padSlices(
  values: Float32Array,
  { count, starts }: AxisWeights,
  channels: number,
  size: number,
  paddings: readonly number[],
): void {
  for (let channel = 0; channel < channels; channel += 1)
    for (let index = 0; index < count; index += 1)
      if ((starts[index] as number) < 0) {
        const at = (channel * count + index) * size;
        values.fill(paddings[channel] ?? paddings[0] ?? 0, at, at + size);
      }
}

function reweighColumns(
  plane: Plane,
  rows: number,
  columns: number,
  by: AxisWeights,
  padding: number,
  into: Float32Array,
): Float32Array {
  const { count, taps, starts, weights } = by;
  if (isShift(by)) {
    const { first, end } = keptOf(by, columns);
    into.fill(padding);
    for (let row = 0; row < rows; row += 1)
      into.set(plane.subarray(row * columns + first, row * columns + end), row * count + first - by.offset);
    return into;
  }
  if (taps === 4) {
    // Some rows at a time, all of each column: its weights are taken up once, and the rows stay near.
    for (let first = 0; first < rows; first += ROWS_AT_A_TIME) {
      const end = Math.min(rows, first + ROWS_AT_A_TIME);
      for (let column = 0; column < count; column += 1) {
        const [a, b, c, d] = fourOf(weights, column * taps);
        let from = first * columns + (starts[column] as number);
        let to = first * count + column;
        for (let row = first; row < end; row += 1, from += columns, to += count)
          into[to] =
            0 +
            a * (plane[from] as number) +
            b * (plane[from + 1] as number) +
            c * (plane[from + 2] as number) +
            d * (plane[from + 3] as number);
      }
    }
    return into;
  }
  if (taps === 1) {
    for (let row = 0, to = 0; row < rows; row += 1)
      for (let column = 0; column < count; column += 1, to += 1)
        into[to] = 0 + (weights[column] as number) * (plane[row * columns + (starts[column] as number)] as number);
    return into;
  }
  for (let row = 0; row < rows; row += 1) {
    const base = row * columns;
    for (let column = 0, at = 0; column < count; column += 1) {
      const from = base + (starts[column] as number);
      let value = 0;
      for (let tap = 0; tap < taps; tap += 1, at += 1) value += (weights[at] as number) * (plane[from + tap] as number);
      into[row * count + column] = value;
    }
  }
  return into;
}

function reweighRows(
  plane: Plane,
  rows: number,
  columns: number,
  by: AxisWeights,
  padding: number,
  into: Float32Array,
): Float32Array {
  const { count, taps, starts, weights } = by;
  if (isShift(by)) {
    const { first, end } = keptOf(by, rows);
    into.fill(padding);
    into.set(plane.subarray(first * columns, end * columns), (first - by.offset) * columns);
    return into;
  }
  const line = new Float64Array(columns);
  for (let row = 0; row < count; row += 1) {
    let from = (starts[row] as number) * columns;
    if (taps === 4) {
      const [a, b, c, d] = fourOf(weights, row * taps);
      for (let column = 0; column < columns; column += 1, from += 1)
        line[column] =
          0 +
          a * (plane[from] as number) +
          b * (plane[from + columns] as number) +
          c * (plane[from + 2 * columns] as number) +
          d * (plane[from + 3 * columns] as number);
    } else {
      line.fill(0);
      for (let tap = 0; tap < taps; tap += 1, from += columns) {
        const weight = weights[row * taps + tap] as number;
        for (let column = 0; column < columns && weight !== 0; column += 1)
          line[column] = (line[column] as number) + weight * (plane[from + column] as number);
      }
    }
    into.set(line, row * columns);
  }
  return into;
}

function fourOf(weights: Float64Array, at: number): readonly [number, number, number, number] {
  return [weights[at], weights[at + 1], weights[at + 2], weights[at + 3]] as [number, number, number, number];
}

/** The same weights with a fourth tap of 0 where there are three: four are reckoned by one line without a loop. */
function inFours(by: AxisWeights | null, from: number): AxisWeights | null {
  if (by === null || by.taps !== 3 || from < 4) return by;
  const { count, taps, starts, weights } = by;
  const first = starts.map((start) => Math.min(start, from - 4));
  const four = new Float64Array(count * 4);
  for (let index = 0; index < count; index += 1)
    four.set(
      weights.subarray(index * taps, (index + 1) * taps),
      index * 4 + (starts[index] as number) - (first[index] as number),
    );
  return { ...by, taps: 4, starts: first, weights: four };
}

/** Whether cells are only left out or added: whole runs are then copied. Padding stands in no other axis. */
function isShift({ scale, offset, taps, weights }: AxisWeights): boolean {
  return scale === 1 && taps === 1 && weights[0] === 1 && Number.isInteger(offset);
}

/** From which old cell to before which one a shifted axis keeps what was there. */
function keptOf({ count, offset }: AxisWeights, cells: number): { readonly first: number; readonly end: number } {
  return { first: Math.max(0, offset), end: Math.min(cells, offset + count) };
}

/** What new cells stand for: what they cover of the old ones, each of which goes on beyond the edge. */
function reweighExtents(
  extents: readonly number[],
  { count, scale, offset }: AxisWeights,
  spacingMm: number,
): readonly number[] {
  return Array.from({ length: count }, (_, index) => {
    const [low, high] = [scale * index + offset + 0.5 - scale / 2, scale * index + offset + 0.5 + scale / 2];
    let covered = 0;
    for (let cell = Math.floor(low); cell < high; cell += 1)
      covered += Math.max(0, Math.min(high, cell + 1) - Math.max(low, cell)) * (extents[cell] ?? spacingMm);
    return covered;
  });
}
