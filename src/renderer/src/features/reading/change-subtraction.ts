import type { SeriesShelf } from '../../viewport/series-shelf.ts';
import type { FrameAddress } from '../../viewport/stack.ts';
import { canSubtract, isSubtracted } from '../../viewport/subtraction/subtract-stack.ts';
import type { SubtractionBook } from '../../viewport/subtraction/subtraction-book.ts';

/** What became of a wish to look at a run less its mask. */
export const SUBTRACTION_STEPS = ['on', 'off', 'mask', 'cannot'] as const;
export type SubtractionStep = (typeof SUBTRACTION_STEPS)[number];

/** Turns subtraction of the series on the screen on or off, or takes the image on the screen for the mask of its object; nothing where the series is no run. */
export async function changeSubtraction(
  book: SubtractionBook,
  shelf: Pick<SeriesShelf, 'stack'>,
  image: FrameAddress & { readonly seriesUid: string },
  wish: 'subtract' | 'take-mask',
): Promise<SubtractionStep> {
  const stack = await shelf.stack(image.seriesUid);
  if (!stack.ok || !canSubtract(stack.value)) return 'cannot';
  if (wish === 'take-mask') {
    book.takeMask(image.seriesUid, image);
    return 'mask';
  }
  const isOn = !isSubtracted(book.getState(), stack.value);
  book.turn(image.seriesUid, isOn);
  return isOn ? 'on' : 'off';
}
