/** A point: column and row of the image, or shares of the displayed area. */
export type Point = readonly [number, number];

/** The shapes that are drawn (PS3.3 §C.10.5, §C.18.6). */
export const SHAPE_KINDS = ['POINT', 'POLYLINE', 'INTERPOLATED', 'CIRCLE', 'ELLIPSE'] as const;
export type ShapeKind = (typeof SHAPE_KINDS)[number];

const CORNERS_OF_A_ROUND = 72;
/** Of a curve with more points, straight lines between them cannot be told from it. */
const MOST_CURVED = 1000;
const STEPS_OF_A_CURVE = 8;

/** The line that is drawn for a shape, point by point, closed where it is round. Of an ellipse the points are the ends of its two axes. */
export function outlineOfShape(kind: ShapeKind, points: readonly Point[]): readonly Point[] {
  const [p, q, r, s] = points;
  if (kind === 'CIRCLE' && p && q) {
    const radius = Math.hypot(q[0] - p[0], q[1] - p[1]);
    return around((cos, sin) => [p[0] + radius * cos, p[1] + radius * sin]);
  }
  if (kind === 'ELLIPSE' && p && q && r && s) {
    const middle: Point = [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2];
    const [major, minor]: readonly [Point, Point] = [
      [(q[0] - p[0]) / 2, (q[1] - p[1]) / 2],
      [(s[0] - r[0]) / 2, (s[1] - r[1]) / 2],
    ];
    return around((cos, sin) => [
      middle[0] + major[0] * cos + minor[0] * sin,
      middle[1] + major[1] * cos + minor[1] * sin,
    ]);
  }
  return kind === 'INTERPOLATED' ? curveThrough(points) : points;
}

function around(at: (cos: number, sin: number) => Point): readonly Point[] {
  return Array.from({ length: CORNERS_OF_A_ROUND + 1 }, (_, index) => {
    const angle = (2 * Math.PI * index) / CORNERS_OF_A_ROUND;
    return at(Math.cos(angle), Math.sin(angle));
  });
}

/** A smooth line through all points (Catmull-Rom); without a corner where its first and last point are one. */
function curveThrough(points: readonly Point[]): readonly Point[] {
  const count = points.length;
  if (count < 3 || count > MOST_CURVED) return points;
  const [first, last] = [points[0], points.at(-1)];
  const isClosed = first?.[0] === last?.[0] && first?.[1] === last?.[1];
  const at = (index: number): Point => {
    const ring = count - 1;
    return points[isClosed ? (index + ring) % ring : Math.max(0, Math.min(ring, index))] ?? [0, 0];
  };
  const line: Point[] = [at(0)];
  for (let index = 0; index + 1 < count; index += 1) {
    const [a, b, c, d] = [at(index - 1), at(index), at(index + 1), at(index + 2)];
    for (let step = 1; step <= STEPS_OF_A_CURVE; step += 1) {
      const t = step / STEPS_OF_A_CURVE;
      const along = (axis: 0 | 1) =>
        0.5 *
        (2 * b[axis] +
          (c[axis] - a[axis]) * t +
          (2 * a[axis] - 5 * b[axis] + 4 * c[axis] - d[axis]) * t * t +
          (3 * b[axis] - a[axis] - 3 * c[axis] + d[axis]) * t ** 3);
      line.push([along(0), along(1)]);
    }
  }
  return line;
}
