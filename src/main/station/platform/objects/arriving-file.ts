import type { Digesting, FileWork, Named } from './file-in-work.ts';
import type { ObjectKey } from './sealed-format.ts';

/** A file on its way into a store, wherever its work is done: the promises of `FileInWork`, one call after the other. */
export type ArrivingFile = {
  /** The bytes may be used anew once this resolves. */
  write(piece: Uint8Array): Promise<void>;
  readRange(start: number, length: number): Promise<Buffer>;
  keep(digest: string | null, key: ObjectKey): Promise<Named>;
  settle(isReplacing: boolean): Promise<void>;
  discard(): Promise<void>;
};

/** Starts files, on this thread or another. */
export type ArrivingFiles = { begin(digesting: Digesting | null): ArrivingFile; close(): Promise<void> };

/** Does the work where it is asked for: for programs that take in little. */
export function arriveHere(work: FileWork): ArrivingFiles {
  return {
    begin(digesting) {
      const file = work.begin(digesting);
      return {
        write: async (piece) => file.write(piece),
        readRange: async (start, length) => file.readRange(start, length),
        keep: file.keep,
        settle: file.settle,
        discard: async () => file.discard(),
      };
    },
    close: async () => undefined,
  };
}
