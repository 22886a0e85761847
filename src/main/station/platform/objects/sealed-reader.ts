import type { FileHandle } from 'node:fs/promises';
import {
  CHUNK_BYTES,
  chunkAt,
  DamagedObject,
  type FindKey,
  HEADER_BYTES,
  openChunk,
  type OpenedHeader,
  openHeader,
  sealedLength,
} from './sealed-format.ts';

/** Opens a sealed file's header: its key and plain length, held against the file's own length. Throws DamagedObject. */
export async function readSealedHeader(
  file: FileHandle,
  digest: string,
  find: FindKey,
): Promise<{ readonly header: Buffer; readonly opened: OpenedHeader }> {
  const { size } = await file.stat();
  const header = await readExactly(file, 0, HEADER_BYTES);
  return { header, opened: openHeader(header, size, digest, find) };
}

/** Plain bytes of a range, of its own chunks alone, each authenticated; gives less at the end. Throws DamagedObject. */
export async function readSealedRange(
  file: FileHandle,
  { fileKey, sizeBytes }: OpenedHeader,
  start: number,
  length: number,
): Promise<Buffer> {
  const end = Math.min(start + length, sizeBytes);
  if (end <= start) return Buffer.alloc(0);
  const first = Math.floor(start / CHUNK_BYTES);
  const last = Math.floor((end - 1) / CHUNK_BYTES);
  const from = chunkAt(first);
  const to = Math.min(chunkAt(last + 1), sealedLength(sizeBytes));
  const sealed = await readExactly(file, from, to - from);
  if (sealed.length < to - from) throw new DamagedObject('object-damaged');
  if (first === last) {
    const plain = openChunk(fileKey, first, sealed);
    return plain.subarray(start - first * CHUNK_BYTES, end - first * CHUNK_BYTES);
  }
  const plain = Buffer.allocUnsafe(end - start);
  for (let index = first; index <= last; index += 1) {
    const chunk = openChunk(fileKey, index, sealed.subarray(chunkAt(index) - from, chunkAt(index + 1) - from));
    const at = index * CHUNK_BYTES;
    chunk.copy(plain, Math.max(0, at - start), Math.max(0, start - at), Math.min(chunk.length, end - at));
  }
  return plain;
}

/** Reads so many bytes of a file as they stand; gives less at the end. */
export async function readExactly(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
