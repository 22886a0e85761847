import type { ElementExtent, Encoding, ItemExtent } from './dataset.ts';
import type { Tag } from './dictionary.ts';
import { LONG_VRS } from './value-representations.ts';

/** Where an element stands that may be rewritten: the level's elements, how they are encoded, and the item; null at the top. */
export type RewriteLevel = {
  readonly elements: readonly ElementExtent[];
  readonly encoding: Encoding;
  readonly item: ItemExtent | null;
};

/** What becomes of an element: `keep` looks into its items, `keep-whole` does not; else what stands in its place, or nothing. */
export type Rewriting = 'keep' | 'keep-whole' | 'drop' | Uint8Array;

const LONGEST_SHORT = 0xfffe;
const ITEM: Tag = 0xfffee000;

/**
 * A data set's elements with some of them rewritten, at any depth; everything else byte for byte and in its order, lengths
 * around what changed made right, group lengths beside it left out. `added` stand at the top, each before the first element of a greater tag.
 */
export function rewriteElements(
  bytes: Uint8Array,
  { elements, encoding }: { readonly elements: readonly ElementExtent[]; readonly encoding: Encoding },
  rewrite: (element: ElementExtent, level: RewriteLevel) => Rewriting,
  added: ReadonlyMap<Tag, Uint8Array> = new Map(),
): Buffer {
  const end = elements.at(-1)?.end ?? 0;
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return rewriteLevel(source, { elements, encoding, item: null }, 0, end, rewrite, added) ?? source.subarray(0, end);
}

/** An element with its header (PS3.5 §7.1), padded to even length; what is too long for a short VR is UN (§6.2.2). */
export function writeElement(tag: Tag, givenVr: string, value: Uint8Array, encoding: Encoding): Buffer {
  const padding = new Uint8Array(value.length % 2).fill(givenVr === 'UI' || LONG_VRS.has(givenVr) ? 0 : 0x20);
  const length = value.length + padding.length;
  const vr = LONG_VRS.has(givenVr) || length <= LONGEST_SHORT ? givenVr : 'UN';
  const isLong = encoding.isExplicit && LONG_VRS.has(vr) && tag !== ITEM;
  const header = Buffer.alloc(isLong ? 12 : 8);
  writeWord(header, 0, tag >>> 16, encoding);
  writeWord(header, 2, tag & 0xffff, encoding);
  if (encoding.isExplicit && tag !== ITEM) header.write(vr, 4, 'latin1');
  if (encoding.isExplicit && tag !== ITEM && !isLong) writeWord(header, 6, length, encoding);
  else writeLength(header, length, encoding);
  return Buffer.concat([header, value, padding]);
}

/** An item of a sequence, of defined length. */
export function writeItem(content: Uint8Array, encoding: Encoding): Buffer {
  return writeElement(ITEM, 'SQ', content, encoding);
}

/** A sequence as it stands with one more item behind its others. */
export function appendItem(bytes: Uint8Array, sequence: ElementExtent, item: Uint8Array, encoding: Encoding): Buffer {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const itemsEnd = sequence.items?.at(-1)?.end ?? sequence.valueStart;
  return withHeader(source, sequence, encoding, [
    source.subarray(sequence.valueStart, itemsEnd),
    item,
    source.subarray(itemsEnd, sequence.end),
  ]);
}

/** The level's bytes as they become; null where nothing changes. */
function rewriteLevel(
  source: Buffer,
  level: RewriteLevel,
  from: number,
  to: number,
  rewrite: (element: ElementExtent, level: RewriteLevel) => Rewriting,
  added: ReadonlyMap<Tag, Uint8Array>,
): Buffer | null {
  const waiting = [...added].toSorted(([one], [other]) => one - other);
  const pieces: Uint8Array[] = [];
  const groupLengths: number[] = [];
  let at = from;
  let hasChanged = false;
  const insertBefore = (tag: Tag) => {
    while (waiting[0] !== undefined && waiting[0][0] < tag) {
      pieces.push(waiting.shift()?.[1] ?? new Uint8Array(0));
      hasChanged = true;
    }
  };
  for (const element of level.elements) {
    pieces.push(source.subarray(at, element.start));
    insertBefore(element.tag);
    const changed = rewriteElement(source, element, level, rewrite);
    if (changed !== null) hasChanged = true;
    if ((element.tag & 0xffff) === 0) groupLengths.push(pieces.length);
    pieces.push(changed ?? source.subarray(element.start, element.end));
    at = element.end;
  }
  insertBefore(Number.POSITIVE_INFINITY);
  pieces.push(source.subarray(at, to));
  if (!hasChanged) return null;
  for (const index of groupLengths) pieces[index] = new Uint8Array(0);
  return Buffer.concat(pieces);
}

function rewriteElement(
  source: Buffer,
  element: ElementExtent,
  level: RewriteLevel,
  rewrite: (element: ElementExtent, level: RewriteLevel) => Rewriting,
): Uint8Array | null {
  const becomes = rewrite(element, level);
  if (becomes === 'drop') return new Uint8Array(0);
  if (becomes === 'keep-whole') return null;
  if (becomes !== 'keep') return becomes;
  if (element.items === null) return null;
  const pieces: Uint8Array[] = [];
  let at = element.valueStart;
  let hasChanged = false;
  for (const item of element.items) {
    const { start, contentStart, elements, encoding } = item;
    const contentEnd = elements.at(-1)?.end ?? contentStart;
    const within = { elements, encoding, item };
    const changed = rewriteLevel(source, within, contentStart, contentEnd, rewrite, new Map());
    if (changed !== null) {
      hasChanged = true;
      pieces.push(source.subarray(at, start));
      pieces.push(
        withHeader(source, { ...item, valueStart: contentStart }, encoding, [
          changed,
          source.subarray(contentEnd, item.end),
        ]),
      );
      at = item.end;
    }
  }
  if (!hasChanged) return null;
  return withHeader(source, element, level.encoding, [...pieces, source.subarray(at, element.end)]);
}

/** A sequence or item under its own header, whose length, where it has one, is the last thing in it. */
function withHeader(
  source: Buffer,
  { start, valueStart, hasLength }: Pick<ElementExtent, 'start' | 'valueStart' | 'hasLength'>,
  encoding: Encoding,
  content: readonly Uint8Array[],
): Buffer {
  const header = Buffer.from(source.subarray(start, valueStart));
  const length = content.reduce((sum, piece) => sum + piece.length, 0);
  if (hasLength) writeLength(header, length, encoding);
  return Buffer.concat([header, ...content]);
}

function writeWord(header: Buffer, at: number, value: number, { isLittleEndian }: Encoding): void {
  if (isLittleEndian) header.writeUInt16LE(value, at);
  else header.writeUInt16BE(value, at);
}

function writeLength(header: Buffer, length: number, { isLittleEndian }: Encoding): void {
  if (isLittleEndian) header.writeUInt32LE(length, header.length - 4);
  else header.writeUInt32BE(length, header.length - 4);
}
