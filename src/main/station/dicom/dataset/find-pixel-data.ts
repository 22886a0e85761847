import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { findTransferSyntax } from '../transfer-syntaxes.ts';
import type { DatasetFailure, ReadDataset } from './dataset.ts';
import { readDataset } from './read-dataset.ts';

/** Reads ranges of a data set, wherever it is kept. A read past the end gives what there is. */
export type RangeReader = {
  readonly length: number;
  readonly read: (offset: number, length: number) => Promise<Uint8Array> | Uint8Array;
};

/** A run of bytes, in bytes from the start of the data set. */
export type ByteRange = { readonly offset: number; readonly length: number };

/** Where the pixel data are. `offsetTable` counts from the first fragment's item, and is empty where there is none. */
export type PixelDataLocation =
  | { readonly kind: 'native'; readonly offset: number; readonly length: number }
  | { readonly kind: 'encapsulated'; readonly offsetTable: readonly number[]; readonly fragments: readonly Fragment[] };

/** One fragment: its bytes, and how far its item stands behind the first fragment's. */
export type Fragment = ByteRange & { readonly itemOffset: number };

/** The head of a data set and, where it has pixels, their place. */
export type LocatedPixelData = { readonly dataset: ReadDataset; readonly location: PixelDataLocation | null };

const FIRST_HEAD_LENGTH = 64 * 1024;
const ITEM = 0xfffee000;
const SEQUENCE_END = 0xfffee0dd;
const EXTENDED_OFFSET_TABLE = 0x7fe00001;
const MAX_FRAGMENTS = 1_000_000;

/** A reader of bytes in memory. */
export function bytesReader(bytes: Uint8Array): RangeReader {
  return { length: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

/** Finds the pixel data without reading them: as much of the head as it takes, and eight bytes a fragment (PS3.5 §A.4). */
export async function findPixelData(
  reader: RangeReader,
  transferSyntaxUid: string,
): Promise<Result<LocatedPixelData, DatasetFailure>> {
  if (findTransferSyntax(transferSyntaxUid)?.isDeflated) {
    return err({ code: 'unknown-transfer-syntax' }); // its positions are not positions in the file
  }
  for (let headLength = FIRST_HEAD_LENGTH; ; headLength *= 4) {
    const isWhole = headLength >= reader.length;
    const head = await reader.read(0, Math.min(headLength, reader.length));
    const read = readDataset(head, transferSyntaxUid, { untilPixelData: true, isHead: !isWhole });
    if (!read.ok) return read;
    const dataset = read.value;
    const { pixelData } = dataset;
    if (pixelData !== null) {
      if (pixelData.length === null) return locateFragments(reader, dataset, pixelData.offset);
      if (pixelData.offset + pixelData.length > reader.length) return err({ code: 'truncated' });
      const { offset, length } = pixelData;
      return ok({ dataset, location: { kind: 'native', offset, length } });
    }
    if (isWhole) return ok({ dataset, location: null });
  }
}

async function locateFragments(
  reader: RangeReader,
  dataset: ReadDataset,
  start: number,
): Promise<Result<LocatedPixelData, DatasetFailure>> {
  const fragments: Fragment[] = [];
  let offsetTable: readonly number[] | null = null;
  let firstItem = start;
  let at = start;
  for (;;) {
    const header = await reader.read(at, 8);
    if (header.length < 8) return err({ code: 'truncated' });
    const view = new DataView(header.buffer, header.byteOffset, 8);
    const tag = view.getUint16(0, true) * 0x10000 + view.getUint16(2, true);
    if (tag === SEQUENCE_END) break;
    const length = view.getUint32(4, true);
    if (tag !== ITEM) return err({ code: 'malformed' });
    if (at + 8 + length > reader.length) return err({ code: 'truncated' });
    if (fragments.length > MAX_FRAGMENTS) return err({ code: 'too-large' });
    if (offsetTable === null) {
      offsetTable = offsets(await reader.read(at + 8, length), 4); // the first item is the basic offset table
      firstItem = at + 8 + length;
    } else {
      fragments.push({ offset: at + 8, length, itemOffset: at - firstItem });
    }
    at += 8 + length;
  }
  const extended = dataset.elements.get(EXTENDED_OFFSET_TABLE);
  const table = extended ? offsets(extended.bytes, 8) : (offsetTable ?? []);
  return ok({ dataset, location: { kind: 'encapsulated', offsetTable: table, fragments } });
}

function offsets(bytes: Uint8Array, size: 4 | 8): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, index) =>
    size === 4 ? view.getUint32(index * size, true) : Number(view.getBigUint64(index * size, true)),
  );
}
