import type { WritableDb } from '../platform/store/database.ts';
import { logPause } from '../platform/store/move-log.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { fileInstance } from './file-instance.ts';
import type { Filing, FilingOutcome } from './filing.ts';

type Waiting = {
  readonly filing: Filing;
  readonly resolve: (outcome: FilingOutcome) => void;
  readonly reject: (error: unknown) => void;
};

/** A transaction holds the main thread while it lasts. */
const MOST_AT_ONCE = 16;
const queues = new WeakMap<WritableDb, Waiting[]>();

/**
 * Files an instance together with what other associations have ready in the same moment: one transaction and one sync of
 * the disk for all of them, each with its own outcome. Resolves when it is committed; rejects where nothing of it is kept.
 */
export function fileTogether(db: WritableDb, filing: Filing): Promise<FilingOutcome> {
  return new Promise((resolve, reject) => {
    const waiting = queues.get(db) ?? [];
    waiting.push({ filing, resolve, reject });
    queues.set(db, waiting);
    if (waiting.length === 1) setImmediate(fileWaiting, db);
  });
}

function fileWaiting(db: WritableDb): void {
  const pause = logPause(db);
  if (pause !== null) {
    void pause.then(() => fileWaiting(db));
    return;
  }
  const all = queues.get(db) ?? [];
  const batch = all.splice(0, MOST_AT_ONCE);
  if (all.length > 0) setImmediate(fileWaiting, db);
  for (const tell of fileAll(db, batch)) tell();
}

/** Files them in one transaction; where that fails each in one of its own, so that only what cannot be filed is not. Gives what to tell once they are committed. */
function fileAll(db: WritableDb, batch: readonly Waiting[]): readonly (() => void)[] {
  try {
    return inTransaction(db, () =>
      batch.map(({ filing, resolve }) => {
        const outcome = fileInstance(db, filing);
        return () => resolve(outcome);
      }),
    );
  } catch (error) {
    // A savepoint for each would say which one it was, and copy every page that each of them touches.
    if (batch.length > 1) return batch.flatMap((one) => fileAll(db, [one]));
    return batch.map(
      ({ reject }) =>
        () =>
          reject(error),
    );
  }
}
