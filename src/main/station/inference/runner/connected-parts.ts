/** What of a mask is kept, and how its cells touch. */
export type PartsKept = {
  readonly minMl: number;
  readonly minCells: number;
  readonly keep: 'all' | 'largest';
  readonly touching: 'faces' | 'corners';
};

/** How many parts of a mask are kept, and how many cells they have. */
export type ConnectedParts = { readonly count: number; readonly cells: number };

/** What a cell of the largest part is marked with. */
export const LARGEST = 3;

/**
 * Finds the connected parts of a mask (cells that are 1), in place: clears those that are not kept and marks the largest, which is
 * the one with the most volume, the first of equals.
 */
export function keepParts(
  grid: Uint8Array,
  shape: readonly [number, number, number],
  /** What a cell of each slice holds; null where cells hold no volume, and then each counts as one. */
  cellMl: ((slice: number) => number) | null,
  how: PartsKept,
  /** False for images, which have no neighbours. */
  isVolume = true,
): ConnectedParts {
  const [slices, rows, columns] = shape;
  const area = rows * columns;
  const state = { count: 0, cells: 0, largest: new Uint32Array(), volume: 0 };
  let queue = new Uint32Array(1024);
  // 1: not yet looked at. 2: in a part that is kept. 0: outside.
  for (let seed = grid.indexOf(1); seed >= 0; seed = grid.indexOf(1, seed + 1)) {
    let end = 0;
    let volume = 0;
    const reach = (cell: number): void => {
      if (grid[cell] !== 1) return;
      grid[cell] = 2;
      if (end === queue.length) {
        const longer = new Uint32Array(queue.length * 2);
        longer.set(queue);
        queue = longer;
      }
      queue[end] = cell;
      end += 1;
    };
    reach(seed);
    for (let at = 0; at < end; at += 1) {
      const cell = queue[at] as number;
      const slice = Math.floor(cell / area);
      const row = Math.floor((cell - slice * area) / columns);
      const column = cell - slice * area - row * columns;
      volume += cellMl === null ? 1 : cellMl(slice);
      if (how.touching === 'faces') {
        if (column > 0) reach(cell - 1);
        if (column < columns - 1) reach(cell + 1);
        if (row > 0) reach(cell - columns);
        if (row < rows - 1) reach(cell + columns);
        if (isVolume && slice > 0) reach(cell - area);
        if (isVolume && slice < slices - 1) reach(cell + area);
        continue;
      }
      const far = isVolume ? 1 : 0;
      for (let k = Math.max(0, slice - far); k <= Math.min(slices - 1, slice + far); k += 1)
        for (let i = Math.max(0, row - 1); i <= Math.min(rows - 1, row + 1); i += 1)
          for (let j = Math.max(0, column - 1); j <= Math.min(columns - 1, column + 1); j += 1)
            reach(k * area + i * columns + j);
    }
    const part = queue.subarray(0, end);
    const isLarge = (cellMl === null || volume >= how.minMl) && end >= how.minCells;
    const isLarger = isLarge && volume > state.volume;
    const dropped = !isLarge || (how.keep === 'largest' && !isLarger) ? part : null;
    if (how.keep === 'largest' && isLarger) for (const cell of state.largest) grid[cell] = 0;
    if (dropped !== null) {
      for (const cell of dropped) grid[cell] = 0;
      continue;
    }
    state.count = how.keep === 'largest' ? 1 : state.count + 1;
    state.cells = how.keep === 'largest' ? end : state.cells + end;
    if (isLarger) Object.assign(state, { largest: part.slice(), volume });
  }
  for (let cell = grid.indexOf(2); cell >= 0; cell = grid.indexOf(2, cell + 1)) grid[cell] = 1;
  for (const cell of state.largest) grid[cell] = LARGEST;
  return { count: state.count, cells: state.cells };
}
