import { addressOf } from '../frame-marks.ts';
import { keyOf } from '../mask.ts';
import type { Stack, StackImage } from '../stack.ts';
import type { FittedFrame, Misfit, SegmentFit } from './segment-fit.ts';
import type { Segment, Segmentation } from './segmentation.ts';
import { segmentKey, type ThirdPartyBook, type ThirdPartyState } from './third-party-book.ts';

/** The segments of one segmentation that are on, and where they lie on a series. */
export type DrawnSegments = {
  readonly segmentation: Segmentation;
  readonly segments: readonly Segment[];
  readonly fit: SegmentFit;
  readonly fittedOn: (image: StackImage) => readonly FittedFrame[];
};

/** The segmentations with a segment that is on. */
export function drawnSegments(
  book: ThirdPartyBook,
  { objects, segments, isHidden }: Pick<ThirdPartyState, 'objects' | 'segments' | 'isHidden'>,
  stack: Stack,
): readonly DrawnSegments[] {
  if (isHidden || objects === null) return [];
  return objects.flatMap((segmentation) => {
    if (segmentation.kind !== 'segmentation') return [];
    const on = segmentation.segments.filter((segment) => segments.has(segmentKey(segmentation, segment)));
    if (on.length === 0) return [];
    const fit = book.fit(segmentation, stack);
    const fittedOn = (image: StackImage) => fit.on.get(keyOf(addressOf(image))) ?? [];
    return [{ segmentation, segments: on, fit, fittedOn }];
  });
}

/** Why nothing of a segmentation is drawn on a series, by what most of its frames say; null where some of it is. */
export function misfitOf({ on, misfits }: SegmentFit): Misfit | null {
  if (on.size > 0) return null;
  return [...misfits].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? 'other-images';
}
