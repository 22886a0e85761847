import type { CharacterSet } from './character-sets.ts';
import type { Tag } from './dictionary.ts';

/** One element. A sequence has items and no bytes; everything else has bytes: views on what was read. */
export type Element = {
  readonly tag: Tag;
  /** `xs` is US or SS, as the pixel representation says (PS3.5 §A.1). */
  readonly vr: string;
  readonly bytes: Uint8Array;
  readonly items: readonly Dataset[] | null;
};

/** The elements of a data set or of one item, in the order read. */
export type Dataset = {
  readonly elements: ReadonlyMap<Tag, Element>;
  readonly isLittleEndian: boolean;
  readonly characterSet: CharacterSet;
};

/** Where the top-level pixel data stand, from the start of the data set; `length` null is undefined: encapsulated. */
export type PixelDataPosition = { readonly vr: string; readonly offset: number; readonly length: number | null };

/** What a data set got wrong and was read in spite of. Persisted: only ever added to. */
export const DATASET_MARKS = [
  'out-of-order',
  'duplicate-element',
  'odd-length',
  'stray-delimiter',
  'delimiter-missing',
  'sequence-not-read',
  'vr-missing',
  'vr-encoding-differs',
  'tail-not-read',
] as const;
export type DatasetMark = (typeof DATASET_MARKS)[number];

/** A data set as far as it was read. Pixel data are located, not held. */
export type ReadDataset = Dataset & {
  /** `cut`: a head ended within an element, which is left out. */
  readonly stoppedAt: 'end' | 'pixel-data' | 'cut';
  readonly pixelData: PixelDataPosition | null;
  /** Each at most once. */
  readonly marks: readonly DatasetMark[];
};

/** Why bytes are no data set. Codes only: nothing of the content. */
export type DatasetFailure = {
  readonly code: 'unknown-transfer-syntax' | 'truncated' | 'malformed' | 'too-deep' | 'too-large';
};

/** How to read. */
export type ReadOptions = {
  /** Stops before the value of the pixel data. */
  readonly untilPixelData?: boolean;
  /** The bytes are the beginning of a data set and may stop anywhere. */
  readonly isHead?: boolean;
};
