import type { MarkedImages } from '../../../../../shared/contract/studies.ts';
import { findImage, type FrameAddress, type Stack } from '../../../viewport/stack.ts';

/** An image that a reader picked out, of the study on the screen or its prior. */
export type Mark = MarkedImages['marks'][number];
/** One that stands, and its place in its series, counted from 0; null until its series is known. */
export type PlacedMark = Mark & { readonly seriesUid: string; readonly index: number | null };

/** The marks that stand, in the order of these series and of their images; those not placed yet behind. */
export function placeMarks(
  marks: readonly Mark[],
  series: readonly string[],
  stacks: ReadonlyMap<string, Stack>,
): readonly PlacedMark[] {
  return marks
    .flatMap((mark): PlacedMark[] => {
      const { seriesUid } = mark;
      if (seriesUid === null || mark.setAside !== null || !series.includes(seriesUid)) return [];
      const stack = stacks.get(seriesUid);
      return [{ ...mark, seriesUid, index: stack === undefined ? null : findImage(stack, mark) }];
    })
    .toSorted(
      (one, other) =>
        series.indexOf(one.seriesUid) - series.indexOf(other.seriesUid) ||
        (one.index ?? Infinity) - (other.index ?? Infinity),
    );
}

/** The next image with a mark behind the one on the screen, or the one before it; null where there is none, and of an image in no series here. */
export function neighbourMark(
  marks: readonly PlacedMark[],
  series: readonly string[],
  from: { readonly seriesUid: string; readonly index: number },
  step: 1 | -1,
): (FrameAddress & { readonly seriesUid: string }) | null {
  const rank = series.indexOf(from.seriesUid);
  if (rank < 0) return null;
  const ahead = marks.filter(({ seriesUid, index }) => {
    if (index === null) return false;
    const distance = series.indexOf(seriesUid) - rank || index - from.index;
    return distance * step > 0;
  });
  return (step === 1 ? ahead[0] : ahead.at(-1)) ?? null;
}
