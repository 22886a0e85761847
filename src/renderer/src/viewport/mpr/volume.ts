import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { cross, dot, unit, type Vector3 } from '../geometry.ts';
import type { Stack, StackImage } from '../stack.ts';

/** Why a series makes no volume: what would be drawn through it would lie about the patient. */
export const VOLUME_REFUSALS = [
  'too-few-images',
  'no-place',
  'several-frames-of-reference',
  'not-parallel',
  'tilted',
  'uneven-spacing',
  'different-images',
  'colour',
] as const;
export type VolumeRefusal = (typeof VOLUME_REFUSALS)[number];

/** A series as a box of voxels in the patient, from its first image along the normal. */
export type VolumeGeometry = {
  /** In the order of their place along the normal. */
  readonly images: readonly StackImage[];
  readonly columns: number;
  readonly rows: number;
  /** The centre of the first voxel, mm. */
  readonly originMm: Vector3;
  readonly alongRow: Vector3;
  readonly alongColumn: Vector3;
  readonly normal: Vector3;
  /** Between neighbouring voxels along row, column and normal, mm. */
  readonly spacingMm: Vector3;
  /** Of how many images each one stands for one: more than 1 where all would not fit in memory. */
  readonly thinning: number;
};

const FEWEST = 4;
/** Images may lie this far off their even places, as a share of their distance, for vendors round. */
const UNEVEN = 0.1;
/** Images may be shifted sideways so far from one to the next, mm for each mm along the normal: a tenth of a degree and a bit. */
const TILT = 0.005;

/** Reads a stack as a volume of at most so many bytes, or says why it is none. */
export function volumeOf(stack: Stack, mostBytes: number): Result<VolumeGeometry, { readonly code: VolumeRefusal }> {
  const [first] = stack.images;
  if (first === undefined || stack.images.length < FEWEST) return err({ code: 'too-few-images' });
  const { plane } = first;
  if (plane === null || stack.images.some((image) => image.plane === null || image.spacing.kind !== 'patient'))
    return err({ code: 'no-place' });
  if (
    stack.images.some((image) => image.frameOfReferenceUid !== first.frameOfReferenceUid) ||
    first.frameOfReferenceUid === null
  )
    return err({ code: 'several-frames-of-reference' });
  if (stack.images.some((image) => image.isColour)) return err({ code: 'colour' });
  const isAlike = (image: StackImage) =>
    image.rows === first.rows &&
    image.columns === first.columns &&
    near(image.plane?.columnSpacing, plane.columnSpacing) &&
    near(image.plane?.rowSpacing, plane.rowSpacing);
  if (!stack.images.every(isAlike)) return err({ code: 'different-images' });
  const normal = unit(cross(plane.alongRow, plane.alongColumn));
  const isParallel = (image: StackImage) =>
    image.plane !== null &&
    dot(image.plane.alongRow, plane.alongRow) > 0.99999 &&
    dot(image.plane.alongColumn, plane.alongColumn) > 0.99999;
  if (!stack.images.every(isParallel)) return err({ code: 'not-parallel' });

  const placed = stack.images
    .map((image) => ({ image, originMm: image.drawnPlane.originMm, atMm: dot(image.drawnPlane.originMm, normal) }))
    .toSorted((a, b) => a.atMm - b.atMm);
  const [from, to] = [placed[0], placed.at(-1)];
  if (from === undefined || to === undefined) return err({ code: 'too-few-images' });
  const step = (to.atMm - from.atMm) / (placed.length - 1);
  const isEven = placed.every(({ atMm }, index) => Math.abs(atMm - from.atMm - index * step) <= UNEVEN * step);
  if (!(step > 0) || !isEven) return err({ code: 'uneven-spacing' });
  const sideways = Math.max(
    ...[plane.alongRow, plane.alongColumn].map((along) => Math.abs(dot(minus(to.originMm, from.originMm), along))),
  );
  if (sideways > TILT * (to.atMm - from.atMm) + 0.5 * Math.min(plane.columnSpacing, plane.rowSpacing))
    return err({ code: 'tilted' });

  const bytes = stack.images.reduce((sum, image) => sum + image.bytes, 0);
  const thinning = Math.max(1, Math.ceil(bytes / mostBytes));
  const kept = placed.filter((_, index) => index % thinning === 0);
  return ok({
    images: kept.map(({ image }) => image),
    ...{ columns: first.columns, rows: first.rows, originMm: from.originMm, normal, thinning },
    ...{ alongRow: plane.alongRow, alongColumn: plane.alongColumn },
    spacingMm: [plane.columnSpacing, plane.rowSpacing, step * thinning],
  });
}

/** How a volume's rescaled values are told: times `factor` they are in `unit`. */
export type ToldAs = { readonly unit: string | null; readonly factor: number };

/** In the unit all images agree on, as PET in SUV; where they do not agree, as rescaled and without any. */
export function toldAs({ images }: Pick<VolumeGeometry, 'images'>): ToldAs {
  const { unit = null, factor = 1 } = images[0]?.rescale ?? {};
  const isAgreed = images.every(({ rescale }) => rescale.unit === unit && near(rescale.factor ?? 1, factor));
  return isAgreed ? { unit, factor } : { unit: null, factor: 1 };
}

/** The voxel coordinate (column, row, image) of a place in the patient; whole numbers are voxel centres. */
export function voxelOf(volume: VolumeGeometry, place: Vector3): Vector3 {
  const offset = minus(place, volume.originMm);
  const [x, y, z] = volume.spacingMm;
  return [dot(offset, volume.alongRow) / x, dot(offset, volume.alongColumn) / y, dot(offset, volume.normal) / z];
}

/** The place of a voxel coordinate. */
export function placeOfVoxel(volume: VolumeGeometry, [i, j, k]: Vector3): Vector3 {
  const { originMm, alongRow, alongColumn, normal, spacingMm } = volume;
  const at = (axis: 0 | 1 | 2) =>
    originMm[axis] +
    i * spacingMm[0] * alongRow[axis] +
    j * spacingMm[1] * alongColumn[axis] +
    k * spacingMm[2] * normal[axis];
  return [at(0), at(1), at(2)];
}

/** The place in the middle of the box. */
export function middleOfVolume(volume: VolumeGeometry): Vector3 {
  return placeOfVoxel(volume, [(volume.columns - 1) / 2, (volume.rows - 1) / 2, (volume.images.length - 1) / 2]);
}

/** How far the box reaches along a direction, mm. */
export function extentMm({ columns, rows, images, spacingMm, ...axes }: VolumeGeometry, direction: Vector3): number {
  const sides = [
    [axes.alongRow, columns * spacingMm[0]],
    [axes.alongColumn, rows * spacingMm[1]],
    [axes.normal, images.length * spacingMm[2]],
  ] as const;
  return sides.reduce((sum, [axis, mm]) => sum + Math.abs(dot(axis, direction)) * mm, 0);
}

function near(a: number | undefined, b: number): boolean {
  return a !== undefined && Math.abs(a - b) < 1e-4 * b;
}

function minus(a: Vector3, b: Vector3): Vector3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}
