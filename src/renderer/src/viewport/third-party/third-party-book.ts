import type { SegmentFit } from './segment-fit.ts';
import { fitSegmentation } from './segment-fit.ts';
import { SegmentPixels } from './segment-pixels.ts';
import type { Segmentation } from './segmentation.ts';
import type { Stack } from '../stack.ts';
import type { ThirdPartyObject } from './third-party-object.ts';

/** What others sent beside the images of this study and its prior, and what of it is drawn: at first, nothing. */
export type ThirdPartyState = {
  /** Null while it is still asked for. */
  readonly objects: readonly ThirdPartyObject[] | null;
  /** Series that could not be read: what they say of images is not known. */
  readonly unread: number;
  /** The presentation state that is applied. */
  readonly applied: string | null;
  /** Segments that are drawn, by `segmentKey`. */
  readonly segments: ReadonlySet<string>;
  /** Reports whose marks are drawn. */
  readonly reports: ReadonlySet<string>;
  /** Of segments, 0 to 1. */
  readonly opacity: number;
  /** All of it off for a moment, by one key. */
  readonly isHidden: boolean;
};

/** A segment of a segmentation. */
export function segmentKey(segmentation: Pick<Segmentation, 'id'>, segment: { readonly number: number }): string {
  return `${segmentation.id}/${segment.number}`;
}

/** What is on of what others sent, for as long as the study is read; it is kept nowhere. */
export class ThirdPartyBook {
  readonly pixels = new SegmentPixels();
  readonly #fits = new WeakMap<Segmentation, WeakMap<Stack['images'], SegmentFit>>();
  readonly #listeners = new Set<() => void>();
  #state: ThirdPartyState = {
    objects: null,
    unread: 0,
    applied: null,
    segments: new Set(),
    reports: new Set(),
    opacity: 0.35,
    isHidden: false,
  };

  /** The same object until something changes. */
  readonly getState = (): ThirdPartyState => this.#state;

  /** Calls back after every change until the returned function is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Takes note of what has come. */
  found(objects: readonly ThirdPartyObject[], unread: number): void {
    this.#change({ objects, unread });
  }

  /** Applies a presentation state, or none. */
  apply(applied: string | null): void {
    this.#change({ applied, isHidden: false });
  }

  /** Draws a segment, or no longer. */
  drawSegments(keys: readonly string[], isDrawn: boolean): void {
    this.#change({ segments: changed(this.#state.segments, keys, isDrawn), isHidden: false });
  }

  /** Draws what a report marks, or no longer. */
  drawReport(id: string, isDrawn: boolean): void {
    this.#change({ reports: changed(this.#state.reports, [id], isDrawn), isHidden: false });
  }

  /** How much of a picture segments cover. */
  setOpacity(opacity: number): void {
    this.#change({ opacity });
  }

  /** All off, and on again as it was; false where nothing is on. */
  toggle(): boolean {
    const { applied, segments, reports, isHidden } = this.#state;
    if (applied === null && segments.size + reports.size === 0) return false;
    this.#change({ isHidden: !isHidden });
    return true;
  }

  /** Where a segmentation lies on a series; worked out once. */
  fit(segmentation: Segmentation, stack: Stack): SegmentFit {
    const known = this.#fits.get(segmentation) ?? new WeakMap<Stack['images'], SegmentFit>();
    this.#fits.set(segmentation, known);
    const fit = known.get(stack.images) ?? fitSegmentation(segmentation, stack);
    known.set(stack.images, fit);
    return fit;
  }

  #change(change: Partial<ThirdPartyState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function changed(all: ReadonlySet<string>, keys: readonly string[], isIn: boolean): ReadonlySet<string> {
  const next = new Set(all);
  for (const key of keys)
    if (isIn) next.add(key);
    else next.delete(key);
  return next;
}
