/** An axis of a grid: slices, rows, columns. */
export type Axis = 0 | 1 | 2;
/** One of something for each axis. */
export type Triple<T> = readonly [T, T, T];

/** What each axis gives. */
export function perAxis<T>(of: (axis: Axis) => T): Triple<T> {
  return [of(0), of(1), of(2)];
}
