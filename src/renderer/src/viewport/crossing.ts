import { dot, type ImagePlane, imageCoordinateOf, normalOf, placeOf, sizedPlane, type Vector3 } from './geometry.ts';
import type { ImagePoint } from './measurements/measurement.ts';
import type { Stack, StackImage } from './stack.ts';

/** A picture as far as its place in the patient goes. */
export type PlacedImage = Pick<StackImage, 'plane' | 'rows' | 'columns' | 'frameOfReferenceUid'>;

/** Planes within two and a half degrees are looked at as parallel: their line of crossing means nothing. */
const PARALLEL = 0.999;
/** Within some thirty-five degrees. */
const ALIKE = 0.82;

/** True when both know their place, in one frame of reference: nothing else may be compared by position. */
export function shareSpace(a: PlacedImage, b: PlacedImage): boolean {
  return (
    a.plane !== null &&
    b.plane !== null &&
    a.frameOfReferenceUid !== null &&
    a.frameOfReferenceUid === b.frameOfReferenceUid
  );
}

/** Where another picture cuts this one, from end to end of that other picture, in this one's columns and rows; null where it does not, or where nobody knows. */
export function crossingOf(on: PlacedImage, other: PlacedImage): readonly [ImagePoint, ImagePoint] | null {
  const [plane, others] = [sizedPlane(on), sizedPlane(other)];
  if (plane === null || others === null || !shareSpace(on, other)) return null;
  const normal = normalOf(plane);
  if (Math.abs(dot(normal, normalOf(others))) > PARALLEL) return null;
  const corners = cornersOf(others, other);
  const heights = corners.map((corner) => dot(minus(corner, plane.originMm), normal));
  const places = corners.flatMap((corner, index) => {
    const next = (index + 1) % corners.length;
    const [from, to] = [heights[index] ?? 0, heights[next] ?? 0];
    if (from < 0 === to < 0) return [];
    return [between(corner, corners[next] ?? corner, from / (from - to))];
  });
  const [first, second] = places.map((place) => imageCoordinateOf(plane, place));
  return first === undefined || second === undefined ? null : [first, second];
}

/** The image of a stack nearest to where another picture lies, along their common normal; null where they share no space, are not parallel, or the stack does not reach there. */
export function nearestTo(stack: Stack, other: PlacedImage): number | null {
  const [first] = stack.images;
  if (first === undefined || !shareSpace(first, other) || !areParallel(first, other) || other.plane === null)
    return null;
  return nearestAt(stack, dot(middleOf(other.plane, other), normalOf(first.plane as ImagePlane)));
}

/** The image of a stack nearest to a place along the stack's own normal, mm; null where the stack does not reach there. */
export function nearestAt(stack: Stack, atMm: number): number | null {
  const places = stack.images.map((image) => placeAlong(image));
  const distances = places.map((place) => (place === null ? Infinity : Math.abs(place - atMm)));
  const nearest = distances.indexOf(Math.min(...distances));
  const distance = distances[nearest];
  if (distance === undefined || !Number.isFinite(distance)) return null;
  const known = places.filter((place) => place !== null).toSorted((a, b) => a - b);
  const steps = known.slice(1).map((place, index) => place - (known[index] ?? place));
  // Half a step beyond its ends a stack shows nothing of what lies there.
  return distance <= Math.max(...steps, 1) ? nearest : null;
}

/** Where an image lies along its own normal, mm from the origin of its frame of reference; null where it does not say. */
export function placeAlong({ plane }: Pick<PlacedImage, 'plane'>): number | null {
  return plane && dot(plane.originMm, normalOf(plane));
}

/** True when two pictures face roughly the same way, as two heads do under gantries that lean differently: good enough to turn pages together, not to compare places. */
export function facesAlike(a: PlacedImage, b: PlacedImage): boolean {
  return a.plane !== null && b.plane !== null && dot(normalOf(a.plane), normalOf(b.plane)) > ALIKE;
}

/** From whichever side: a picture that is mirrored shows the same slice. */
function areParallel(a: PlacedImage, b: PlacedImage): boolean {
  return a.plane !== null && b.plane !== null && Math.abs(dot(normalOf(a.plane), normalOf(b.plane))) > PARALLEL;
}

/** Of pixels whose size would be a guess the first alone has a place; of nearly parallel planes it does as well. */
function middleOf(plane: ImagePlane, { rows, columns }: PlacedImage): Vector3 {
  if (plane.isGuessed) return plane.originMm;
  return placeOf(plane, (columns - 1) / 2, (rows - 1) / 2);
}

function cornersOf(plane: ImagePlane, { rows, columns }: PlacedImage): readonly Vector3[] {
  const [right, bottom] = [columns - 0.5, rows - 0.5];
  return [
    placeOf(plane, -0.5, -0.5),
    placeOf(plane, right, -0.5),
    placeOf(plane, right, bottom),
    placeOf(plane, -0.5, bottom),
  ];
}

function minus(a: Vector3, b: Vector3): Vector3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function between(a: Vector3, b: Vector3, share: number): Vector3 {
  return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), a[2] + share * (b[2] - a[2])];
}
