import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { EXPLICIT_LITTLE_ENDIAN, findTransferSyntax } from '../transfer-syntaxes.ts';
import type { DatasetFailure, ReadDataset } from './dataset.ts';
import { inflateDataset } from './inflate.ts';
import { readDatasetInTurns } from './read-dataset.ts';

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

/** One fragment: its bytes, how far its item stands behind the first fragment's, and whether a JPEG family codestream begins in it. */
export type Fragment = ByteRange & { readonly itemOffset: number; readonly startsStream: boolean };

/** A data set without its pixels and, where it has any, their place. */
export type LocatedPixelData = {
  readonly dataset: ReadDataset;
  readonly location: PixelDataLocation | null;
  /** What positions count in: the reader asked, or the inflated bytes of a deflated data set. */
  readonly source: RangeReader;
};

const FIRST_HEAD_LENGTH = 64 * 1024;
/** Past so much without pixels the rest is left unread: memory is bounded by connections, not by objects. */
const LONGEST_HEAD = 64 * 1024 * 1024;
const ITEM = 0xfffee000;
const SEQUENCE_END = 0xfffee0dd;
const PIXEL_DATA = 0x7fe00010;
const EXTENDED_OFFSET_TABLE = 0x7fe00001;
const MAX_FRAGMENTS = 1_000_000;
/** What stands behind the pixels is read when it is no longer than this: digital signatures and padding, mostly. */
const LONGEST_TAIL = 256 * 1024;

/** A reader of bytes in memory. */
export function bytesReader(bytes: Uint8Array): RangeReader {
  return { length: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

/**
 * Finds the pixel data without reading them: as much of the head as it takes, eight bytes a fragment (PS3.5 §A.4), and what
 * little stands behind. A deflated data set is inflated whole, within bounds. Lets others work meanwhile.
 */
export async function findPixelData(
  reader: RangeReader,
  transferSyntaxUid: string,
): Promise<Result<LocatedPixelData, DatasetFailure>> {
  if (findTransferSyntax(transferSyntaxUid)?.isDeflated !== true) return locate(reader, transferSyntaxUid);
  const inflated = await inflateDataset(reader);
  return inflated.ok ? locate(bytesReader(inflated.value), EXPLICIT_LITTLE_ENDIAN) : inflated;
}

async function locate(
  reader: RangeReader,
  transferSyntaxUid: string,
): Promise<Result<LocatedPixelData, DatasetFailure>> {
  for (let headLength = FIRST_HEAD_LENGTH; ; headLength *= 4) {
    const isWhole = headLength >= reader.length;
    const head = await reader.read(0, Math.min(headLength, reader.length));
    const read = await readDatasetInTurns(head, transferSyntaxUid, { untilPixelData: true, isHead: !isWhole });
    if (!read.ok) return read;
    const dataset = read.value;
    const { pixelData } = dataset;
    if (pixelData !== null) {
      const { offset, length } = pixelData;
      if (length === null) return locateFragments(reader, dataset, offset, transferSyntaxUid);
      if (offset + length > reader.length) return err({ code: 'truncated' });
      const whole = await withTail(reader, dataset, offset + length, transferSyntaxUid);
      if (whole === null) return err({ code: 'malformed' });
      return ok({ dataset: whole, location: { kind: 'native', offset, length }, source: reader });
    }
    if (isWhole) return ok({ dataset, location: null, source: reader });
    // A document of hundreds of megabytes, say: what identifies an object stands long before.
    if (headLength >= LONGEST_HEAD)
      return ok({
        dataset: { ...dataset, marks: [...dataset.marks, 'tail-not-read'] },
        location: null,
        source: reader,
      });
  }
}

/**
 * Adds the elements behind the pixels. What cannot be read there is marked and takes nothing from the object; null where the pixels
 * were found behind a sequence that cannot be read and may be an icon's, within it.
 */
async function withTail(
  reader: RangeReader,
  dataset: ReadDataset,
  from: number,
  transferSyntaxUid: string,
): Promise<ReadDataset | null> {
  const length = reader.length - from;
  if (length <= 0) return dataset;
  const isInDoubt = dataset.marks.includes('sequence-not-read');
  const bytes = length > LONGEST_TAIL ? null : await reader.read(from, length);
  const tail = bytes === null ? null : await readDatasetInTurns(bytes, transferSyntaxUid, { untilPixelData: true });
  if (isInDoubt && (tail === null || !tail.ok || !isOnlyTail(tail.value))) return null;
  if (tail === null || !tail.ok) return { ...dataset, marks: [...dataset.marks, 'tail-not-read'] };
  const elements = new Map(dataset.elements);
  for (const [tag, element] of tail.value.elements) if (!elements.has(tag)) elements.set(tag, element);
  return { ...dataset, elements, marks: [...new Set([...dataset.marks, ...tail.value.marks])] };
}

/** Whether elements are such as stand behind an image's pixels, where nothing of the level can follow but what is sorted behind. */
function isOnlyTail({ elements, pixelData, marks }: ReadDataset): boolean {
  return (
    pixelData === null && !marks.includes('stray-delimiter') && [...elements.keys()].every((tag) => tag > PIXEL_DATA)
  );
}

async function locateFragments(
  reader: RangeReader,
  dataset: ReadDataset,
  start: number,
  transferSyntaxUid: string,
): Promise<Result<LocatedPixelData, DatasetFailure>> {
  const fragments: Fragment[] = [];
  let offsetTable: readonly number[] | null = null;
  let firstItem = start;
  let at = start;
  for (;;) {
    const header = await reader.read(at, 10);
    if (header.length < 8) return err({ code: 'truncated' });
    const view = new DataView(header.buffer, header.byteOffset, header.length);
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
      const startsStream = length >= 2 && header.length === 10 && STREAM_STARTS.has(view.getUint16(8));
      fragments.push({ offset: at + 8, length, itemOffset: at - firstItem, startsStream });
    }
    at += 8 + length;
  }
  const extended = dataset.elements.get(EXTENDED_OFFSET_TABLE);
  const table = extended ? offsets(extended.bytes, 8) : (offsetTable ?? []);
  const whole = await withTail(reader, dataset, at + 8, transferSyntaxUid);
  if (whole === null) return err({ code: 'malformed' });
  return ok({ dataset: whole, location: { kind: 'encapsulated', offsetTable: table, fragments }, source: reader });
}

/** Start of image of the JPEG family, start of codestream of JPEG 2000. */
const STREAM_STARTS = new Set([0xffd8, 0xff4f]);

function offsets(bytes: Uint8Array, size: 4 | 8): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, index) =>
    size === 4 ? view.getUint32(index * size, true) : Number(view.getBigUint64(index * size, true)),
  );
}
