/** A line on one image, in columns and rows from the corner of the first pixel, and how long it is. */
export type ImageLine = {
  readonly mm: number;
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
};

/**
 * The longest line across a shape of pixels, given the first and last column of each of its rows; between the middles of pixel
 * edges, so that a row of n pixels is n pixels long. Null of no pixels.
 */
export function longestLine(
  ends: ReadonlyMap<number, readonly [number, number]>,
  [betweenRows, betweenColumns]: readonly [number, number],
): ImageLine | null {
  const points: (readonly [number, number])[] = [];
  for (const [row, [first, last]] of ends) {
    points.push([first, row + 0.5], [last + 1, row + 0.5]);
    for (const column of first === last ? [first] : [first, last])
      points.push([column + 0.5, row], [column + 0.5, row + 1]);
  }
  const rim = hullOf(points.map(([x, y]) => [x * betweenColumns, y * betweenRows] as const));
  let longest: ImageLine | null = null;
  for (const [index, a] of rim.entries()) {
    for (const b of rim.slice(index + 1)) {
      const mm = Math.hypot(a[0] - b[0], a[1] - b[1]);
      if (mm <= (longest?.mm ?? 0)) continue;
      longest = {
        mm,
        from: [a[0] / betweenColumns, a[1] / betweenRows],
        to: [b[0] / betweenColumns, b[1] / betweenRows],
      };
    }
  }
  return longest;
}

/** The corners of what a rubber band around the points would be (monotone chain). */
function hullOf(points: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const ordered = points.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (of: readonly (readonly [number, number])[]) => {
    const rim: (readonly [number, number])[] = [];
    for (const point of of) {
      while (rim.length > 1 && turn(rim.at(-2), rim.at(-1), point) <= 0) rim.pop();
      rim.push(point);
    }
    return rim.slice(0, -1);
  };
  return ordered.length < 3 ? ordered : [...half(ordered), ...half(ordered.toReversed())];
}

/** Above 0 for a turn to the left. */
function turn(
  a: readonly [number, number] | undefined,
  b: readonly [number, number] | undefined,
  c: readonly [number, number],
): number {
  if (a === undefined || b === undefined) return 1;
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}
