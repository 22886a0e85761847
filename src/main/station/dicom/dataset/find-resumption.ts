import { LONG_VRS } from './value-representations.ts';
import type { Encoding } from './dataset.ts';
import { lookUpTag, type Tag } from './dictionary.ts';

/** A sequence of undefined length that cannot be read, and the level it stands in. */
export type UnreadSequence = {
  readonly bytes: Uint8Array;
  readonly tag: Tag;
  /** Of its items; its delimiter is written so. */
  readonly inner: Encoding;
  readonly around: Encoding;
  /** Where its items begin. */
  readonly from: number;
  /** Where the level around it ends at the latest, and whether a delimiter ends it before. */
  readonly end: number;
  readonly isInItem: boolean;
  readonly isDelimited: boolean;
  /** The bytes may go on behind `end`. */
  readonly isHead: boolean;
  /** Headers that may still be looked at; counted down, for all sequences of a data set together. */
  readonly budget: { headers: number };
};

/** Where a sequence's content ends, and where the elements behind its delimiter begin. */
export type Resumption = { readonly contentEnd: number; readonly resumeAt: number };

const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const UNDEFINED_LENGTH = 0xffffffff;
const PIXEL_DATA = 0x7fe00010;
const PIXELS = new Set<Tag>([0x7fe00008, 0x7fe00009, PIXEL_DATA]);
const DEEPEST = 64;

/**
 * Finds the first delimiter behind which everything up to the end of the level reads: elements in ascending order with no
 * delimiter among them, so that neither one of a sequence further in is taken for it, nor an icon's pixels for the image's. None
 * behind which pixel data would be hidden. Of a head that ends within the pixels the caller asks what stands behind them.
 * `cut`: the bytes end before that can be told; null: there is none.
 */
export function findResumption(sequence: UnreadSequence): Resumption | 'cut' | null {
  const { bytes, inner, from, end, budget } = sequence;
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const delimiter = Buffer.from(inner.isLittleEndian ? 'feffdde000000000' : 'fffee0dd00000000', 'hex');
  let isCut = false;
  for (let at = source.indexOf(delimiter, from); at >= 0; at = source.indexOf(delimiter, at + 2)) {
    const resumeAt = at + delimiter.length;
    if (resumeAt > end || budget.headers <= 0) break;
    const walked = walk(source, sequence, resumeAt);
    isCut ||= walked === 'cut';
    if (walked === 'pixels' || (walked === 'end' && !hidesPixels(source.subarray(from, at), sequence.around)))
      return { contentEnd: at, resumeAt };
  }
  return isCut && sequence.isHead ? 'cut' : null;
}

/** What stands behind a delimiter: all of the level, with its pixels among it, something the bytes end within, or nonsense. */
function walk(source: Buffer, sequence: UnreadSequence, start: number): 'end' | 'pixels' | 'cut' | null {
  const { around, end, isInItem, isDelimited, budget } = sequence;
  let last = sequence.tag;
  let at = start;
  let whole: 'end' | 'pixels' = 'end';
  while (at < end) {
    const header = headerAt(source, at, end, around, budget);
    if (header === null) return at + 12 > end ? 'cut' : null;
    const { tag } = header;
    if (tag === ITEM_END && isDelimited) return whole;
    if (tag === 0 && !isInItem && source.subarray(at).every((byte) => byte === 0)) return whole;
    if (tag >= ITEM || tag <= last) return null;
    last = tag;
    const isPixels = !isInItem && PIXELS.has(tag);
    const next = behind(source, header, end, around, budget, 0);
    if (next === null) return null;
    if (next > end) return isPixels && sequence.isHead ? 'pixels' : 'cut';
    if (isPixels) whole = 'pixels';
    at = next;
  }
  return isDelimited ? null : whole;
}

type Header = { readonly tag: Tag; readonly vr: string; readonly length: number; readonly valueAt: number };

function headerAt(
  source: Buffer,
  at: number,
  end: number,
  { isExplicit, isLittleEndian }: Encoding,
  budget: { headers: number },
): Header | null {
  budget.headers -= 1;
  if (budget.headers < 0 || at + 8 > end) return null;
  const word = (from: number) => (isLittleEndian ? source.readUInt16LE(from) : source.readUInt16BE(from));
  const double = (from: number) => (isLittleEndian ? source.readUInt32LE(from) : source.readUInt32BE(from));
  const tag = word(at) * 0x10000 + word(at + 2);
  if (!isExplicit || tag >= ITEM)
    return { tag, vr: lookUpTag(tag)?.vr ?? 'UN', length: double(at + 4), valueAt: at + 8 };
  const vr = source.toString('latin1', at + 4, at + 6);
  if (tag !== 0 && !/^[A-Z]{2}$/.test(vr)) return null;
  if (!LONG_VRS.has(vr)) return { tag, vr, length: word(at + 6), valueAt: at + 8 };
  return at + 12 > end ? null : { tag, vr, length: double(at + 8), valueAt: at + 12 };
}

/** Where the element after this one begins, past the end where its value is longer; null where it cannot be told. */
function behind(
  source: Buffer,
  { tag, vr, length, valueAt }: Header,
  end: number,
  encoding: Encoding,
  budget: { headers: number },
  depth: number,
): number | null {
  if (length !== UNDEFINED_LENGTH) return valueAt + length;
  if (depth > DEEPEST) return null;
  const isFragments = PIXELS.has(tag);
  const inner = vr === 'UN' || isFragments ? { isExplicit: false, isLittleEndian: true } : encoding;
  let at = valueAt;
  for (;;) {
    const item = headerAt(source, at, end, inner, budget);
    if (item === null) return at + 8 > end ? end + 1 : null;
    if (item.tag === SEQUENCE_END) return item.valueAt;
    if (item.tag !== ITEM) return null;
    const next = item.length === UNDEFINED_LENGTH ? behindItem(source, item, end, inner, budget, depth) : null;
    if (item.length === UNDEFINED_LENGTH && next === null) return null;
    at = next ?? item.valueAt + item.length;
    if (at > end) return at;
  }
}

function behindItem(
  source: Buffer,
  item: Header,
  end: number,
  encoding: Encoding,
  budget: { headers: number },
  depth: number,
): number | null {
  let at = item.valueAt;
  for (;;) {
    const header = headerAt(source, at, end, encoding, budget);
    if (header === null) return at + 12 > end ? end + 1 : null;
    if (header.tag === ITEM_END) return header.valueAt;
    if (header.tag >= ITEM) return null;
    const next = behind(source, header, end, encoding, budget, depth + 1);
    if (next === null || next > end) return next;
    at = next;
  }
}

/** Anything that may be the header of pixel data: better not read at all than shown without them. */
function hidesPixels(skipped: Buffer, { isLittleEndian }: Encoding): boolean {
  return skipped.includes(Buffer.from(isLittleEndian ? 'e07f1000' : '7fe00010', 'hex'));
}
