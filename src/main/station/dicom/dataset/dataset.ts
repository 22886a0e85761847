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

/** How the elements of one level are encoded. */
export type Encoding = { readonly isExplicit: boolean; readonly isLittleEndian: boolean };

/** Where an element stands among the bytes read: its header from `start`, its value from `valueStart`, all of it before `end`. */
export type ElementExtent = {
  readonly tag: Tag;
  /** As read; what a group length or an unknown element is by the dictionary. */
  readonly vr: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
  readonly hasLength: boolean;
  readonly items: readonly ItemExtent[] | null;
};

/** Where an item stands: its elements from `contentStart`, its delimiter, where it has one, between the last of them and `end`. */
export type ItemExtent = {
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
  readonly hasLength: boolean;
  readonly encoding: Encoding;
  readonly characterSet: CharacterSet;
  readonly elements: readonly ElementExtent[];
};

/** Filled in while a data set is read: its elements up to where reading stopped, those that stand there twice too. */
export type Outline = {
  encoding: Encoding;
  readonly elements: ElementExtent[];
  /** The last header read at the top; where reading stopped within its value, what that is. */
  last: { readonly tag: Tag; readonly isSequence: boolean; readonly start: number } | null;
};

/** How to read. */
export type ReadOptions = {
  /** Filled in with where the elements stand. */
  readonly outline?: Outline;
  /** Stops before the value of the pixel data. */
  readonly untilPixelData?: boolean;
  /** The bytes are the beginning of a data set and may stop anywhere. */
  readonly isHead?: boolean;
  /** More elements and items than this are `too-large`; at most, and where absent, 400,000. */
  readonly mostElements?: number;
};
