import { type CipherGCM, createSecretKey } from 'node:crypto';
import {
  CHUNK_BYTES,
  freshFileKey,
  HEADER_BYTES,
  type ObjectKey,
  openChunk,
  peekChunk,
  sealChunk,
  sealHeader,
} from './sealed-format.ts';

/** Turns an object's plain bytes into those of its file, as they pass; holds none of them. */
export type Sealing = {
  /** Plain bytes taken so far. */
  readonly sizeBytes: number;
  /** Bytes of the file given out so far, the header that comes last counted. */
  readonly fileBytes: number;
  /** What these bytes add to the file's end. They may be used anew at once. */
  seal(piece: Uint8Array): readonly Buffer[];
  /** What ends the file; nothing may be sealed after it. */
  end(): readonly Buffer[];
  /** The header that makes the file one of this digest, to stand at its beginning. */
  header(digest: string, key: ObjectKey): Buffer;
  /** Plain bytes of a chunk as it stands in the file, also where it is not whole yet. */
  open(index: number, sealed: Buffer): Buffer;
  /** Whether a chunk has no tag yet. */
  isUnfinished(index: number): boolean;
};

/** Starts the file of one object, under a fresh key of its own. */
export function startSealing(): Sealing {
  const fileKey = freshFileKey();
  const chunkKey = createSecretKey(fileKey); // made once: every chunk's cipher takes it as it is
  let sizeBytes = 0;
  let fileBytes = HEADER_BYTES;
  /** The chunk being sealed, and how many plain bytes it has taken. */
  let cipher: CipherGCM | null = null;
  let filled = 0;

  const give = (bytes: Buffer) => {
    fileBytes += bytes.length;
    return bytes;
  };
  const endChunk = (): readonly Buffer[] => {
    if (cipher === null) return [];
    cipher.final();
    const tag = cipher.getAuthTag();
    cipher = null;
    filled = 0;
    return [give(tag)];
  };
  const isUnfinished = (index: number) => cipher !== null && index === Math.floor((sizeBytes - 1) / CHUNK_BYTES);

  return {
    get sizeBytes() {
      return sizeBytes;
    },
    get fileBytes() {
      return fileBytes;
    },
    seal(piece) {
      const sealed: Buffer[] = [];
      for (let at = 0; at < piece.byteLength; ) {
        cipher ??= sealChunk(chunkKey, Math.floor(sizeBytes / CHUNK_BYTES));
        const part = piece.subarray(at, at + CHUNK_BYTES - filled);
        sealed.push(give(cipher.update(part)));
        at += part.byteLength;
        filled += part.byteLength;
        sizeBytes += part.byteLength;
        if (filled === CHUNK_BYTES) sealed.push(...endChunk());
      }
      return sealed;
    },
    end: endChunk,
    header: (digest, key) => sealHeader(fileKey, sizeBytes, digest, key),
    open: (index, sealed) =>
      isUnfinished(index) ? peekChunk(fileKey, index, sealed) : openChunk(fileKey, index, sealed),
    isUnfinished,
  };
}
