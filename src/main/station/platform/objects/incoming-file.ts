import path from 'node:path';
import type { ArrivingFiles } from './arriving-file.ts';
import type { InHand } from './in-hand.ts';
import type { ObjectKeys } from './object-keys.ts';
import { objectPath, SEALED } from './object-names.ts';

/** An object on its way in: nothing of it counts until it is kept. */
export type IncomingFile = {
  /** The bytes may be used anew once this resolves. */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * Syncs the file and its name to disk under the digest; nothing is written after that. `existing`: an earlier file of that
   * digest stays, header and all, unless `isWhole` finds it damaged: then this one takes its place.
   */
  keep(digest: string, isWhole?: IsWhole): Promise<KeepOutcome>;
  /**
   * The same under the digest of what was written behind the header that it was opened with; answered once the file has its
   * name, while both are brought to the disk.
   */
  keepDigested(isWhole?: IsWhole): Promise<KeptObject>;
  /** Lets go of it: what was not kept leaves nothing behind. */
  discard(): Promise<void>;
  /** Reads back what was written, until it is discarded; gives less at the end. */
  readRange(start: number, length: number): Promise<Buffer>;
  readonly sizeBytes: number;
};
/** Whether an earlier file of a digest is whole. */
type IsWhole = (digest: string) => Promise<boolean>;
type KeepOutcome = 'kept' | 'existing';
/** A named object: `onDisk` rejects where its file cannot be brought there; its name is gone then. */
export type KeptObject = {
  readonly outcome: KeepOutcome;
  readonly digest: string;
  readonly onDisk: Promise<void>;
};

/** What stands before a data set in its file, and with what its digest begins. */
export type Opening = { readonly header: Uint8Array; readonly transferSyntaxUid: string };

type Incoming = {
  readonly root: string;
  readonly files: ArrivingFiles;
  readonly keys: ObjectKeys;
  readonly inHand: InHand;
  /** Told a file's name that may be named from now on. */
  readonly claim: (name: string) => void;
};

/** Gives the way to start an object of a store. */
export function openIncoming({
  root,
  files,
  keys,
  inHand,
  claim,
}: Incoming): (opening?: Opening) => Promise<IncomingFile> {
  return async (opening) => {
    const file = files.begin(
      opening === undefined
        ? null
        : { fromByte: opening.header.byteLength, transferSyntaxUid: opening.transferSyntaxUid },
    );
    let sizeBytes = 0;
    let held: string | null = null;
    const write = (chunk: Uint8Array) => {
      sizeBytes += chunk.byteLength;
      return file.write(chunk);
    };
    const hold = (digest: string) => {
      if (held !== null) return;
      claim(path.basename(objectPath(root, digest, SEALED)));
      inHand.hold(digest);
      held = digest;
    };
    const keep = (given: string | null, isWhole: IsWhole = async () => true): Promise<KeptObject> =>
      inHand.watching(async (wasRemoved) => {
        if (given !== null) hold(given);
        let { outcome, digest, onDisk } = await file.keep(given, keys.current());
        // Nothing may happen between here and the answer: what was not held until now may just have been removed.
        hold(digest);
        if (outcome === 'kept' && wasRemoved(digest))
          ({ outcome, digest, onDisk } = await file.keep(digest, keys.current()));
        if (outcome === 'kept') return { outcome, digest, onDisk };
        const isReplacing = !(await isWhole(digest));
        await file.settle(isReplacing);
        return { outcome: isReplacing ? 'kept' : 'existing', digest, onDisk };
      });
    if (opening !== undefined) await write(opening.header);
    return {
      get sizeBytes() {
        return sizeBytes;
      },
      write,
      readRange: file.readRange,
      async keep(digest, isWhole) {
        const { outcome, onDisk } = await keep(digest, isWhole);
        await onDisk;
        return outcome;
      },
      keepDigested: (isWhole) => keep(null, isWhole),
      async discard() {
        if (held !== null) inHand.letGo(held);
        held = null;
        await file.discard();
      },
    };
  };
}
