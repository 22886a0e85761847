import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { TravellingKey } from './object-keys.ts';
import { type ObjectEncoding, objectPath, SEALED } from './object-names.ts';
import {
  CHUNK_BYTES,
  chunkAt,
  DamagedObject,
  type FindKey,
  HEADER_BYTES,
  openChunk,
  openHeader,
} from './sealed-format.ts';

/** What a thread of this process opens stored objects with: their folder, and the keys as they are now. */
export type ObjectFolder = { readonly root: string; readonly keys: readonly TravellingKey[] };

/**
 * The first `length` plain bytes of a stored object, less where it is shorter, read in one go on the thread that calls: for a
 * thread that computes, never for the main one. Throws ENOENT, and DamagedObject as the reader does.
 */
export function readObjectStart(
  root: string,
  find: FindKey,
  { digest, encoding }: { readonly digest: string; readonly encoding: ObjectEncoding },
  length: number,
): Buffer {
  try {
    return readFrom(root, find, digest, encoding, length);
  } catch (error) {
    // A record read a moment ago may tell of a plain file that was sealed since.
    if (encoding !== 'plain' || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return readFrom(root, find, digest, SEALED, length);
  }
}

function readFrom(root: string, find: FindKey, digest: string, encoding: ObjectEncoding, length: number): Buffer {
  const file = openSync(objectPath(root, digest, encoding), 'r');
  try {
    const { size } = fstatSync(file);
    if (encoding === 'plain') return readExactly(file, Math.min(length, size));
    const sealed = readExactly(file, Math.min(size, chunkAt(Math.ceil(length / CHUNK_BYTES))));
    const { fileKey, sizeBytes } = openHeader(sealed.subarray(0, HEADER_BYTES), size, digest, find);
    return openStart(sealed, fileKey, Math.min(length, sizeBytes));
  } finally {
    closeSync(file);
  }
}

function openStart(sealed: Buffer, fileKey: Buffer, length: number): Buffer {
  const plain: Buffer[] = [];
  for (let index = 0; index * CHUNK_BYTES < length; index += 1) {
    if (sealed.length <= chunkAt(index)) throw new DamagedObject('object-damaged');
    plain.push(openChunk(fileKey, index, sealed.subarray(chunkAt(index), chunkAt(index + 1))));
  }
  return (plain.length === 1 && plain[0] !== undefined ? plain[0] : Buffer.concat(plain)).subarray(0, length);
}

function readExactly(file: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const read = readSync(file, buffer, filled, length - filled, filled);
    if (read === 0) break;
    filled += read;
  }
  return buffer.subarray(0, filled);
}
