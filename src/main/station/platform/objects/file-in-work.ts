import { createHash, type Hash, randomBytes } from 'node:crypto';
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
import { syncFile } from '../sync-file.ts';
import { CHUNK_BYTES, chunkAt, type ObjectKey, TAG_BYTES } from './sealed-format.ts';
import { startSealing } from './sealing.ts';
import { startObjectDigest } from './object-digest.ts';

/** What of a stream is digested: everything behind so many bytes, after the transfer syntax. */
export type Digesting = { readonly fromByte: number; readonly transferSyntaxUid: string };

/** What became of a file that was to be kept: it has its name, or that is taken; and the digest it is called by. */
export type Keeping = { readonly outcome: 'kept' | 'there'; readonly digest: string };
/** The same, and when a file that was named is on the disk with its name; rejects where it never will be, and has it no more. */
export type Named = Keeping & { readonly onDisk: Promise<void> };

/**
 * A file on its way into a store. Its work is done where it is called, except for waiting until the disk has it; every call
 * awaits the one before, reads apart. Rejects, or throws, with the system's error.
 */
export type FileInWork = {
  /** Digests, seals and writes a piece, which may be used anew at once. */
  write(piece: Uint8Array): void;
  /** Plain bytes that were written; gives less at the end. */
  readRange(start: number, length: number): Buffer;
  /**
   * Gives the file its name, by the given digest or, where it is null, the SHA-256 of what was to be digested, and begins to
   * bring both to disk; `there` where the name is taken: then `settle` decides. Others of that digest wait for either. Asked
   * again, it gives a file its name that was removed meanwhile.
   */
  keep(digest: string | null, key: ObjectKey): Promise<Named>;
  /** Takes the place of the file that was there, or leaves it there; what remains is on the disk. */
  settle(isReplacing: boolean): Promise<void>;
  /** Lets go of the file, once it is on the disk where it is on its way there; of one that was not kept nothing is left behind. */
  discard(): void;
};

/** Starts files of a store. */
export type FileWork = { begin(digesting: Digesting | null): FileInWork };
type Store = { readonly root: string; readonly folders: Folders; readonly turns: Turns };

const dataSync = promisify(fdatasync);
const sync = promisify(fsync);

/** The work at the files of a store: those that arrive stand in `root`/incoming, under names that say nothing. */
export function openFileWork(root: string): FileWork {
  const store = { root, folders: openFolders(root), turns: openTurns() };
  return { begin: (digesting) => beginFile(store, digesting) };
}

function beginFile({ root, folders, turns }: Store, digesting: Digesting | null): FileInWork {
  const temporary = path.join(root, 'incoming', randomBytes(16).toString('hex'));
  const file = openSync(temporary, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  const hash = digesting === null ? null : startObjectDigest(createHash('sha256'), digesting.transferSyntaxUid);
  const sealing = startSealing();
  let isOpen = true;
  let digested: string | null = null;
  let target: string | null = null;
  /** While others of its digest wait for it. */
  let endTurn = () => {};
  /** The chunk last read back: a data set is read in many small steps. */
  let known: { readonly index: number; readonly plain: Buffer } | null = null;
  let goingToDisk: Promise<void> | null = null;
  let lost: { readonly error: unknown } | null = null;

  /** The file and its name; the name is taken back where either cannot be brought there. */
  const toDisk = async (name: string): Promise<void> => {
    try {
      const synced = await Promise.allSettled([dataSync(file), folders.sync(path.dirname(name))]);
      const failed = synced.find((one) => one.status === 'rejected');
      if (failed === undefined) return;
      lost = { error: failed.reason };
      unlinkUnlessGone(name);
      throw failed.reason;
    } finally {
      endTurn();
    }
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
    async keep(given, key) {
      const digest = given ?? (digested ??= digestOf(hash));
      if (target === null) {
        target = objectPath(root, digest, SEALED);
        const at = sealing.fileBytes;
        writeAll(file, sealing.end(), at);
        writeAll(file, [sealing.header(digest, key)], 0);
      }
      // Of two that arrive with one digest the second must not count on a name that the first may have to take back.
      endTurn = await turns.take(digest);
      try {
        // Of pages that it could not write a kernel says so once, and calls them written after that.
        if (lost !== null) throw lost.error;
        if (!folders.link(temporary, target)) return { outcome: 'there', digest, onDisk: Promise.resolve() };
      } catch (error) {
        endTurn();
        throw error;
      }
      // The name stands before the bytes are safe: whoever finds it later reads it whole before believing it.
      const onDisk = toDisk(target);
      goingToDisk = onDisk.catch(() => undefined);
      return { outcome: 'kept', digest, onDisk };
    },
    async settle(isReplacing) {
      if (target === null) throw new Error('a file that was not kept has no place to settle');
      try {
        if (isReplacing) {
          await dataSync(file);
          renameSync(temporary, target);
          await folders.sync(path.dirname(target));
        } else {
          // An earlier process may have been killed between its name and its sync.
          await Promise.all([syncFile(target), folders.sync(path.dirname(target))]);
        }
      } finally {
        endTurn();
      }
    },
    discard() {
      if (!isOpen) return;
      isOpen = false;
      const letGo = () => {
        endTurn();
        closeSync(file);
        unlinkUnlessGone(temporary);
      };
      // A descriptor that is closed while it is synced may be another file's by then.
      if (goingToDisk === null) letGo();
      else void goingToDisk.then(letGo);
    },
  };
}

function digestOf(hash: Hash | null): string {
  if (hash === null) throw new Error('nothing of this file was to be digested');
  return hash.digest('hex');
}

/** Whose turn it is among files of one digest: `take` resolves once those before have ended theirs, and gives the way to. */
type Turns = { take(digest: string): Promise<() => void> };

function openTurns(): Turns {
  const last = new Map<string, Promise<void>>();
  return {
    async take(digest) {
      const before = last.get(digest);
      const { promise: mine, resolve } = Promise.withResolvers<void>();
      last.set(digest, mine);
      await before;
      return () => {
        resolve();
        if (last.get(digest) === mine) last.delete(digest);
      };
    },
  };
}

type Folders = {
  /** Gives a file a name in a folder, which is made where it is missing; false where the name is taken. */
  link(from: string, to: string): boolean;
  /** Brings the names in a folder to disk. */
  sync(folder: string): Promise<void>;
};

/** The folders that objects stand in. Each stays open once its own name is safe, there are 256 at most. */
function openFolders(root: string): Folders {
  const known = new Map<string, number>();
  return {
    link(from, to) {
      const folder = path.dirname(to);
      if (!known.has(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
      return linkUnlessThere(from, to);
    },
    async sync(folder) {
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
    },
  };
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
