import type { Dataset, Element } from './dataset.ts';
import type { Tag } from './dictionary.ts';
import { resolvedVr } from './values.ts';
import { LONG_VRS } from './value-representations.ts';

/** An element that takes another's place: its value in little endian. */
export type Replacement = { readonly vr: string; readonly bytes: Uint8Array };

const WORD_BYTES: Readonly<Record<string, number>> = {
  ...{ AT: 2, OW: 2, SS: 2, US: 2, FL: 4, OF: 4, OL: 4, SL: 4, UL: 4, FD: 8, OD: 8, OV: 8, SV: 8, UV: 8 },
};
const LONGEST_SHORT = 0xffff;

/**
 * The elements of a data set as read in explicit VR little endian (PS3.5 §7.1.2), by tag, values byte for byte but for their
 * byte order. Group lengths are left out: they would be wrong. A null replacement leaves an element out.
 */
export function encodeExplicit(
  dataset: Dataset,
  replacements: ReadonlyMap<Tag, Replacement | null> = new Map(),
): Buffer {
  const kept = [...dataset.elements.values()].filter(({ tag }) => (tag & 0xffff) !== 0 && !replacements.has(tag));
  const pieces: { readonly tag: Tag; readonly bytes: Buffer }[] = kept.map((element) => ({
    tag: element.tag,
    bytes: encodeElement(element, dataset),
  }));
  for (const [tag, replacement] of replacements)
    if (replacement !== null) pieces.push({ tag, bytes: withHeader(tag, replacement.vr, replacement.bytes) });
  return Buffer.concat(pieces.toSorted((one, other) => one.tag - other.tag).map(({ bytes }) => bytes));
}

/** The header of an element in explicit VR little endian, for a value of that many bytes. */
export function explicitHeader(tag: Tag, vr: string, length: number): Buffer {
  const isLong = LONG_VRS.has(vr);
  const header = Buffer.alloc(isLong ? 12 : 8);
  header.writeUInt16LE(tag >>> 16, 0);
  header.writeUInt16LE(tag & 0xffff, 2);
  header.write(vr, 4, 'latin1');
  if (isLong) header.writeUInt32LE(length, 8);
  else header.writeUInt16LE(length, 6);
  return header;
}

function encodeElement(element: Element, dataset: Dataset): Buffer {
  const { tag, items } = element;
  if (items !== null) return withHeader(tag, 'SQ', Buffer.concat(items.map(encodeItem)));
  const vr = resolvedVr(element, dataset);
  const bytes = dataset.isLittleEndian ? element.bytes : swapped(element.bytes, WORD_BYTES[vr] ?? 1);
  return withHeader(tag, vr, bytes);
}

function encodeItem(item: Dataset): Buffer {
  const content = encodeExplicit(item);
  const header = Buffer.alloc(8);
  header.writeUInt16LE(0xfffe, 0);
  header.writeUInt16LE(0xe000, 2);
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, content]);
}

/** What is too long for a short VR is written as UN (PS3.5 §6.2.2, note 4 of Table 6.2-1). */
function withHeader(tag: Tag, given: string, value: Uint8Array): Buffer {
  const padding = new Uint8Array(value.length % 2).fill(given === 'UI' || LONG_VRS.has(given) ? 0 : 0x20);
  const length = value.length + padding.length;
  const vr = LONG_VRS.has(given) || length <= LONGEST_SHORT ? given : 'UN';
  return Buffer.concat([explicitHeader(tag, vr, length), value, padding]);
}

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const copy = Buffer.from(bytes);
  const whole = copy.subarray(0, copy.length - (copy.length % size));
  if (size === 2) whole.swap16();
  if (size === 4) whole.swap32();
  if (size === 8) whole.swap64();
  return copy;
}
