import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, unlinkSync } from 'node:fs';
import { open, readdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { syncFile } from '../sync-file.ts';
import { syncFolderAside } from '../sync-folder.ts';
import { arriveInThread } from './arrive-in-thread.ts';
import { arriveHere } from './arriving-file.ts';
import { openFileWork } from './file-in-work.ts';
import { emptyHand, type InHand } from './in-hand.ts';
import { type IncomingFile, type Opening, openIncoming } from './incoming-file.ts';
import type { ObjectKeys } from './object-keys.ts';
import type { ObjectFolder } from './read-start.ts';
import { type ObjectEncoding, objectPath, readObjectName, SEALED } from './object-names.ts';
import { readExactly, readSealed, readSealedHeader } from './sealed-reader.ts';

export type { IncomingFile, Opening } from './incoming-file.ts';
export { startObjectDigest } from './object-digest.ts';
export { type ObjectEncoding, objectPath, SEALED } from './object-names.ts';

/** After so many files, so that a sweep never stands in the way of receiving. */
const SWEEP_STEP = 64;
const SWEEP_PAUSE_MS = 1;
const ROOM_GOOD_FOR_MS = 100;

/**
 * Reads stored objects by digest and range, plain whatever they stand on disk as; the runner holds only this. Throws ENOENT for
 * what is not there, and DamagedObject for sealed bytes that are not as they were written.
 */
export type ObjectReader = {
  read(digest: string, encoding: ObjectEncoding): Promise<Buffer>;
  readRange(digest: string, encoding: ObjectEncoding, start: number, length: number): Promise<Buffer>;
  sizeBytes(digest: string, encoding: ObjectEncoding): Promise<number>;
};

export type ObjectStore = ObjectReader & {
  /** Starts an object; `opening` is written first, and what follows it is digested. */
  receive(opening?: Opening): Promise<IncomingFile>;
  /** Room on the disk, as of a tenth of a second ago at most. */
  free(): Promise<{ readonly freeBytes: number; readonly totalBytes: number }>;
  /**
   * Removes an object's file, whose row says that it is let go; false where the object is on its way in again (from its
   * `keep` to its `discard`), and the file stays. Nothing else may happen between reading that row and this call.
   */
  remove(digest: string, encoding: ObjectEncoding): boolean;
  /** Brings a stored object and its name to the disk. */
  toDisk(digest: string, encoding: ObjectEncoding): Promise<void>;
  /** What a thread of this process reads the same objects with, until the next rotation of keys. */
  folder(): ObjectFolder;
  /** Lets go of the thread of file work; what is still arriving is lost. */
  close(): Promise<void>;
  /** Resolves once every `keep` now under way has ended, however it ends, and what it named is on the disk. */
  settled(): Promise<void>;
  /** Removes files from before this process that no row names, in small steps; once a process. Gives how many. */
  sweep(what: Sweep): Promise<number>;
};

/** What may go: files last written before `olderThanMs` that are not named, nor all there is of an object that is. */
export type Sweep = {
  readonly isNamed: (digest: string, encoding: ObjectEncoding) => boolean;
  readonly olderThanMs: number;
  readonly signal: AbortSignal;
};

function whenMissing(error: NodeJS.ErrnoException): null {
  if (error.code !== 'ENOENT') throw error;
  return null;
}

/** Opens the reader over a store's folder. */
export function openObjectReader(root: string, keys: Pick<ObjectKeys, 'find'>): ObjectReader {
  const openFile = (digest: string, encoding: ObjectEncoding) => open(objectPath(root, digest, encoding), 'r');
  const readFrom = async (digest: string, encoding: ObjectEncoding, start: number, length: number): Promise<Buffer> => {
    const file = await openFile(digest, encoding);
    try {
      if (encoding === 'plain')
        return await readExactly(file, start, Math.max(0, Math.min(length, (await file.stat()).size - start)));
      return await readSealed(file, digest, keys.find, start, length);
    } finally {
      await file.close();
    }
  };
  const readRange: ObjectReader['readRange'] = async (digest, encoding, start, length) => {
    try {
      return await readFrom(digest, encoding, start, length);
    } catch (error) {
      // A record read a moment ago may tell of a plain file that was sealed since.
      if (encoding !== 'plain' || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return readFrom(digest, SEALED, start, length);
    }
  };
  return {
    read: (digest, encoding) => readRange(digest, encoding, 0, Number.POSITIVE_INFINITY),
    readRange,
    async sizeBytes(digest, encoding) {
      if (encoding === 'plain') {
        const plain = await stat(objectPath(root, digest, encoding)).catch(whenMissing);
        if (plain !== null) return plain.size;
      }
      const file = await openFile(digest, SEALED);
      try {
        return (await readSealedHeader(file, digest, keys.find)).opened.sizeBytes;
      } finally {
        await file.close();
      }
    },
  };
}

/**
 * Opens the store for writing; what an earlier process left half-written is removed first. Objects are digested, sealed and
 * written on a thread of its own where its entry is given, else on this one.
 */
export function openObjectStore(root: string, keys: ObjectKeys, threadEntry?: URL): ObjectStore {
  const incoming = path.join(root, 'incoming');
  mkdirSync(incoming, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(incoming)) rmSync(path.join(incoming, name));
  bringUp(root);
  // Until the sweep is over: a file that somebody is about to name must not be taken from under them.
  let claims: Set<string> | null = new Set();
  const files = threadEntry === undefined ? arriveHere(openFileWork(root)) : arriveInThread(threadEntry, { root });
  const inHand = emptyHand();
  const receive = openIncoming({ root, files, keys, inHand, claim: (name) => claims?.add(name) });
  const keeping = new Set<Promise<unknown>>();
  const track = async <T>(keep: Promise<T>): Promise<T> => {
    keeping.add(keep);
    try {
      return await keep;
    } finally {
      keeping.delete(keep);
    }
  };
  let measured = { atMs: Number.NEGATIVE_INFINITY, freeBytes: 0, totalBytes: 0 };
  return {
    ...openObjectReader(root, keys),
    close: files.close,
    async receive(opening) {
      const file = await receive(opening);
      const { keep, keepDigested } = file;
      return Object.assign(file, {
        keep: (...given: Parameters<typeof keep>) => track(keep(...given)),
        async keepDigested(...given: Parameters<typeof keepDigested>) {
          const kept = keepDigested(...given);
          track(kept.then(({ onDisk }) => onDisk)).catch(() => undefined); // whoever keeps it is told
          return kept;
        },
      });
    },
    remove(digest, encoding) {
      if (inHand.isHeld(digest)) return false;
      inHand.removed(digest);
      rmSync(objectPath(root, digest, encoding), { force: true });
      return true;
    },
    async toDisk(digest, encoding) {
      const file = objectPath(root, digest, encoding);
      await Promise.all([syncFile(file), syncFolderAside(path.dirname(file))]);
    },
    folder: () => ({ root, keys: keys.export() }),
    async settled() {
      await Promise.allSettled(keeping);
    },
    async sweep(what) {
      try {
        return await sweepFiles(root, claims ?? new Set(), inHand, what);
      } finally {
        claims = null;
      }
    },
    async free() {
      if (performance.now() - measured.atMs > ROOM_GOOD_FOR_MS) {
        const { bavail, blocks, bsize } = await statfs(root);
        measured = { atMs: performance.now(), freeBytes: bavail * bsize, totalBytes: blocks * bsize };
      }
      return measured;
    },
  };
}

/**
 * A kill, or a database without room, between a file's keeping and its row leaves a file nobody knows; it would stay for
 * ever. Sent again, it would be taken for an existing one, so asking and removing are one step.
 */
async function sweepFiles(root: string, claims: ReadonlySet<string>, inHand: InHand, what: Sweep): Promise<number> {
  let removed = 0;
  for (const folder of listFolders(root)) {
    for (const [index, name] of (await readdir(folder)).entries()) {
      if (what.signal.aborted) return removed;
      if (index % SWEEP_STEP === 0) await pause(SWEEP_PAUSE_MS);
      const { digest, encoding } = readObjectName(name);
      if (encoding === null || what.isNamed(digest, encoding)) continue;
      // Whatever a row says of how it stands: where the file it names is missing, this is what there is of the object.
      const other = encoding === 'plain' ? SEALED : 'plain';
      if (what.isNamed(digest, other) && !existsSync(objectPath(root, digest, other))) continue;
      const file = path.join(folder, name);
      const facts = await stat(file).catch(whenMissing); // evicted since the folder was read
      if (facts === null || facts.mtimeMs >= what.olderThanMs) continue;
      if (claims.has(name) || what.isNamed(digest, encoding) || !existsSync(file)) continue;
      inHand.removed(digest);
      unlinkSync(file);
      removed += 1;
    }
  }
  return removed;
}

function listFolders(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => /^[0-9a-f]{2}$/.test(name))
    .map((name) => path.join(folder, name));
}

/** Objects once stood a level deeper; a start after that finds them there, and brings them up. Says nothing where none do. */
function bringUp(root: string): void {
  for (const folder of listFolders(root))
    for (const deeper of listFolders(folder)) {
      for (const name of readdirSync(deeper)) renameSync(path.join(deeper, name), path.join(folder, name));
      rmdirSync(deeper);
    }
}
