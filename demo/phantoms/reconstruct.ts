import type { Random } from '../random.ts';
/** Millimetres in patient coordinates: to the left, to the back, to the head. */
export type Vector = readonly [number, number, number];

/** A CT as a scanner would reconstruct it: HU by slice (foot first), row, column, with its place in the patient. */
export type ReconstructedCt = {
  readonly hu: Int16Array;
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  readonly sliceMm: number;
  /** Between rows, between columns. */
  readonly pixelMm: readonly [number, number];
  /** ImagePositionPatient of each slice. */
  readonly imagePositions: readonly Vector[];
  /** ImageOrientationPatient, the same for every slice. */
  readonly imageOrientation: readonly [number, number, number, number, number, number];
};

/** Bilinear from the grid to the pixels, plus noise, as whole HU in the scanner's range. */
export function spread(
  from: Float32Array,
  grid: number,
  to: Int16Array,
  matrix: number,
  noiseAt: (pixel: number) => number,
): void {
  const scale = grid / matrix;
  for (let row = 0; row < matrix; row += 1) {
    const v = Math.min(grid - 1, Math.max(0, (row + 0.5) * scale - 0.5));
    const top = Math.floor(v);
    const low = Math.min(grid - 1, top + 1);
    const fv = v - top;
    for (let column = 0; column < matrix; column += 1) {
      const u = Math.min(grid - 1, Math.max(0, (column + 0.5) * scale - 0.5));
      const left = Math.floor(u);
      const right = Math.min(grid - 1, left + 1);
      const fu = u - left;
      const upper = (from[top * grid + left] as number) * (1 - fu) + (from[top * grid + right] as number) * fu;
      const lower = (from[low * grid + left] as number) * (1 - fu) + (from[low * grid + right] as number) * fu;
      const pixel = row * matrix + column;
      const value = Math.round(upper * (1 - fv) + lower * fv + noiseAt(pixel));
      to[pixel] = value < -1024 ? -1024 : value > 3071 ? 3071 : value;
    }
  }
}

const TILE = 512;
/** What so many smoothings leave of a standard deviation: of (1 2 1)/4 and (1 4 6 4 1)/16, along both axes. */
const GAINS = [1, (0.25 ** 2 + 0.5 ** 2 + 0.25 ** 2) ** 1, (1 + 16 + 36 + 16 + 1) / 256] as const;

/**
 * Noise of a standard deviation with a reconstruction kernel's grain: one tile, smoothed so many times (0 is a sharp kernel), read
 * from another place and direction in every slice.
 */
export function noiseTile(
  random: Random,
  sigma: number,
  smoothings = 1,
): (perSlice: Random) => (pixel: number) => number {
  const raw = new Float32Array(TILE * TILE);
  for (let index = 0; index < raw.length; index += 1) raw[index] = random.normal();
  let tile = raw;
  for (let pass = 0; pass < smoothings; pass += 1) tile = smoothed(tile);
  const gain = sigma / (GAINS[smoothings] as number);
  for (let index = 0; index < tile.length; index += 1) tile[index] = (tile[index] as number) * gain;
  return (perSlice) => {
    const start = perSlice.whole(0, tile.length - 1);
    const backwards = perSlice.chance(0.5);
    const last = tile.length - 1;
    return (pixel) => tile[(backwards ? start - pixel : start + pixel) & last] as number;
  };
}

function smoothed(raw: Float32Array): Float32Array<ArrayBuffer> {
  const tile = new Float32Array(raw.length);
  const wrap = TILE - 1;
  for (let row = 0; row < TILE; row += 1) {
    for (let column = 0; column < TILE; column += 1) {
      let sum = 0;
      for (let dy = -1; dy <= 1; dy += 1) {
        for (let dx = -1; dx <= 1; dx += 1) {
          const weight = (dy === 0 ? 0.5 : 0.25) * (dx === 0 ? 0.5 : 0.25);
          sum += weight * (raw[((row + dy) & wrap) * TILE + ((column + dx) & wrap)] as number);
        }
      }
      tile[row * TILE + column] = sum;
    }
  }
  return tile;
}
