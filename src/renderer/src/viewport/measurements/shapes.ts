import type { ImageToCanvas } from '../geometry.ts';
import type { ImagePoint, MeasurementKind } from './measurement.ts';

/** A point on the picture, CSS pixels. */
export type CanvasPoint = readonly [number, number];

/** Where an image point is drawn. */
export function toCanvas(map: ImageToCanvas, [column, row]: ImagePoint): CanvasPoint {
  return [map.xPerColumn * column + map.xPerRow * row + map.x0, map.yPerColumn * column + map.yPerRow * row + map.y0];
}

/** The image point below a point of the picture; null where the map is flat. */
export function toImage(map: ImageToCanvas, [x, y]: CanvasPoint): ImagePoint | null {
  const determinant = map.xPerColumn * map.yPerRow - map.xPerRow * map.yPerColumn;
  if (determinant === 0) return null;
  const [dx, dy] = [x - map.x0, y - map.y0];
  return [
    (map.yPerRow * dx - map.xPerRow * dy) / determinant,
    (map.xPerColumn * dy - map.yPerColumn * dx) / determinant,
  ];
}

const ELLIPSE_STEPS = 48;

/** The line a measurement is drawn as, on the picture; turned and flipped with the image, for it is made of image points. */
export function drawnLineOf(
  kind: MeasurementKind,
  points: readonly ImagePoint[],
  map: ImageToCanvas,
): readonly CanvasPoint[] {
  const [from = [0, 0], to = from] = points;
  switch (kind) {
    case 'length':
    case 'angle':
    case 'probe':
      return points.map((point) => toCanvas(map, point));
    case 'rectangle':
      return [from, [to[0], from[1]] as const, to, [from[0], to[1]] as const, from].map((point) =>
        toCanvas(map, point),
      );
    case 'ellipse': {
      const [x, y] = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
      const [radiusX, radiusY] = [(to[0] - from[0]) / 2, (to[1] - from[1]) / 2];
      return Array.from({ length: ELLIPSE_STEPS + 1 }, (_, step) => {
        const angle = (2 * Math.PI * step) / ELLIPSE_STEPS;
        return toCanvas(map, [x + radiusX * Math.cos(angle), y + radiusY * Math.sin(angle)]);
      });
    }
  }
}

const HANDLE_REACH_PX = 9;
const LINE_REACH_PX = 5;

/** What of a measurement lies under the mouse: one of its points, its line, or nothing. */
export type Hit = { readonly point: number } | 'line' | null;

/** Whether the mouse is on a measurement. */
export function hitOf(
  kind: MeasurementKind,
  points: readonly ImagePoint[],
  map: ImageToCanvas,
  mouse: CanvasPoint,
): Hit {
  const point = points.findIndex((one) => distance(toCanvas(map, one), mouse) <= HANDLE_REACH_PX);
  if (point >= 0) return { point };
  const line = drawnLineOf(kind, points, map);
  const isNear = line.some((end, index) => {
    const start = line[index - 1];
    return start !== undefined && distanceToLine(start, end, mouse) <= LINE_REACH_PX;
  });
  return isNear ? 'line' : null;
}

function distance(a: CanvasPoint, b: CanvasPoint): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

function distanceToLine(start: CanvasPoint, end: CanvasPoint, point: CanvasPoint): number {
  const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : ((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / length;
  const share = Math.max(0, Math.min(1, along));
  return distance([start[0] + share * dx, start[1] + share * dy], point);
}
