import { randomBytes } from 'node:crypto';
import { constants, mkdirSync } from 'node:fs';
import { type FileHandle, link, open, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { ObjectKeys } from './object-keys.ts';
import { objectPath, SEALED } from './object-store.ts';
import { writeSealed } from './sealed-writer.ts';

/** An object on its way in: nothing of it counts until `keep`. */
export type IncomingFile = {
  write(chunk: Uint8Array): Promise<void>;
  /**
   * Syncs the file and its name to disk under the digest. `existing`: an earlier file of that digest stays, header and
   * all, unless `isWhole` finds it damaged: then this one takes its place.
   */
  keep(digest: string, isWhole?: () => Promise<boolean>): Promise<'kept' | 'existing'>;
  /** Leaves nothing behind. Safe to call after `keep`. */
  discard(): Promise<void>;
  /** Reads back what was written; gives less at the end. Not after `keep`. */
  readRange(start: number, length: number): Promise<Buffer>;
  readonly sizeBytes: number;
};

type Incoming = {
  readonly root: string;
  /** The folder of what is not kept yet. */
  readonly incoming: string;
  readonly keys: ObjectKeys;
  /** Told a file's name before it stands there. */
  readonly claim: (name: string) => void;
};

/** Gives the way to start an object of a store. */
export function openIncoming({ root, incoming, keys, claim }: Incoming): () => Promise<IncomingFile> {
  const knownFolders = new Set<string>();
  const keeping = new Map<string, Promise<unknown>>();

  /** Two of one digest are kept one after the other: what the first takes back, the second must not have counted on. */
  async function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const turn = (keeping.get(name) ?? Promise.resolve()).then(work, work);
    keeping.set(name, turn);
    try {
      return await turn;
    } finally {
      if (keeping.get(name) === turn) keeping.delete(name);
    }
  }

  /** Links the file under its name and syncs both, together: the file and its folders share one turn of the disk. */
  async function keepFile(
    file: FileHandle,
    temporary: string,
    target: string,
    isWhole: () => Promise<boolean>,
  ): Promise<'kept' | 'existing'> {
    const folders = makeFolder(root, path.dirname(target), knownFolders);
    const isFirst = await linkUnlessThere(temporary, target);
    const syncFolders = () => Promise.all(folders.map(syncFolder));
    if (isFirst) {
      // The name stands before the bytes are safe: until both are, no row names it, and one found there is read whole before
      // it is believed.
      const synced = await Promise.allSettled([file.datasync(), syncFolders(), unlink(temporary)]);
      const failed = synced.find((one) => one.status === 'rejected');
      if (failed !== undefined) {
        await unlink(target);
        throw failed.reason;
      }
    } else if (await isWhole()) {
      // An earlier process may have been killed between its name and its sync.
      await Promise.all([syncFile(target), syncFolders(), unlink(temporary)]);
    } else {
      await file.datasync();
      await rename(temporary, target);
      await syncFolders();
      return 'kept';
    }
    for (const folder of folders) knownFolders.add(folder);
    return isFirst ? 'kept' : 'existing';
  }

  return async () => {
    const temporary = path.join(incoming, randomBytes(16).toString('hex'));
    const file = await open(temporary, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    const sealed = writeSealed(file);
    let isOpen = true;
    return {
      get sizeBytes() {
        return sealed.sizeBytes;
      },
      write: sealed.write,
      readRange: sealed.readRange,
      async keep(digest, isWhole = async () => true) {
        const target = objectPath(root, digest, SEALED);
        const name = path.basename(target);
        claim(name);
        await sealed.finish(digest, keys.current());
        const outcome = await inTurn(name, () => keepFile(file, temporary, target, isWhole));
        isOpen = false;
        await file.close();
        return outcome;
      },
      async discard() {
        if (!isOpen) return;
        isOpen = false;
        await file.close();
        await unlinkIfThere(temporary);
      },
    };
  };
}

/** Makes an object's folder where it is not there, and gives the folders to sync before its name is safe: always its own. */
function makeFolder(root: string, folder: string, known: ReadonlySet<string>): readonly string[] {
  if (known.has(folder)) return [folder];
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // A new folder's own name must reach the disk too, or a power cut takes the folder with its files.
  const above = path.dirname(folder);
  return known.has(above) ? [folder, above] : [folder, above, root];
}

/** A link never replaces: of two that arrive together one wins, whole. */
async function linkUnlessThere(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** A failed keeping may have taken the name away already. */
async function unlinkIfThere(file: string): Promise<void> {
  try {
    await unlink(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** A name is on disk once its folder is. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // Windows has no handle to sync a folder by.
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
