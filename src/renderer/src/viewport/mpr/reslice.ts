import { cross, type ImagePlane, type Vector3 } from '../geometry.ts';
import { type VolumeGeometry, voxelOf } from './volume.ts';

/** The three standard planes, as they are looked at: the patient's left to the right, or the front to the left, the head up (PS3.3 §C.7.6.2). */
export const MPR_PLANES = ['axial', 'sagittal', 'coronal'] as const;
export type MprPlane = (typeof MPR_PLANES)[number];

/** Which way columns and rows of a picture rise, each of length one and at right angles. */
export type PlaneFrame = { readonly alongRow: Vector3; readonly alongColumn: Vector3 };

/** The three planes as they open. */
export const DIRECTIONS: Readonly<Record<MprPlane, PlaneFrame>> = {
  axial: { alongRow: [1, 0, 0], alongColumn: [0, 1, 0] },
  sagittal: { alongRow: [0, 1, 0], alongColumn: [0, 0, -1] },
  coronal: { alongRow: [1, 0, 0], alongColumn: [0, 0, -1] },
};

/** What is made of the values through a slab: the greatest, the least or their mean. */
export const SLAB_KINDS = ['none', 'mip', 'minip', 'mean'] as const;
export type SlabKind = (typeof SLAB_KINDS)[number];
export type Slab = { readonly kind: SlabKind; readonly mm: number };

/** The values of one image, and how they become real ones; 1 where a pixel is padding and no image, which most have none of. */
export type SliceValues = {
  readonly values: ArrayLike<number>;
  readonly slope: number;
  readonly intercept: number;
  readonly padding?: Uint8Array;
};

/** A volume whose values are here, an entry for each of its images. */
export type Volume = { readonly geometry: VolumeGeometry; readonly slices: readonly SliceValues[] };

/** The picture to be made: a plane with its size in pixels. */
export type PictureGrid = { readonly plane: ImagePlane; readonly rows: number; readonly columns: number };

/** A picture of this many pixels with this place in its middle. */
export function gridAt(
  { alongRow, alongColumn }: PlaneFrame,
  middle: Vector3,
  size: { readonly columns: number; readonly rows: number },
  mmPerPixel: number,
): PictureGrid {
  const [x, y] = [((size.columns - 1) / 2) * mmPerPixel, ((size.rows - 1) / 2) * mmPerPixel];
  const at = (axis: 0 | 1 | 2) => middle[axis] - x * alongRow[axis] - y * alongColumn[axis];
  const plane = {
    originMm: [at(0), at(1), at(2)] as const,
    alongRow,
    alongColumn,
    columnSpacing: mmPerPixel,
    rowSpacing: mmPerPixel,
  };
  return { plane, ...size };
}

/** The voxel steps of one pixel right, one pixel down, and one mm along the plane's normal. */
function stepsOf({ geometry }: Pick<Volume, 'geometry'>, { plane }: PictureGrid) {
  const { alongRow, alongColumn, columnSpacing, rowSpacing, originMm } = plane;
  const zero = voxelOf(geometry, originMm);
  const step = (direction: Vector3, mm: number): Vector3 => {
    const [i, j, k] = voxelOf(geometry, [
      originMm[0] + direction[0] * mm,
      originMm[1] + direction[1] * mm,
      originMm[2] + direction[2] * mm,
    ]);
    return [i - zero[0], j - zero[1], k - zero[2]];
  };
  return {
    zero,
    right: step(alongRow, columnSpacing),
    down: step(alongColumn, rowSpacing),
    through: step(cross(alongRow, alongColumn), 1),
  };
}

/** Half a step beyond the outermost centres a voxel still is what was measured; further out nothing is. */
const EDGE = 0.5;

/**
 * The values in a plane, row after row, NaN outside the volume and beside padding: between voxels by trilinear interpolation; through a slab at steps
 * of no more than its smallest voxel, half of it on each side.
 */
export function reslice(volume: Volume, grid: PictureGrid, slab: Slab): Float32Array {
  const { zero, right, down, through } = stepsOf(volume, grid);
  const { columns, rows } = grid;
  const picture = new Float32Array(columns * rows).fill(Number.NaN);
  const at = sampler(volume);
  const finest = Math.min(...volume.geometry.spacingMm);
  const count = slab.kind === 'none' ? 1 : Math.max(1, Math.round(slab.mm / finest) + 1);
  const stepMm = count === 1 ? 0 : slab.mm / (count - 1);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const i = zero[0] + column * right[0] + row * down[0];
      const j = zero[1] + column * right[1] + row * down[1];
      const k = zero[2] + column * right[2] + row * down[2];
      let [sum, least, most, known] = [0, Infinity, -Infinity, 0];
      for (let step = 0; step < count; step += 1) {
        const mm = (step - (count - 1) / 2) * stepMm;
        const value = at(i + mm * through[0], j + mm * through[1], k + mm * through[2]);
        if (Number.isNaN(value)) continue;
        known += 1;
        sum += value;
        if (value < least) least = value;
        if (value > most) most = value;
      }
      if (known === 0) continue;
      picture[row * columns + column] = slab.kind === 'mip' ? most : slab.kind === 'minip' ? least : sum / known;
    }
  }
  return picture;
}

/** Which pixels of a plane lie in marked voxels: 1 where the voxel that holds the pixel's centre is marked. `bitsOf` gives an image's marks by its number in the volume; null: none. */
export function resliceMarks(
  geometry: VolumeGeometry,
  grid: PictureGrid,
  bitsOf: (image: number) => Uint8Array | null,
): Uint8Array {
  const { zero, right, down } = stepsOf({ geometry }, grid);
  const { columns, rows } = grid;
  const marked = new Uint8Array(columns * rows);
  const bits = geometry.images.map((_, image) => bitsOf(image));
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const i = Math.round(zero[0] + column * right[0] + row * down[0]);
      const j = Math.round(zero[1] + column * right[1] + row * down[1]);
      const k = Math.round(zero[2] + column * right[2] + row * down[2]);
      if (i < 0 || j < 0 || i >= geometry.columns || j >= geometry.rows) continue;
      marked[row * columns + column] = bits[k]?.[j * geometry.columns + i] ?? 0;
    }
  }
  return marked;
}

/** The value at a place of the patient, between voxels; NaN outside the volume. */
export function valueAtPlace(volume: Volume, place: Vector3): number {
  return sampler(volume)(...voxelOf(volume.geometry, place));
}

function sampler({ geometry: { columns, rows }, slices }: Volume): (i: number, j: number, k: number) => number {
  const [lastColumn, lastRow, lastSlice] = [columns - 1, rows - 1, slices.length - 1];
  const inSlice = (k: number, j0: number, j1: number, i0: number, i1: number, fj: number, fi: number): number => {
    const slice = slices[k];
    if (slice === undefined) return Number.NaN;
    const { values, slope, intercept, padding } = slice;
    const [top, bottom] = [j0 * columns, j1 * columns];
    if (padding !== undefined && touches(padding, top, bottom, i0, i1, fj, fi)) return Number.NaN;
    const upper = (values[top + i0] ?? 0) * (1 - fi) + (values[top + i1] ?? 0) * fi;
    const lower = (values[bottom + i0] ?? 0) * (1 - fi) + (values[bottom + i1] ?? 0) * fi;
    return (upper * (1 - fj) + lower * fj) * slope + intercept;
  };
  return (i, j, k) => {
    if (i < -EDGE || j < -EDGE || k < -EDGE) return Number.NaN;
    if (i > lastColumn + EDGE || j > lastRow + EDGE || k > lastSlice + EDGE) return Number.NaN;
    const [ci, cj, ck] = [clamp(i, lastColumn), clamp(j, lastRow), clamp(k, lastSlice)];
    const [i0, j0, k0] = [Math.floor(ci), Math.floor(cj), Math.floor(ck)];
    const [i1, j1, k1] = [Math.min(i0 + 1, lastColumn), Math.min(j0 + 1, lastRow), Math.min(k0 + 1, lastSlice)];
    const [fi, fj, fk] = [ci - i0, cj - j0, ck - k0];
    const near = inSlice(k0, j0, j1, i0, i1, fj, fi);
    return fk === 0 ? near : near * (1 - fk) + inSlice(k1, j0, j1, i0, i1, fj, fi) * fk;
  };
}

/** Whether padding has a share in what lies between four pixels: a mean with what was never measured is no value. */
function touches(
  padding: Uint8Array,
  top: number,
  bottom: number,
  i0: number,
  i1: number,
  fj: number,
  fi: number,
): boolean {
  if (padding[top + i0] === 1 || (fi > 0 && padding[top + i1] === 1)) return true;
  return fj > 0 && (padding[bottom + i0] === 1 || (fi > 0 && padding[bottom + i1] === 1));
}

function clamp(value: number, last: number): number {
  return value < 0 ? 0 : value > last ? last : value;
}
