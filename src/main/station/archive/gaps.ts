/** What of an image says where it lies (PS3.3 §C.7.6.2). */
export type SlicePlace = {
  readonly position: readonly number[] | null;
  readonly orientation: readonly number[] | null;
  readonly sliceThicknessMm?: number | null | undefined;
};

const SAME_DIRECTION = 0.999;
/** A step this much wider than the middle one, both in slice thicknesses, has room for a missing slice. */
const GAP_RATIO = 1.6;
const FEWEST_SLICES = 5;

/**
 * How many places a volume's slices leave open along their normal: 0 for a gapless volume, null where the series is no
 * volume that could tell (too few slices, no geometry, several orientations). Steps are measured in the thickness of the
 * slices they lie between, where all state one: head protocols go from thin slices to thick ones in one series.
 */
export function countGaps(slices: readonly SlicePlace[]): number | null {
  if (slices.length < FEWEST_SLICES) return null;
  const first = slices[0]?.orientation;
  const normal = first && normalOf(first);
  if (!normal) return null;
  const placed: { readonly along: number; readonly thicknessMm: number }[] = [];
  const isThicknessKnown = slices.every(({ sliceThicknessMm }) => (sliceThicknessMm ?? 0) > 0);
  for (const { position, orientation, sliceThicknessMm } of slices) {
    const own = orientation && normalOf(orientation);
    if (!own || !position || position.length !== 3 || dot(own, normal) < SAME_DIRECTION) return null;
    placed.push({ along: dot(position, normal), thicknessMm: isThicknessKnown ? (sliceThicknessMm ?? 1) : 1 });
  }
  placed.sort((a, b) => a.along - b.along);
  const steps = placed.slice(1).map((slice, index) => {
    const before = placed[index] ?? slice;
    return (2 * (slice.along - before.along)) / (slice.thicknessMm + before.thicknessMm);
  });
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
