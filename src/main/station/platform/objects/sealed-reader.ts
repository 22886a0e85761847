import { createSecretKey } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import {
  CHUNK_BYTES,
  chunkAt,
  DamagedObject,
  type FindKey,
  HEADER_BYTES,
  openChunk,
  openChunkInto,
  type OpenedHeader,
  openHeader,
  sealedLength,
} from './sealed-format.ts';

/** A range of at most so much is read before the header says that there is any. */
const AHEAD_BYTES = 2 * 1024 * 1024;

/** Opens a sealed file's header: its key and plain length, held against the file's own length. Throws DamagedObject. */
export async function readSealedHeader(
  file: FileHandle,
  digest: string,
  find: FindKey,
): Promise<{ readonly header: Buffer; readonly opened: OpenedHeader }> {
  const [{ size }, header] = await Promise.all([file.stat(), readExactly(file, 0, HEADER_BYTES)]);
  return { header, opened: openHeader(header, size, digest, find) };
}

/** Plain bytes of a range, of its own chunks alone, each authenticated; gives less at the end. Throws DamagedObject. */
export async function readSealedRange(
  file: FileHandle,
  opened: OpenedHeader,
  start: number,
  length: number,
): Promise<Buffer> {
  const place = placeOf(start, Math.min(start + length, opened.sizeBytes));
  if (place === null) return Buffer.alloc(0);
  const whole = placeBytes(place);
  return withSpare(whole, async (into) =>
    openRange(await readExactly(file, chunkAt(place.first), whole, into), opened, start, length),
  );
}

async function withSpare<Made>(bytes: number, work: (into: Buffer) => Promise<Made>): Promise<Made> {
  const spare = spares.pop();
  const into = spare !== undefined && spare.length >= bytes ? spare : Buffer.allocUnsafeSlow(bytes);
  try {
    return await work(into);
  } finally {
    if (into.length <= LARGEST_SPARE_BYTES && spares.length < MOST_SPARES) spares.push(into);
  }
}

/** What sealed bytes were read into, for the next to be read: of a series all are about as long. */
const spares: Buffer[] = [];
const MOST_SPARES = 4;
const LARGEST_SPARE_BYTES = 4 * 2 ** 20;

/** Opens a file and reads a range of it at once: header and chunks are asked of the disk together. Throws DamagedObject. */
export async function readSealed(
  file: FileHandle,
  digest: string,
  find: FindKey,
  start: number,
  length: number,
): Promise<Buffer> {
  if (start === 0 && length === Number.POSITIVE_INFINITY) return readWhole(file, digest, find);
  const place = placeOf(start, start + length);
  if (place === null || length > AHEAD_BYTES) {
    const { opened } = await readSealedHeader(file, digest, find);
    return readSealedRange(file, opened, start, length);
  }
  const [{ opened }, sealed] = await Promise.all([readSealedHeader(file, digest, find), readPlace(file, place)]);
  return openRange(sealed, opened, start, length);
}

/** All of a file, header and chunks, in one read. */
async function readWhole(file: FileHandle, digest: string, find: FindKey): Promise<Buffer> {
  const { size } = await file.stat();
  return withSpare(size, async (into) => {
    const sealed = await readExactly(file, 0, size, into);
    const opened = openHeader(sealed, size, digest, find);
    return openRange(sealed.subarray(HEADER_BYTES), opened, 0, opened.sizeBytes);
  });
}

type Place = { readonly first: number; readonly last: number };

function placeOf(start: number, end: number): Place | null {
  if (end <= start) return null;
  return { first: Math.floor(start / CHUNK_BYTES), last: Math.floor((end - 1) / CHUNK_BYTES) };
}

function placeBytes({ first, last }: Place): number {
  return chunkAt(last + 1) - chunkAt(first);
}

function readPlace(file: FileHandle, place: Place): Promise<Buffer> {
  return readExactly(file, chunkAt(place.first), placeBytes(place));
}

function openRange(sealed: Buffer, { fileKey, sizeBytes }: OpenedHeader, start: number, length: number): Buffer {
  const end = Math.min(start + length, sizeBytes);
  const place = placeOf(start, end);
  if (place === null) return Buffer.alloc(0);
  const { first, last } = place;
  const from = chunkAt(first);
  const to = Math.min(chunkAt(last + 1), sealedLength(sizeBytes));
  if (sealed.length < to - from) throw new DamagedObject('object-damaged');
  const key = createSecretKey(fileKey);
  const sealedChunk = (index: number) =>
    sealed.subarray(chunkAt(index) - from, Math.min(chunkAt(index + 1), to) - from);
  if (first === last)
    return openChunk(key, first, sealedChunk(first)).subarray(start - first * CHUNK_BYTES, end - first * CHUNK_BYTES);
  const plain = Buffer.allocUnsafe(end - start);
  for (let index = first; index <= last; index += 1) {
    const at = index * CHUNK_BYTES;
    if (at >= start && at + CHUNK_BYTES <= end) {
      openChunkInto(key, index, sealedChunk(index), plain, at - start);
      continue;
    }
    const bytes = openChunk(key, index, sealedChunk(index));
    bytes.copy(plain, Math.max(0, at - start), Math.max(0, start - at), Math.min(bytes.length, end - at));
  }
  return plain;
}

/** Reads so many bytes of a file as they stand, into a buffer that holds as many; gives less at the end. */
export async function readExactly(
  file: FileHandle,
  start: number,
  length: number,
  buffer: Buffer = Buffer.allocUnsafe(length),
): Promise<Buffer> {
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
