import { type ImagePoint, type MeasurementKind, POINTS_OF } from './measurement.ts';
import type { CanvasPoint } from './shapes.ts';

/** A measurement while its points are set: those before `next` stand, the others follow the mouse. */
export type Placing = {
  readonly kind: MeasurementKind;
  readonly points: readonly ImagePoint[];
  readonly next: number;
  /** Where the button went down last, on the picture: moved from there, letting go sets a point too. */
  readonly pressedAt: CanvasPoint;
};

const DRAG_PX = 4;

/** Sets the first point. */
export function beginPlacing(kind: MeasurementKind, point: ImagePoint, pressedAt: CanvasPoint): Placing {
  return { kind, points: Array.from({ length: POINTS_OF[kind] }, () => point), next: 1, pressedAt };
}

/** The points that are not set yet go where the mouse is. */
export function follow(placing: Placing, point: ImagePoint): Placing {
  return { ...placing, points: placing.points.map((one, index) => (index >= placing.next ? point : one)) };
}

/** The button goes down again: sets a point, as those expect who click from end to end. */
export function press(placing: Placing, point: ImagePoint, pressedAt: CanvasPoint): Placing {
  const followed = follow(placing, point);
  return { ...followed, next: placing.next + 1, pressedAt };
}

/** The button is let go: sets a point after a drag, and none after a click. */
export function release(placing: Placing, point: ImagePoint, at: CanvasPoint): Placing {
  const moved = Math.hypot(at[0] - placing.pressedAt[0], at[1] - placing.pressedAt[1]);
  return moved < DRAG_PX ? placing : press(placing, point, at);
}

/** True when every point is set. */
export function isPlaced(placing: Placing): boolean {
  return placing.next >= POINTS_OF[placing.kind];
}
