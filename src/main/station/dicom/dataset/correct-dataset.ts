import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { EXPLICIT_LITTLE_ENDIAN, findTransferSyntax, type TransferSyntax } from '../transfer-syntaxes.ts';
import { type CorrectedIdentity, correctHead, isLeftOutBehind } from './correct-head.ts';
import type { DatasetFailure, Outline, ReadDataset } from './dataset.ts';
import { bytesReader, findPixelData, type RangeReader } from './find-pixel-data.ts';
import { type ElidedValue, elideLongValue, restoreLongValues } from './elide-long-values.ts';
import { inflateDataset } from './inflate.ts';
import { joinReaders, partOf } from './range-readers.ts';
import { readDatasetInTurns } from './read-dataset.ts';
import { rewriteElements } from './rewrite-elements.ts';

const deflate = promisify(deflateRaw);
const FIRST_HEAD_LENGTH = 64 * 1024;
/** Nothing that names the patient stands behind this: past it a long value need not be read. */
const LAST_IDENTIFYING = 0x04000561;
/** So much is read all the same. */
const READ_IN_FULL = 1024 * 1024;
const LONGEST_HEAD = 64 * 1024 * 1024;
/** An object has one document; what has many long values more is held up to the longest head. */
const MOST_ELIDED = 16;
const LONGEST_TAIL = 256 * 1024;

/**
 * A data set as people corrected whose it is, under the transfer syntax it is in: its head written anew, what comes after,
 * pixels above all, and long bytes within it, a document's, passed on by range and never held; a deflated one is held whole, inflated and deflated. What it reads
 * is the same for the same correction. Fails where the head cannot be read: then nobody can say whom it would name.
 */
export async function correctDataset(
  reader: RangeReader,
  transferSyntaxUid: string,
  identity: CorrectedIdentity,
): Promise<Result<RangeReader, DatasetFailure>> {
  const syntax = findTransferSyntax(transferSyntaxUid);
  if (syntax === null) return err({ code: 'unknown-transfer-syntax' });
  if (!syntax.isDeflated) return correctPlain(reader, syntax, identity);
  const inflated = await inflateDataset(reader);
  if (!inflated.ok) return inflated;
  const plain = findTransferSyntax(EXPLICIT_LITTLE_ENDIAN) ?? syntax;
  const corrected = await correctPlain(bytesReader(inflated.value), plain, identity);
  if (!corrected.ok) return corrected;
  const deflated = await deflate(await corrected.value.read(0, corrected.value.length));
  // PS3.5 §A.5: a stream of odd length is padded with a zero.
  return ok(bytesReader(Buffer.concat([deflated, new Uint8Array(deflated.length % 2)])));
}

async function correctPlain(
  whole: RangeReader,
  syntax: TransferSyntax,
  identity: CorrectedIdentity,
): Promise<Result<RangeReader, DatasetFailure>> {
  const found = await readHead(whole, syntax.uid);
  if (!found.ok) return found;
  const { bytes, dataset, outline, reader, elided } = found.value;
  const corrected = correctHead({ bytes, dataset, outline, syntax }, identity);
  if (!corrected.ok) return corrected;
  const head = await withLongValues(corrected.value, syntax.uid, elided);
  if (!head.ok) return head;
  const restFrom = outline.elements.at(-1)?.end ?? 0;
  const tailFrom = dataset.pixelData === null ? reader.length : await endOfPixels(reader, syntax.uid);
  const tail = await correctTail(reader, syntax.uid, tailFrom);
  return ok(joinReaders([head.value, partOf(reader, restFrom, tailFrom - restFrom), tail]));
}

/** A head, and the data set that its places are in: the one given, or that without the values taken out. */
type Head = {
  readonly bytes: Uint8Array;
  readonly dataset: ReadDataset;
  readonly outline: Outline;
  readonly reader: RangeReader;
  readonly elided: readonly ElidedValue[];
};

/** The head with its long values again, as a reader. */
async function withLongValues(
  head: Uint8Array,
  transferSyntaxUid: string,
  elided: readonly ElidedValue[],
): Promise<Result<RangeReader, DatasetFailure>> {
  if (elided.length === 0) return ok(bytesReader(head));
  const outline = freshOutline();
  const read = await readDatasetInTurns(head, transferSyntaxUid, { outline, isHead: true });
  if (!read.ok) return read;
  const restored = restoreLongValues(head, outline.elements, elided);
  return restored === null ? err({ code: 'too-large' }) : ok(restored);
}

/** Reads up to the pixels or, behind all that names a patient, up to a value too long to be held; before that, past such values. */
async function readHead(
  reader: RangeReader,
  transferSyntaxUid: string,
  elided: readonly ElidedValue[] = [],
): Promise<Result<Head, DatasetFailure>> {
  for (let length = FIRST_HEAD_LENGTH; ; length *= 4) {
    const isHead = length < reader.length;
    const bytes = await reader.read(0, Math.min(length, reader.length));
    const outline = freshOutline();
    const read = await readDatasetInTurns(bytes, transferSyntaxUid, { untilPixelData: true, isHead, outline });
    if (!read.ok) return read;
    const head = { bytes, dataset: read.value, outline, reader, elided };
    if (read.value.stoppedAt !== 'cut') return ok(head);
    const { last } = outline;
    const isAtLongValue =
      last !== null &&
      last.start >= (outline.elements.at(-1)?.end ?? 0) &&
      !last.isSequence &&
      last.tag > LAST_IDENTIFYING;
    if (isAtLongValue && length >= READ_IN_FULL) return ok(head);
    if (length >= READ_IN_FULL && elided.length < MOST_ELIDED) {
      const without = await elideLongValue(reader, outline, READ_IN_FULL);
      if (without !== null) return readHead(without.reader, transferSyntaxUid, [...elided, without.elided]);
    }
    if (length >= LONGEST_HEAD) return err({ code: 'too-large' });
  }
}

function freshOutline(): Outline {
  return { encoding: { isExplicit: true, isLittleEndian: true }, elements: [], last: null };
}

/** Where the pixels end; the end of the data set where that cannot be told, and so all of it is passed on. */
async function endOfPixels(reader: RangeReader, transferSyntaxUid: string): Promise<number> {
  const found = await findPixelData(reader, transferSyntaxUid);
  const location = found.ok ? found.value.location : null;
  if (location === null) return reader.length;
  if (location.kind === 'native') return location.offset + location.length;
  const last = location.fragments.at(-1);
  return last === undefined ? reader.length : last.offset + last.length + 8;
}

/** What stands behind the pixels, without what the head says otherwise now and without signatures, which would be false. */
async function correctTail(reader: RangeReader, transferSyntaxUid: string, from: number): Promise<RangeReader> {
  const length = reader.length - from;
  const tail = partOf(reader, from);
  if (length <= 0 || length > LONGEST_TAIL) return tail;
  const bytes = await tail.read(0, length);
  const outline = freshOutline();
  const read = await readDatasetInTurns(bytes, transferSyntaxUid, { outline });
  if (!read.ok) return tail;
  const end = outline.elements.at(-1)?.end ?? 0;
  const kept = rewriteElements(bytes, outline, ({ tag }, { item }) =>
    item === null && isLeftOutBehind(tag) ? 'drop' : 'keep-whole',
  );
  return bytesReader(Buffer.concat([kept, bytes.subarray(end)]));
}
