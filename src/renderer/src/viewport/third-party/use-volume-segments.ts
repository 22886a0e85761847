import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { Ink } from '../overlay.ts';
import type { Stack, StackImage } from '../stack.ts';
import { type DrawnSegments, drawnSegments } from './drawn-segments.ts';
import { markedPixels, type SegmentPixels } from './segment-pixels.ts';
import type { ThirdPartyBook, ThirdPartyState } from './third-party-book.ts';

/** A segment in the images of a volume, by their number in it. */
export type VolumeSegment = {
  readonly bitsOf: (image: number) => Uint8Array | null;
  readonly isDashed: boolean;
  readonly ink: Ink;
};

/** Segments of others in a volume, and what is to be said of them. */
export type VolumeSegments = {
  readonly all: ThirdPartyState;
  readonly stack: Stack;
  readonly drawn: readonly DrawnSegments[];
  readonly marks: readonly VolumeSegment[];
  readonly state: 'none' | 'loading' | 'drawn' | 'too-large';
  readonly failed: number;
};

/** Marked pixels of all segments in a volume take no more than so many bytes. */
const MOST_BYTES = 192 * 1024 * 1024;
const AT_ONCE = 6;

type Loaded = {
  readonly drawn: readonly DrawnSegments[];
  readonly marks: readonly VolumeSegment[];
  readonly failed: number;
  readonly isTooLarge: boolean;
};

/** Loads the segments that are on into the images of a volume; a volume of thinned out or summed images has none. */
export function useVolumeSegments(
  book: ThirdPartyBook,
  seriesUid: string,
  images: readonly StackImage[],
  isThin: boolean,
): VolumeSegments {
  const all = useSyncExternalStore(book.subscribe, book.getState);
  const stack = useMemo(() => ({ seriesUid, modality: images[0]?.modality ?? '', images }), [seriesUid, images]);
  const { objects, segments, isHidden } = all;
  const drawn = useMemo(
    () => drawnSegments(book, { objects, segments, isHidden }, stack),
    [book, objects, segments, isHidden, stack],
  );
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const isWanted = isThin && drawn.length > 0;
  useEffect(() => {
    if (!isWanted) return;
    const leave = new AbortController();
    void loadSegments(drawn, images, book.pixels, leave.signal).then((one) => {
      if (!leave.signal.aborted) setLoaded(one);
    });
    return () => leave.abort();
  }, [isWanted, drawn, images, book]);
  const isHere = isWanted && loaded?.drawn === drawn;
  const marks = useMemo(
    () => (isHere ? loaded.marks.map((one) => ({ ...one, ink: { ...one.ink, fill: 255 * all.opacity } })) : NONE),
    [isHere, loaded, all.opacity],
  );
  const state = !isWanted ? 'none' : !isHere ? 'loading' : loaded.isTooLarge ? 'too-large' : 'drawn';
  return { all, stack, drawn, marks, state, failed: isHere ? loaded.failed : 0 };
}

const NONE: readonly VolumeSegment[] = [];

async function loadSegments(
  drawn: readonly DrawnSegments[],
  images: readonly StackImage[],
  pixels: SegmentPixels,
  leave: AbortSignal,
): Promise<Loaded> {
  const marked = new Map<string, { readonly bits: (Uint8Array | null)[]; readonly ink: Ink }>();
  let [bytes, failed] = [0, 0];
  const load = async (image: StackImage, at: number): Promise<void> => {
    for (const [of, { segmentation, segments, fittedOn }] of drawn.entries()) {
      const wanted = fittedOn(image).filter(
        ({ frame }) => frame.segment === null || segments.some(({ number }) => number === frame.segment),
      );
      if (wanted.length === 0) continue;
      const fetched = await Promise.all(wanted.map(async (on) => ({ on, values: await pixels.valuesOf(on.frame) })));
      const had = fetched.flatMap(({ on, values }) => (values === null ? [] : [{ on, values }]));
      failed += fetched.length - had.length;
      for (const { number, colour } of segments) {
        const strengths = markedPixels(segmentation, number, had, image);
        if (strengths === null) continue;
        const key = `${of}/${number}`;
        const ink = { colour, fill: 0, isRimmed: true };
        const { bits } = marked.get(key) ?? { bits: images.map(() => null) };
        bits[at] = strengths.map((strength) => (strength >= 128 ? 1 : 0));
        marked.set(key, { bits, ink });
        bytes += strengths.length;
      }
    }
  };
  let next = 0;
  const work = async () => {
    for (let at = next++; at < images.length && bytes <= MOST_BYTES && !leave.aborted; at = next++) {
      const image = images[at];
      if (image !== undefined) await load(image, at);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const isTooLarge = bytes > MOST_BYTES;
  const marks = [...marked.values()].map(({ bits, ink }) => ({
    bitsOf: (image: number) => bits[image] ?? null,
    isDashed: false,
    ink,
  }));
  // Half of a segment would look like a whole one.
  return { drawn, marks: isTooLarge ? [] : marks, failed, isTooLarge };
}
