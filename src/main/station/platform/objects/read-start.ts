import { createSecretKey } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { TravellingKey } from './object-keys.ts';
import { type ObjectEncoding, objectPath, SEALED } from './object-names.ts';
import {
  CHUNK_BYTES,
  chunkAt,
  DamagedObject,
  type FindKey,
  HEADER_BYTES,
  openChunkInto,
  openHeader,
} from './sealed-format.ts';

/** What a thread of this process opens stored objects with: their folder, and the keys as they are now. */
export type ObjectFolder = { readonly root: string; readonly keys: readonly TravellingKey[] };

/**
 * The first `length` plain bytes of a stored object, less where it is shorter, read in one go on the thread that calls into what
 * `allocate` gives: for a thread that computes, never for the main one. Throws ENOENT, and DamagedObject as the reader does.
 */
export function readObjectStart(
  root: string,
  find: FindKey,
  { digest, encoding }: { readonly digest: string; readonly encoding: ObjectEncoding },
  length: number,
  allocate: Allocate = Buffer.allocUnsafeSlow,
): Buffer {
  try {
    return readFrom(root, find, digest, encoding, length, allocate);
  } catch (error) {
    // A record read a moment ago may tell of a plain file that was sealed since.
    if (encoding !== 'plain' || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return readFrom(root, find, digest, SEALED, length, allocate);
  }
}

type Allocate = (bytes: number) => Buffer;

function readFrom(
  root: string,
  find: FindKey,
  digest: string,
  encoding: ObjectEncoding,
  length: number,
  allocate: Allocate,
): Buffer {
  const file = openSync(objectPath(root, digest, encoding), 'r');
  try {
    const { size } = fstatSync(file);
    if (encoding === 'plain') return readExactly(file, allocate(Math.min(length, size)));
    const sealed = readExactly(file, spareOf(Math.min(size, chunkAt(Math.ceil(length / CHUNK_BYTES)))));
    const { fileKey, sizeBytes } = openHeader(sealed.subarray(0, HEADER_BYTES), size, digest, find);
    return openStart(sealed, fileKey, sizeBytes, Math.min(length, sizeBytes), allocate);
  } finally {
    closeSync(file);
  }
}

function openStart(sealed: Buffer, fileKey: Buffer, sizeBytes: number, length: number, allocate: Allocate): Buffer {
  const key = createSecretKey(fileKey);
  const chunks = Math.ceil(length / CHUNK_BYTES);
  const plain = allocate(Math.min(chunks * CHUNK_BYTES, sizeBytes));
  for (let index = 0; index < chunks; index += 1) {
    if (sealed.length <= chunkAt(index)) throw new DamagedObject('object-damaged');
    openChunkInto(key, index, sealed.subarray(chunkAt(index), chunkAt(index + 1)), plain, index * CHUNK_BYTES);
  }
  return plain.subarray(0, length);
}

/** What sealed bytes are read into, one file after the other: of a series all are about as long. */
let spare = Buffer.alloc(0);
const LARGEST_SPARE_BYTES = 4 * 2 ** 20;

function spareOf(length: number): Buffer {
  if (length > LARGEST_SPARE_BYTES) return Buffer.allocUnsafeSlow(length);
  if (spare.length < length) spare = Buffer.allocUnsafeSlow(length);
  return spare.subarray(0, length);
}

function readExactly(file: number, buffer: Buffer): Buffer {
  let filled = 0;
  while (filled < buffer.length) {
    const read = readSync(file, buffer, filled, buffer.length - filled, filled);
    if (read === 0) break;
    filled += read;
  }
  return buffer.subarray(0, filled);
}
