import type { FrameMask } from './frame-mask.ts';
import type { ShapedWindow } from './grey-pixels.ts';
import { logarithms, meanOf, subtractedRange, subtractedValues } from './subtracted-values.ts';

/** So many frames that others are made from are kept: those of one mask, most of all. */
const KEPT_FRAMES = 8;
const KEPT_WINDOWS = 64;

const frames = new Map<string, Promise<Float32Array>>();
const windows = new Map<string, ShapedWindow>();

/**
 * The values of a frame less its mask, and the window in which all frames of its object are looked at: that of the first one drawn
 * in which anything is left, so that no run flickers while it is played. `load` gives the values of another frame after rescale.
 */
export async function lessMask(
  imageId: string,
  values: Float32Array,
  mask: FrameMask,
  size: { readonly rows: number; readonly columns: number },
  load: (imageId: string) => Promise<Float32Array>,
): Promise<{ readonly values: Float32Array; readonly window: ShapedWindow | null }> {
  const { maskFrames, averaged, isOfLogarithms } = mask;
  const own = Number(/\/frames\/(\d+)/.exec(imageId)?.[1] ?? 1);
  const told = (one: Float32Array) => (isOfLogarithms ? logarithms(one) : one);
  const others = async (numbers: readonly number[]) =>
    Promise.all(numbers.map(async (number) => told(await kept(frameOf(imageId, number), load))));
  const beside = Array.from({ length: averaged - 1 }, (_, index) => own + 1 + index);
  const contrast = meanOf([told(values), ...(await others(beside))]);
  const less = subtractedValues(contrast, meanOf(await others(maskFrames)), size, mask);
  return { values: less, window: windowOf(imageId, mask, less) };
}

function frameOf(imageId: string, number: number): string {
  return imageId.replace(/#.*$/, '').replace(/\/frames\/\d+$/, `/frames/${number}`);
}

function kept(frameId: string, load: (imageId: string) => Promise<Float32Array>): Promise<Float32Array> {
  const asked = frames.get(frameId) ?? load(frameId);
  frames.delete(frameId);
  frames.set(frameId, asked);
  // What could not be had is asked for again.
  asked.catch(() => frames.delete(frameId));
  for (const oldest of [...frames.keys()].slice(0, Math.max(0, frames.size - KEPT_FRAMES))) frames.delete(oldest);
  return asked;
}

function windowOf(imageId: string, { movesAlong }: FrameMask, values: Float32Array): ShapedWindow | null {
  // What is taken away stands behind the address: of a mask that moves along it is another with each frame.
  const ofObject = imageId.replace(movesAlong === true ? /\/frames\/\d+.*$/ : /\/frames\/\d+/, '');
  const known = windows.get(ofObject);
  if (known !== undefined) return known;
  const range = subtractedRange(values);
  if (range === null) return null;
  const { least, greatest } = range;
  const window = { centre: (least + greatest) / 2, width: greatest - least, shape: 'LINEAR_EXACT' } as const;
  windows.set(ofObject, window);
  for (const oldest of [...windows.keys()].slice(0, Math.max(0, windows.size - KEPT_WINDOWS))) windows.delete(oldest);
  return window;
}
