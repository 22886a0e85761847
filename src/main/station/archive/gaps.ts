/** What of an image says where it lies (PS3.3 §C.7.6.2). */
export type SlicePlace = {
  readonly position: readonly number[] | null;
  readonly orientation: readonly number[] | null;
};

const SAME_DIRECTION = 0.999;
/** A step this much wider than the middle one has room for a missing slice. */
const GAP_RATIO = 1.6;
const FEWEST_SLICES = 5;

/**
 * How many places a volume's slices leave open along their normal: 0 for a gapless volume, null where the series is no
 * volume that could tell (too few slices, no geometry, several orientations).
 */
export function countGaps(slices: readonly SlicePlace[]): number | null {
  if (slices.length < FEWEST_SLICES) return null;
  const first = slices[0]?.orientation;
  const normal = first && normalOf(first);
  if (!normal) return null;
  const along: number[] = [];
  for (const { position, orientation } of slices) {
    const own = orientation && normalOf(orientation);
    if (!own || !position || position.length !== 3 || dot(own, normal) < SAME_DIRECTION) return null;
    along.push(dot(position, normal));
  }
  along.sort((a, b) => a - b);
  const steps = along.slice(1).map((value, index) => value - (along[index] ?? value));
  const middle = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  if (middle <= 0) return null;
  return steps.filter((step) => step > middle * GAP_RATIO).length;
}

function normalOf(orientation: readonly number[]): readonly [number, number, number] | null {
  const [a, b, c, d, e, f] = orientation;
  if (a === undefined || b === undefined || c === undefined || d === undefined || e === undefined || f === undefined)
    return null;
  return [b * f - c * e, c * d - a * f, a * e - b * d];
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}
