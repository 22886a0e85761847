import { type CipherGCM, createSecretKey } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import {
  CHUNK_BYTES,
  chunkAt,
  freshFileKey,
  HEADER_BYTES,
  type ObjectKey,
  openChunk,
  peekChunk,
  sealChunk,
  sealHeader,
  TAG_BYTES,
} from './sealed-format.ts';

/** Seals an object into a file while its bytes pass: nothing plain reaches the disk, and no more than a batch is held. */
export type SealedWriter = {
  /** Plain bytes taken so far. */
  readonly sizeBytes: number;
  /** The bytes given may be used anew once this resolves. */
  write(piece: Uint8Array): Promise<void>;
  /** Reads back plain bytes already written; gives less at the end. */
  readRange(start: number, length: number): Promise<Buffer>;
  /** Writes what is held and the header that makes the file one of this digest; the caller syncs. */
  finish(digest: string, key: ObjectKey): Promise<void>;
};

/** Held before it is written, so that an ordinary slice goes to disk in one piece, header and all. */
const BATCH_BYTES = 1024 * 1024;

/** Starts an object in an empty file. */
export function writeSealed(file: FileHandle): SealedWriter {
  const fileKey = freshFileKey();
  const chunkKey = createSecretKey(fileKey); // made once: every chunk's cipher takes it as it is
  let sizeBytes = 0;
  /** The chunk being sealed, and how many plain bytes it has taken. */
  let cipher: CipherGCM | null = null;
  let filled = 0;
  /** Sealed and not written yet, to stand at `heldAt` of the file. */
  let held: Buffer[] = [];
  let heldBytes = 0;
  let heldAt = HEADER_BYTES;
  /** The chunk last read back: a data set is read in many small steps. */
  let known: { readonly index: number; readonly plain: Buffer } | null = null;

  const hold = (bytes: Buffer) => {
    held.push(bytes);
    heldBytes += bytes.length;
  };
  const endChunk = () => {
    if (cipher === null) return;
    cipher.final();
    hold(cipher.getAuthTag());
    cipher = null;
    filled = 0;
  };
  const seal = (piece: Uint8Array) => {
    for (let at = 0; at < piece.byteLength; ) {
      cipher ??= sealChunk(chunkKey, Math.floor(sizeBytes / CHUNK_BYTES));
      const part = piece.subarray(at, at + CHUNK_BYTES - filled);
      hold(cipher.update(part));
      at += part.byteLength;
      filled += part.byteLength;
      sizeBytes += part.byteLength;
      if (filled === CHUNK_BYTES) endChunk();
    }
  };
  const flush = async () => {
    const [pieces, at] = [held, heldAt];
    held = [];
    heldAt += heldBytes;
    heldBytes = 0;
    await writeAll(file, pieces, at);
  };

  /** The file's bytes from `start` to `end`, from disk and from what is held. */
  const sealedBytes = async (start: number, end: number): Promise<Buffer> => {
    const parts: Buffer[] = [];
    if (start < heldAt) {
      const onDisk = Buffer.allocUnsafe(Math.min(end, heldAt) - start);
      const { bytesRead } = await file.read(onDisk, 0, onDisk.length, start);
      if (bytesRead !== onDisk.length) throw new Error('an arriving object was cut from outside');
      parts.push(onDisk);
    }
    let at = heldAt;
    for (const piece of held) {
      if (at >= end) break;
      if (at + piece.length > start) parts.push(piece.subarray(Math.max(0, start - at), end - at));
      at += piece.length;
    }
    return Buffer.concat(parts);
  };
  const plainChunk = async (index: number): Promise<Buffer> => {
    const length = Math.min(CHUNK_BYTES, sizeBytes - index * CHUNK_BYTES);
    if (known?.index === index && known.plain.length === length) return known.plain;
    const isOpen = cipher !== null && index === Math.floor((sizeBytes - 1) / CHUNK_BYTES);
    const at = chunkAt(index);
    const sealed = await sealedBytes(at, at + length + (isOpen ? 0 : TAG_BYTES));
    const plain = isOpen ? peekChunk(fileKey, index, sealed) : openChunk(fileKey, index, sealed);
    known = { index, plain };
    return plain;
  };

  return {
    get sizeBytes() {
      return sizeBytes;
    },
    async write(piece) {
      seal(piece);
      if (heldBytes >= BATCH_BYTES) await flush();
    },
    async readRange(start, length) {
      const end = Math.min(start + length, sizeBytes);
      if (end <= start) return Buffer.alloc(0);
      const parts: Buffer[] = [];
      for (let index = Math.floor(start / CHUNK_BYTES); index * CHUNK_BYTES < end; index += 1) {
        const from = index * CHUNK_BYTES;
        parts.push((await plainChunk(index)).subarray(Math.max(0, start - from), end - from));
      }
      return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    },
    async finish(digest, key) {
      endChunk();
      const header = sealHeader(fileKey, sizeBytes, digest, key);
      if (heldAt === HEADER_BYTES) return writeAll(file, [header, ...held], 0);
      await flush();
      await writeAll(file, [header], 0);
    },
  };
}

async function writeAll(file: FileHandle, pieces: readonly Buffer[], at: number): Promise<void> {
  let rest = pieces.filter(({ length }) => length > 0);
  let position = at;
  while (rest.length > 0) {
    let { bytesWritten } = await file.writev(rest, position);
    position += bytesWritten;
    while (rest.length > 0 && bytesWritten >= (rest[0]?.length ?? 0)) {
      bytesWritten -= rest[0]?.length ?? 0;
      rest = rest.slice(1);
    }
    const [first] = rest;
    if (first !== undefined && bytesWritten > 0) rest = [first.subarray(bytesWritten), ...rest.slice(1)];
  }
}
