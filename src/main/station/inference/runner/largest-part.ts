import type { VolumeShape } from './interpret-outputs.ts';

/**
 * The largest connected part of a mask by volume: 1 where it is, by cell; null when nothing is set. Cells touch across corners, within
 * a slice and to the next.
 */
export function findLargestPart(grid: Uint8Array, shape: VolumeShape, extentsMm: readonly number[]): Uint8Array | null {
  const [slices, rows, columns] = shape;
  const area = rows * columns;
  const labels = new Int32Array(grid.length);
  const stack: number[] = [];
  let parts = 0;
  let largest = { label: 0, volume: 0 };
  for (let seed = 0; seed < grid.length; seed += 1) {
    if (grid[seed] === 0 || labels[seed] !== 0) continue;
    parts += 1;
    labels[seed] = parts;
    stack.push(seed);
    let volume = 0;
    for (let cell = stack.pop(); cell !== undefined; cell = stack.pop()) {
      const slice = Math.floor(cell / area);
      const row = Math.floor((cell % area) / columns);
      const column = cell % columns;
      volume += extentsMm[slice] as number;
      for (let k = Math.max(0, slice - 1); k <= Math.min(slices - 1, slice + 1); k += 1) {
        for (let i = Math.max(0, row - 1); i <= Math.min(rows - 1, row + 1); i += 1) {
          for (let j = Math.max(0, column - 1); j <= Math.min(columns - 1, column + 1); j += 1) {
            const next = k * area + i * columns + j;
            if (grid[next] === 0 || labels[next] !== 0) continue;
            labels[next] = parts;
            stack.push(next);
          }
        }
      }
    }
    if (volume > largest.volume) largest = { label: parts, volume };
  }
  if (largest.label === 0) return null;
  return Uint8Array.from(labels, (label) => (label === largest.label ? 1 : 0));
}
