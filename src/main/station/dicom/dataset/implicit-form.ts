import { EXPLICIT_LITTLE_ENDIAN } from '../transfer-syntaxes.ts';
import type { Dataset, Element } from './dataset.ts';
import { type ByteRange, findPixelData, type RangeReader } from './find-pixel-data.ts';

const PIXEL_DATA = 0x7fe00010;
const ITEM = 0xfffee000;
const CHUNK_BYTES = 1024 * 1024;

/**
 * A data set in explicit VR little endian, written in the implicit one that every peer takes (PS3.5 §10.1): values as they are,
 * pixels passed on unread, group lengths left out. Null where it cannot be read, or its pixels are encapsulated.
 */
export async function implicitForm(reader: RangeReader): Promise<AsyncIterable<Uint8Array> | null> {
  const found = await findPixelData(reader, EXPLICIT_LITTLE_ENDIAN);
  if (!found.ok) return null;
  const { dataset, location, source } = found.value;
  if (location !== null && location.kind !== 'native') return null;
  const elements = [...dataset.elements.values()].toSorted((one, other) => one.tag - other.tag);
  return pieces(elements, location, source);
}

async function* pieces(
  elements: readonly Element[],
  location: ByteRange | null,
  source: RangeReader,
): AsyncGenerator<Uint8Array> {
  yield encodeElements(elements.filter(({ tag }) => tag < PIXEL_DATA));
  if (location !== null) {
    const end = location.offset + location.length;
    yield header(PIXEL_DATA, location.length);
    for (let at = location.offset; at < end; at += CHUNK_BYTES)
      yield await source.read(at, Math.min(CHUNK_BYTES, end - at));
  }
  yield encodeElements(elements.filter(({ tag }) => tag > PIXEL_DATA));
}

function encodeElements(elements: readonly Element[]): Buffer {
  return Buffer.concat(elements.filter(({ tag }) => (tag & 0xffff) !== 0).flatMap(encodeElement));
}

function encodeElement({ tag, bytes, items }: Element): readonly Uint8Array[] {
  const value = items === null ? bytes : Buffer.concat(items.map(encodeItem));
  return [header(tag, value.length + (value.length % 2)), value, new Uint8Array(value.length % 2)];
}

function encodeItem({ elements }: Dataset): Buffer {
  const content = encodeElements([...elements.values()]);
  return Buffer.concat([header(ITEM, content.length), content]);
}

function header(tag: number, length: number): Buffer {
  const result = Buffer.alloc(8);
  result.writeUInt16LE(tag >>> 16, 0);
  result.writeUInt16LE(tag & 0xffff, 2);
  result.writeUInt32LE(length, 4);
  return result;
}
