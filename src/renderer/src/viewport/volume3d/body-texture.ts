import type { Vector3 } from '../geometry.ts';
import { petWindowOf } from '../fusion/fusion-view.ts';
import type { LoadedVolume } from '../mpr/load-volume.ts';
import { toldAs } from '../mpr/volume.ts';

/** A volume as whole numbers that fit a 3D texture. */
export type BodyTexture = {
  readonly values: Int16Array;
  readonly dimensions: Vector3;
  readonly spacingMm: Vector3;
  /** Of how many voxels along row, column and normal each one stands for one. */
  readonly every: Vector3;
  /** What a value after rescale is held as. */
  readonly toStored: (value: number) => number;
  /** The values that a share of 0 and of 1 mean: of PET its usual SUV, else all but the brightest one in a thousand. */
  readonly usual: { readonly from: number; readonly to: number };
};

/** What a graphics processor is trusted with: the longest side of a texture, and voxels in all. */
export type TextureLimits = { readonly side: number; readonly voxels: number };

const LARGEST = 32_767;

/**
 * Takes every n-th voxel of a volume so that it fits: along each axis by itself for the sides, and along the axis with the smallest
 * steps first for the number in all, so that voxels become more even and not less. Values are spread over 16 bits.
 */
export function bodyTexture(volume: LoadedVolume, limits: TextureLimits): BodyTexture {
  const { geometry, range } = volume;
  const full: Vector3 = [geometry.columns, geometry.rows, geometry.images.length];
  const every = full.map((count) => Math.ceil(count / limits.side)) as [number, number, number];
  const counts = () => full.map((count, axis) => Math.ceil(count / (every[axis] ?? 1))) as unknown as Vector3;
  const spacing = () => geometry.spacingMm.map((mm, axis) => mm * (every[axis] ?? 1)) as unknown as Vector3;
  while (counts()[0] * counts()[1] * counts()[2] > limits.voxels) {
    const [x, y, z] = spacing();
    const finest = x <= y && x <= z ? 0 : y <= z ? 1 : 2;
    every[finest] += 1;
  }
  const dimensions = counts();
  // What lies beside a texture counts as 0, which must be the least and not, say, water.
  const from = range.min;
  const width = range.max - range.min;
  const scale = width > 255 && width <= LARGEST ? 1 : Math.max(1e-9, width / LARGEST);
  const toStored = (value: number) => (value - from) / scale;
  const values = new Int16Array(dimensions[0] * dimensions[1] * dimensions[2]);
  let at = 0;
  for (let k = 0; k < dimensions[2]; k += 1) {
    const slice = volume.slices[k * every[2]];
    if (slice === undefined) continue;
    for (let j = 0; j < dimensions[1]; j += 1)
      for (let i = 0; i < dimensions[0]; i += 1, at += 1) {
        const stored = slice.values[j * every[1] * geometry.columns + i * every[0]] ?? 0;
        values[at] = Math.max(
          -LARGEST - 1,
          Math.min(LARGEST, Math.round(toStored(stored * slice.slope + slice.intercept))),
        );
      }
  }
  const usual = isPet(geometry) ? usualUptake(volume) : usualRange(values, (stored) => stored * scale + from);
  return { values, dimensions, spacingMm: spacing(), every, toStored, usual };
}

const isPet = ({ images }: LoadedVolume['geometry']) => images[0]?.modality === 'PT';

/** PET as it is laid over other images: by SUV, where that can be told. */
function usualUptake(volume: LoadedVolume): BodyTexture['usual'] {
  const told = toldAs(volume.geometry);
  const { from, to } = petWindowOf({ window: null }, { volume, told });
  return { from: from / told.factor, to: to / told.factor };
}

const BINS = 512;
/** Brighter than this share of all voxels is no tissue but metal, a bladder full of tracer, or noise. */
const BRIGHTEST = 0.001;

function usualRange(values: Int16Array, toValue: (stored: number) => number) {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const width = Math.max(1, most - least);
  const bins = new Uint32Array(BINS);
  for (const value of values) {
    const bin = Math.min(BINS - 1, Math.floor(((value - least) / width) * BINS));
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  let bin = BINS - 1;
  for (let above = 0; bin > 0 && above + (bins[bin] ?? 0) < values.length * BRIGHTEST; bin -= 1)
    above += bins[bin] ?? 0;
  return { from: toValue(least), to: toValue(least + (width * (bin + 1)) / BINS) };
}
