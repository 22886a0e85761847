import type { ElementExtent, Encoding, Outline } from './dataset.ts';
import { lookUpTag, type Tag } from './dictionary.ts';
import { bytesReader, type RangeReader } from './find-pixel-data.ts';
import { joinReaders, partOf } from './range-readers.ts';

/** A value too long to be held: which element's, the header that it stands behind, and its bytes to be read as they are asked for. */
export type ElidedValue = { readonly tag: Tag; readonly header: Uint8Array; readonly value: RangeReader };

/** Bytes that no text and no name is in: an encapsulated document above all. */
const BYTES = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'UN']);
const UNDEFINED_LENGTH = 0xffffffff;

/**
 * Where reading stopped within a long value of bytes at the top of a data set: the data set as if that value were empty, and
 * the value. Null where it is anything else that may not be passed over.
 */
export async function elideLongValue(
  reader: RangeReader,
  { encoding, last, elements }: Outline,
  longerThan: number,
): Promise<{ readonly reader: RangeReader; readonly elided: ElidedValue } | null> {
  if (last === null || last.isSequence || last.start < (elements.at(-1)?.end ?? 0)) return null;
  const read = readHeader(Buffer.from(await reader.read(last.start, 12)), last.tag, encoding);
  if (read === null || read.length <= longerThan || read.length === UNDEFINED_LENGTH) return null;
  const valueFrom = last.start + read.header.length;
  if (valueFrom + read.length > reader.length) return null;
  const empty = Buffer.from(read.header);
  empty.fill(0, empty.length - 4);
  return {
    reader: joinReaders([partOf(reader, 0, last.start), bytesReader(empty), partOf(reader, valueFrom + read.length)]),
    elided: { tag: last.tag, header: read.header, value: partOf(reader, valueFrom, read.length) },
  };
}

/** Puts elided values back where their empty elements stand; null where those are not all there. */
export function restoreLongValues(
  bytes: Uint8Array,
  elements: readonly ElementExtent[],
  elided: readonly ElidedValue[],
): RangeReader | null {
  const parts: RangeReader[] = [];
  let from = 0;
  for (const { tag, header, value } of elided) {
    const place = elements.find((one) => one.tag === tag && one.start >= from && one.valueStart === one.end);
    if (place === undefined) return null;
    parts.push(bytesReader(bytes.subarray(from, place.start)), bytesReader(header), value);
    from = place.end;
  }
  return joinReaders([...parts, bytesReader(bytes.subarray(from))]);
}

/** An element's header and the length that it states; null where its value is not bytes alone. */
function readHeader(at: Buffer, tag: Tag, { isExplicit, isLittleEndian }: Encoding) {
  const vr = isExplicit ? at.toString('latin1', 4, 6) : (lookUpTag(tag)?.vr ?? 'UN');
  const header = at.subarray(0, isExplicit ? 12 : 8);
  if (!BYTES.has(vr) || header.length < (isExplicit ? 12 : 8)) return null;
  const lengthAt = header.length - 4;
  return { header, length: isLittleEndian ? header.readUInt32LE(lengthAt) : header.readUInt32BE(lengthAt) };
}
