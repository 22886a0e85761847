import type { VolumeShape } from './interpret-outputs.ts';

/**
 * The largest connected part of a mask by volume: 1 where it is, by cell; null when nothing is set. Cells touch across corners, within
 * a slice and to the next.
 */
export function findLargestPart(grid: Uint8Array, shape: VolumeShape, extentsMm: readonly number[]): Uint8Array | null {
  const [slices, rows, columns] = shape;
  const area = rows * columns;
  const seen = new Uint8Array(grid.length);
  const largest = { cells: [] as number[], volume: 0 };
  for (let seed = 0; seed < grid.length; seed += 1) {
    if (grid[seed] === 0 || seen[seed] === 1) continue;
    seen[seed] = 1;
    const cells = [seed];
    let volume = 0;
    for (let at = 0; at < cells.length; at += 1) {
      const cell = cells[at] as number;
      const slice = Math.floor(cell / area);
      const row = Math.floor((cell % area) / columns);
      const column = cell % columns;
      volume += extentsMm[slice] as number;
      for (let k = Math.max(0, slice - 1); k <= Math.min(slices - 1, slice + 1); k += 1) {
        for (let i = Math.max(0, row - 1); i <= Math.min(rows - 1, row + 1); i += 1) {
          for (let j = Math.max(0, column - 1); j <= Math.min(columns - 1, column + 1); j += 1) {
            const next = k * area + i * columns + j;
            if (grid[next] === 0 || seen[next] === 1) continue;
            seen[next] = 1;
            cells.push(next);
          }
        }
      }
    }
    if (volume > largest.volume) Object.assign(largest, { cells, volume });
  }
  if (largest.volume === 0) return null;
  const part = new Uint8Array(grid.length);
  for (const cell of largest.cells) part[cell] = 1;
  return part;
}
