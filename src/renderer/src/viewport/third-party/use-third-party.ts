import { useCallback, useMemo, useState, useSyncExternalStore } from 'react';
import { forgetImages, registerImages } from '../engine.ts';
import type { Stack } from '../stack.ts';
import { type DrawnSegments, drawnSegments } from './drawn-segments.ts';
import type { MarkedReport } from './marked-report.ts';
import type { PresentationState } from './presentation-state.ts';
import { isPresented, presentStack } from './presented-image.ts';
import type { ThirdPartyBook, ThirdPartyState } from './third-party-book.ts';

/** What of others is drawn on a series now. */
export type ThirdPartyDrawing = {
  readonly all: ThirdPartyState;
  readonly applied: PresentationState | null;
  /** The series as it is drawn: under the presentation state where that names an image of it. */
  readonly stack: Stack | null;
  readonly segments: readonly DrawnSegments[];
  readonly reports: readonly MarkedReport[];
  readonly failed: number;
  readonly onFailed: (count: number) => void;
};

/** Follows what of others is on, for one series; `base` is how the reader looks at its images that no state names. */
export function useThirdParty(book: ThirdPartyBook, stack: Stack | null, base: Stack | null): ThirdPartyDrawing {
  const all = useSyncExternalStore(book.subscribe, book.getState);
  const { objects, isHidden, segments: keys } = all;
  const appliedId = isHidden ? null : all.applied;
  const applied = useMemo(() => {
    const found = objects?.find((one) => one.id === appliedId);
    return found?.kind === 'presentation-state' ? found : null;
  }, [objects, appliedId]);
  const presented = useMemo(() => {
    if (stack === null || base === null || applied === null) return base;
    return stack.images.some((image) => isPresented(applied, image)) ? presentStack(stack, applied, base) : base;
  }, [stack, base, applied]);
  const segments = useMemo(
    () => (stack === null ? [] : drawnSegments(book, { objects, segments: keys, isHidden }, stack)),
    [book, objects, keys, isHidden, stack],
  );
  const reports = useMemo(
    () =>
      isHidden
        ? []
        : (objects ?? []).flatMap((one) => (one.kind === 'marked-report' && all.reports.has(one.id) ? [one] : [])),
    [objects, all.reports, isHidden],
  );
  const [failed, setFailed] = useState(0);
  const onFailed = useCallback((count: number) => setFailed(count), []);
  return { all, applied, stack: presented, segments, reports, failed, onFailed };
}

/** Makes the pictures that a presentation state draws its own way known to the engine; gives what takes them back. */
export function registerPresented(presented: Stack, own: Stack): () => void {
  const originals = new Set(own.images.map(({ imageId }) => imageId));
  const images = presented.images.filter(({ imageId }) => !originals.has(imageId));
  registerImages(images);
  return () => forgetImages(images);
}
