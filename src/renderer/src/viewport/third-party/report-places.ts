import { dot, imageCoordinateOf, cross, sizedPlane, type Vector3 } from '../geometry.ts';
import { addressOf } from '../frame-marks.ts';
import type { StackImage } from '../stack.ts';
import { names } from './image-references.ts';
import type { MarkedReport, ReportedMark, ReportedPlace } from './marked-report.ts';
import type { Point, ShapeKind } from './shapes.ts';

/** A mark of a report on one image. */
export type PlacedMark = {
  readonly mark: ReportedMark;
  readonly shapes: readonly { readonly kind: ShapeKind; readonly points: readonly Point[] }[];
};

/** The marks of a report that lie on exactly this frame: by its name, or by its place in the same frame of reference where its pixels have one. */
export function marksOn(report: MarkedReport, image: StackImage): readonly PlacedMark[] {
  return report.marks.flatMap((mark) => {
    const shapes = mark.places.flatMap((place) => {
      const points = pointsOn(place, image);
      return points === null ? [] : [{ kind: place.kind, points }];
    });
    return shapes.length === 0 ? [] : [{ mark, shapes }];
  });
}

function pointsOn(place: ReportedPlace, image: StackImage): readonly Point[] | null {
  if (place.on === 'images') return names(place.images, addressOf(image)) ? place.points : null;
  const plane = sizedPlane(image);
  if (plane === null || image.frameOfReferenceUid !== place.frameOfReferenceUid) return null;
  const normal = cross(plane.alongRow, plane.alongColumn);
  const offMm = ([x, y, z]: Vector3) =>
    Math.abs(dot([x - plane.originMm[0], y - plane.originMm[1], z - plane.originMm[2]], normal));
  if (place.placesMm.some((one) => offMm(one) > IN_PLANE_MM)) return null;
  return place.placesMm.map((one) => imageCoordinateOf(plane, one));
}

/** A place further from the plane of an image is not of that image: coordinates are written as single floats of millimetres. */
const IN_PLANE_MM = 0.5;
