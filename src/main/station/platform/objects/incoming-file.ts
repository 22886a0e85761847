import path from 'node:path';
import type { ArrivingFiles } from './arriving-file.ts';
import type { ObjectKeys } from './object-keys.ts';
import { objectPath, SEALED } from './object-names.ts';

/** An object on its way in: nothing of it counts until `keep`. */
export type IncomingFile = {
  /** The bytes may be used anew once this resolves. */
  write(chunk: Uint8Array): Promise<void>;
  /** Digest of what was written behind the header that it was opened with; once, and then nothing more is written. */
  digest(): Promise<string>;
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

/** What stands before a data set in its file, and with what its digest begins. */
export type Opening = { readonly header: Uint8Array; readonly transferSyntaxUid: string };

type Incoming = {
  readonly root: string;
  readonly files: ArrivingFiles;
  readonly keys: ObjectKeys;
  /** Told a file's name before it stands there. */
  readonly claim: (name: string) => void;
};

/** Gives the way to start an object of a store. */
export function openIncoming({ root, files, keys, claim }: Incoming): (opening?: Opening) => Promise<IncomingFile> {
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

  return async (opening) => {
    const file = files.begin(
      opening === undefined
        ? null
        : { fromByte: opening.header.byteLength, transferSyntaxUid: opening.transferSyntaxUid },
    );
    let sizeBytes = 0;
    const write = (chunk: Uint8Array) => {
      sizeBytes += chunk.byteLength;
      return file.write(chunk);
    };
    if (opening !== undefined) await write(opening.header);
    return {
      get sizeBytes() {
        return sizeBytes;
      },
      write,
      digest: file.digest,
      readRange: file.readRange,
      async keep(digest, isWhole = async () => true) {
        const name = path.basename(objectPath(root, digest, SEALED));
        claim(name);
        return inTurn(name, async () => {
          if ((await file.keep(digest, keys.current())) === 'kept') return 'kept';
          const isReplacing = !(await isWhole());
          await file.settle(isReplacing);
          return isReplacing ? 'kept' : 'existing';
        });
      },
      discard: file.discard,
    };
  };
}
