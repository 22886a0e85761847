import { addressOf } from '../frame-marks.ts';
import { cross, dot, imageCoordinateOf, type ImagePlane, placeOf, sizedPlane, type Vector3 } from '../geometry.ts';
import { keyOf } from '../mask.ts';
import type { Stack, StackImage } from '../stack.ts';
import { numberOf } from '../dicom-json.ts';
import { type ImageReferences, names } from './image-references.ts';
import type { Segmentation, SegmentFrame } from './segmentation.ts';

/** Why a frame of a segmentation is drawn on no image of a series. */
export const MISFITS = [
  'other-frame-of-reference',
  'other-images',
  'other-planes',
  'contradicting',
  'no-place',
  'other-size',
] as const;
export type Misfit = (typeof MISFITS)[number];

/** Where an image's pixels lie in a segmentation's frame: its column and row are this at (0, 0), and so much more a column and a row. */
export type GridMap = {
  readonly zero: readonly [number, number];
  readonly perColumn: readonly [number, number];
  readonly perRow: readonly [number, number];
};

/** A frame of a segmentation on an image. */
export type FittedFrame = { readonly frame: SegmentFrame; readonly map: GridMap };

/** What of a segmentation lies on the images of a series, by frame (`keyOf`), and how many of its frames do not, by why. */
export type SegmentFit = {
  readonly on: ReadonlyMap<string, readonly FittedFrame[]>;
  readonly misfits: ReadonlyMap<Misfit, number>;
};

/** Of a slice's thickness, and never more than so many millimetres: two planes further apart are two. */
const OFF_PLANE = 0.1;
const MOST_OFF_MM = 0.25;
const LEAST_OFF_MM = 0.01;

/**
 * Holds every frame of a segmentation against the images of a series. A frame lies on an image where it names it among its sources,
 * or names none, and its plane is the image's within a tenth of a slice; where neither has a plane, its source of the same size.
 */
export function fitSegmentation(segmentation: Segmentation, stack: Stack): SegmentFit {
  const on = new Map<string, FittedFrame[]>();
  const misfits = new Map<Misfit, number>();
  const planes = new PlaneIndex(stack.images);
  for (const frame of segmentation.frames) {
    const fitted = fitFrame(frame, stack.images, planes);
    if (typeof fitted === 'string') misfits.set(fitted, (misfits.get(fitted) ?? 0) + 1);
    else
      for (const { image, map } of fitted) {
        const key = keyOf(addressOf(image));
        on.set(key, [...(on.get(key) ?? []), { frame, map }]);
      }
  }
  return { on, misfits };
}

type Fitted = { readonly image: StackImage; readonly map: GridMap };

function fitFrame(frame: SegmentFrame, images: readonly StackImage[], planes: PlaneIndex): readonly Fitted[] | Misfit {
  const { sources, image: marks } = frame;
  const { frameOfReferenceUid } = marks;
  const plane = sizedPlane(marks);
  const named = sources === null ? [] : planes.named(sources);
  if (sources !== null && named.length === 0) return 'other-images';
  if (plane === null) return bySource(named, marks);
  const isOther = (image: StackImage) =>
    image.frameOfReferenceUid === null || image.frameOfReferenceUid !== frameOfReferenceUid;
  const asked = sources === null ? images : named;
  if (asked.every(isOther)) return 'other-frame-of-reference';
  if (!asked.some((image) => planes.isPlaced(image))) return 'no-place';
  const tolerance = toleranceOf(marks);
  const fitting = planes.near(plane).flatMap(({ image, plane: of }) => {
    if (sources !== null && !names(sources, addressOf(image))) return [];
    return isOther(image) || !isSamePlane(plane, marks, of, tolerance) ? [] : [{ image, map: mapBetween(of, plane) }];
  });
  // What names an image and lies elsewhere is one of two things, and nobody can say which.
  if (fitting.length === 0) return sources === null ? 'other-planes' : 'contradicting';
  return fitting;
}

/** Pixel upon pixel, where the source says nothing of a place either, as films do. */
function bySource(named: readonly StackImage[], marks: StackImage): readonly Fitted[] | Misfit {
  const unplaced = marks.plane === null ? named.filter((image) => image.plane === null) : [];
  if (unplaced.length === 0) return 'no-place';
  const alike = unplaced.filter((image) => image.rows === marks.rows && image.columns === marks.columns);
  if (alike.length === 0) return 'other-size';
  return alike.map((image) => ({ image, map: { zero: [0, 0], perColumn: [1, 0], perRow: [0, 1] } }));
}

function toleranceOf({ dataSet }: StackImage): number {
  const thickness = numberOf(dataSet, '00180050') ?? 1;
  return Math.min(MOST_OFF_MM, Math.max(LEAST_OFF_MM, OFF_PLANE * Math.abs(thickness)));
}

/** Every corner of the marks lies in the plane of the image, and their grids are not turned against one another out of it. */
function isSamePlane(
  marks: ImagePlane,
  { rows, columns }: Pick<StackImage, 'rows' | 'columns'>,
  image: ImagePlane,
  toleranceMm: number,
): boolean {
  const normal = cross(image.alongRow, image.alongColumn);
  const corners = [
    [0, 0],
    [columns - 1, 0],
    [0, rows - 1],
    [columns - 1, rows - 1],
  ] as const;
  return corners.every(([column, row]) => {
    const [x, y, z] = placeOf(marks, column, row);
    const [x0, y0, z0] = image.originMm;
    return Math.abs(dot([x - x0, y - y0, z - z0], normal)) <= toleranceMm;
  });
}

function mapBetween(image: ImagePlane, marks: ImagePlane): GridMap {
  const at = (column: number, row: number) => imageCoordinateOf(marks, placeOf(image, column, row));
  const [zero, right, down] = [at(0, 0), at(1, 0), at(0, 1)];
  return {
    zero,
    perColumn: [right[0] - zero[0], right[1] - zero[1]],
    perRow: [down[0] - zero[0], down[1] - zero[1]],
  };
}

type PlacedImage = { readonly image: StackImage; readonly plane: ImagePlane };

/** Images by where they lie, so that thousands of frames are not held against thousands of images each. */
class PlaneIndex {
  readonly #byUid: ReadonlyMap<string, readonly StackImage[]>;
  readonly #placed: ReadonlySet<StackImage>;
  readonly #named = new Map<ImageReferences, readonly StackImage[]>();
  readonly #normals: readonly { readonly normal: Vector3; readonly at: ReadonlyMap<number, readonly PlacedImage[]> }[];

  constructor(images: readonly StackImage[]) {
    this.#byUid = Map.groupBy(images, ({ sopUid }) => sopUid);
    const placed = images.flatMap((image): readonly PlacedImage[] => {
      const plane = sizedPlane(image);
      return plane === null ? [] : [{ image, plane }];
    });
    this.#placed = new Set(placed.map(({ image }) => image));
    const byNormal = Map.groupBy(placed, ({ plane }) =>
      cross(plane.alongRow, plane.alongColumn)
        .map((part) => part.toFixed(3))
        .join(),
    );
    this.#normals = [...byNormal.values()].map((alike) => {
      const plane = alike[0]?.plane;
      const normal: Vector3 = plane ? cross(plane.alongRow, plane.alongColumn) : [0, 0, 1];
      return { normal, at: Map.groupBy(alike, (one) => Math.round(dot(one.plane.originMm, normal))) };
    });
  }

  /** Whether an image says where it lies and how large its pixels are. */
  isPlaced(image: StackImage): boolean {
    return this.#placed.has(image);
  }

  /** Images that references name; frames that share theirs are looked up once. */
  named(references: ImageReferences): readonly StackImage[] {
    const known = this.#named.get(references);
    if (known !== undefined) return known;
    const named = [...references.keys()]
      .flatMap((sopUid) => this.#byUid.get(sopUid) ?? [])
      .filter((image) => names(references, addressOf(image)));
    this.#named.set(references, named);
    return named;
  }

  /** Images within some millimetres of a plane's origin along their own normals. */
  near({ originMm }: ImagePlane): readonly PlacedImage[] {
    return this.#normals.flatMap(({ normal, at }) => {
      const mm = Math.round(dot(originMm, normal));
      return [mm - 1, mm, mm + 1].flatMap((one) => at.get(one) ?? []);
    });
  }
}
