import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fdatasync,
  fsync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writevSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { objectPath, SEALED } from './object-names.ts';
import { CHUNK_BYTES, chunkAt, type ObjectKey, TAG_BYTES } from './sealed-format.ts';
import { startSealing } from './sealing.ts';
import { startObjectDigest } from './object-digest.ts';

/** What of a stream is digested: everything behind so many bytes, after the transfer syntax. */
export type Digesting = { readonly fromByte: number; readonly transferSyntaxUid: string };

/**
 * A file on its way into a store. Its work is done where it is called, except for waiting until the disk has it; every call
 * awaits the one before. Rejects, or throws, with the system's error.
 */
export type FileInWork = {
  /** Digests, seals and writes a piece, which may be used anew at once. */
  write(piece: Uint8Array): void;
  /** SHA-256 of what was to be digested, in hexadecimal. Once. */
  digest(): string;
  /** Plain bytes that were written; gives less at the end. Not after it was kept. */
  readRange(start: number, length: number): Buffer;
  /** Gives the file its name and brings both to disk; `there` where the name is taken: then `settle` decides. */
  keep(digest: string, key: ObjectKey): Promise<'kept' | 'there'>;
  /** Takes the place of the file that was there, or leaves it there; what remains is on the disk. */
  settle(isReplacing: boolean): Promise<void>;
  /** Leaves nothing behind; nothing happens after it was kept. */
  discard(): void;
};

/** Starts files of a store. */
export type FileWork = { begin(digesting: Digesting | null): FileInWork };

const dataSync = promisify(fdatasync);
const sync = promisify(fsync);

/** The work at the files of a store: those that arrive stand in `root`/incoming, under names that say nothing. */
export function openFileWork(root: string): FileWork {
  const syncName = openFolders(root);
  return { begin: (digesting) => beginFile(root, syncName, digesting) };
}

function beginFile(root: string, syncName: SyncName, digesting: Digesting | null): FileInWork {
  const temporary = path.join(root, 'incoming', randomBytes(16).toString('hex'));
  const file = openSync(temporary, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  const hash = digesting === null ? null : startObjectDigest(createHash('sha256'), digesting.transferSyntaxUid);
  const sealing = startSealing();
  let isOpen = true;
  let target: string | null = null;
  /** The chunk last read back: a data set is read in many small steps. */
  let known: { readonly index: number; readonly plain: Buffer } | null = null;
  const close = () => {
    isOpen = false;
    closeSync(file);
  };

  const plainChunk = (index: number): Buffer => {
    const length = Math.min(CHUNK_BYTES, sealing.sizeBytes - index * CHUNK_BYTES);
    if (known?.index === index && known.plain.length === length) return known.plain;
    const sealed = Buffer.allocUnsafe(length + (sealing.isUnfinished(index) ? 0 : TAG_BYTES));
    if (readSync(file, sealed, 0, sealed.length, chunkAt(index)) !== sealed.length)
      throw new Error('an arriving object was cut from outside');
    known = { index, plain: sealing.open(index, sealed) };
    return known.plain;
  };

  return {
    write(piece) {
      const skipped = digesting === null ? 0 : Math.max(0, digesting.fromByte - sealing.sizeBytes);
      if (skipped < piece.byteLength) hash?.update(skipped === 0 ? piece : piece.subarray(skipped));
      const at = sealing.fileBytes;
      writeAll(file, sealing.seal(piece), at);
    },
    digest() {
      if (hash === null) throw new Error('nothing of this file was to be digested');
      return hash.digest('hex');
    },
    readRange(start, length) {
      const end = Math.min(start + length, sealing.sizeBytes);
      if (end <= start) return Buffer.alloc(0);
      const parts: Buffer[] = [];
      for (let index = Math.floor(start / CHUNK_BYTES); index * CHUNK_BYTES < end; index += 1) {
        const from = index * CHUNK_BYTES;
        parts.push(plainChunk(index).subarray(Math.max(0, start - from), end - from));
      }
      return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    },
    async keep(digest, key) {
      target = objectPath(root, digest, SEALED);
      const at = sealing.fileBytes;
      writeAll(file, sealing.end(), at);
      writeAll(file, [sealing.header(digest, key)], 0);
      mkdirUnlessThere(path.dirname(target));
      if (!linkUnlessThere(temporary, target)) return 'there';
      // The name stands before the bytes are safe: until both are, no row names it, and one found there is read whole before
      // it is believed.
      const synced = Promise.allSettled([dataSync(file), syncName(path.dirname(target))]);
      unlinkSync(temporary);
      const failed = (await synced).find((one) => one.status === 'rejected');
      if (failed !== undefined) {
        unlinkSync(target);
        throw failed.reason;
      }
      close();
      return 'kept';
    },
    async settle(isReplacing) {
      if (target === null) throw new Error('a file that was not kept has no place to settle');
      if (isReplacing) {
        await dataSync(file);
        renameSync(temporary, target);
        await syncName(path.dirname(target));
      } else {
        // An earlier process may have been killed between its name and its sync.
        unlinkSync(temporary);
        await Promise.all([syncFile(target), syncName(path.dirname(target))]);
      }
      close();
    },
    discard() {
      if (!isOpen) return;
      close();
      unlinkUnlessGone(temporary);
    },
  };
}

type SyncName = (folder: string) => Promise<void>;

/** Brings the names in a folder to disk. Each folder stays open once its own name is safe, there are 256 at most. */
function openFolders(root: string): SyncName {
  const known = new Map<string, number>();
  return async (folder) => {
    if (process.platform === 'win32') return; // Windows has no handle to sync a folder by.
    const descriptor = known.get(folder);
    if (descriptor !== undefined) return sync(descriptor);
    const [opened, above] = [openSync(folder, 'r'), openSync(root, 'r')];
    try {
      // A new folder's own name must reach the disk too, or a power cut takes the folder with its files.
      await Promise.all([sync(opened), sync(above)]);
    } catch (error) {
      closeSync(opened);
      throw error;
    } finally {
      closeSync(above);
    }
    if (known.has(folder)) closeSync(opened);
    else known.set(folder, opened);
  };
}

function mkdirUnlessThere(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/** A link never replaces: of two that arrive together one wins, whole. */
function linkUnlessThere(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** A failed keeping may have taken the name away already. */
function unlinkUnlessGone(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

async function syncFile(file: string): Promise<void> {
  const opened = openSync(file, 'r+');
  try {
    await dataSync(opened);
  } finally {
    closeSync(opened);
  }
}

function writeAll(file: number, pieces: readonly Buffer[], at: number): void {
  let rest = pieces.filter(({ length }) => length > 0);
  let position = at;
  while (rest.length > 0) {
    let written = writevSync(file, rest, position);
    position += written;
    while (rest.length > 0 && written >= (rest[0]?.length ?? 0)) {
      written -= rest[0]?.length ?? 0;
      rest = rest.slice(1);
    }
    const [first] = rest;
    if (first !== undefined && written > 0) rest = [first.subarray(written), ...rest.slice(1)];
  }
}
