import { randomBytes } from 'node:crypto';
import { constants, fsync, mkdirSync, openSync } from 'node:fs';
import { type FileHandle, link, open, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ObjectKeys } from './object-keys.ts';
import { objectPath, SEALED } from './object-names.ts';
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

const sync = promisify(fsync);

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
  const folders = openFolders(root);
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
    const syncName = folders.make(path.dirname(target));
    const isFirst = await linkUnlessThere(temporary, target);
    if (isFirst) {
      // The name stands before the bytes are safe: until both are, no row names it, and one found there is read whole before
      // it is believed.
      const synced = await Promise.allSettled([file.datasync(), syncName(), unlink(temporary)]);
      const failed = synced.find((one) => one.status === 'rejected');
      if (failed !== undefined) {
        await unlink(target);
        throw failed.reason;
      }
    } else if (await isWhole()) {
      // An earlier process may have been killed between its name and its sync.
      await Promise.all([syncFile(target), syncName(), unlink(temporary)]);
    } else {
      await file.datasync();
      await rename(temporary, target);
      await syncName();
      return 'kept';
    }
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

/** The folders of a store, made as they are needed; each stays open, there are 256 at most. */
function openFolders(root: string): { make(folder: string): () => Promise<void> } {
  const known = new Map<string, number | null>();
  return {
    /** Makes a folder where it is not there, and gives the way to bring to disk the names that stand in it. */
    make(folder) {
      const descriptor = known.get(folder);
      if (descriptor !== undefined) return async () => void (descriptor === null || (await sync(descriptor)));
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      return async () => {
        // A new folder's own name must reach the disk too, or a power cut takes the folder with its files.
        await Promise.all([syncFolder(folder), syncFolder(root)]);
        if (!known.has(folder)) known.set(folder, process.platform === 'win32' ? null : openSync(folder, 'r'));
      };
    },
  };
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
