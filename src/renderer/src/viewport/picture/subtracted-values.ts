import type { FrameMask } from './frame-mask.ts';

/** A share of the intensity in ten thousand is one of these. */
const LOG_SCALE = 10_000;

/** Values in proportion to the X-rays as values in proportion to their logarithm, in which alone what lies behind one another adds up (PS3.4 §N.2.5). */
export function logarithms(values: ArrayLike<number>): Float32Array {
  return Float32Array.from(values, (value) => LOG_SCALE * Math.log(Math.max(1, value)));
}

/** The mean of frames of one size. */
export function meanOf(frames: readonly Float32Array[]): Float32Array {
  const [first = new Float32Array(), ...others] = frames;
  if (others.length === 0) return first;
  return first.map((value, index) => others.reduce((sum, frame) => sum + (frame[index] ?? 0), value) / frames.length);
}

/** A frame without its mask; where the mask was moved away from, its edge is taken. */
export function subtractedValues(
  contrast: Float32Array,
  mask: Float32Array,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  { shift, share }: Pick<FrameMask, 'shift' | 'share'>,
): Float32Array {
  const [down, left] = shift;
  if (down === 0 && left === 0) return contrast.map((value, index) => value - share * (mask[index] ?? 0));
  const within = (at: number, count: number) => Math.max(0, Math.min(count - 1, at));
  const maskAt = (row: number, column: number) => mask[within(row, rows) * columns + within(column, columns)] ?? 0;
  return contrast.map((value, index) => {
    const [row, column] = [Math.floor(index / columns) - down, (index % columns) + left];
    const [top, start] = [Math.floor(row), Math.floor(column)];
    const [below, beside] = [row - top, column - start];
    const upper = (1 - beside) * maskAt(top, start) + beside * maskAt(top, start + 1);
    const lower = (1 - beside) * maskAt(top + 1, start) + beside * maskAt(top + 1, start + 1);
    return value - share * ((1 - below) * upper + below * lower);
  });
}

/** Of so many values the window is told. */
const SAMPLES = 4096;
/** What the brightest and the darkest few pixels are is left out: edges that moved. */
const LEFT_OUT = 0.003;
/** So much of what changed most lies on the other side of what did not. */
const UNCHANGED = 0.5;

/**
 * From where to where a subtracted picture is drawn: over most of its values, and so that what did not change is neither black nor
 * white; null of one that shows nothing, as a mask less itself.
 */
export function subtractedRange(values: Float32Array): { readonly least: number; readonly greatest: number } | null {
  const step = Math.max(1, Math.floor(values.length / SAMPLES));
  const sorted = values.filter((_, index) => index % step === 0).toSorted();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const [least, greatest] = [Math.min(0, at(LEFT_OUT)), Math.max(0, at(1 - LEFT_OUT))];
  if (greatest <= least) return null;
  const other = UNCHANGED * Math.max(-least, greatest);
  return { least: Math.min(least, -other), greatest: Math.max(greatest, other) };
}
