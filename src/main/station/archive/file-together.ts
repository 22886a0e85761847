import type { WritableDb } from '../platform/store/database.ts';
import { inSavepoint, inTransaction } from '../platform/store/transaction.ts';
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
  const all = queues.get(db) ?? [];
  const batch = all.splice(0, MOST_AT_ONCE);
  if (all.length > 0) setImmediate(fileWaiting, db);
  const told: (() => void)[] = [];
  try {
    inTransaction(db, () => {
      for (const { filing, resolve, reject } of batch) {
        try {
          const outcome = inSavepoint(db, () => fileInstance(db, filing));
          told.push(() => resolve(outcome));
        } catch (error) {
          if (!db.inTransaction) throw error; // the database gave up on all of them
          told.push(() => reject(error));
        }
      }
    });
  } catch (error) {
    for (const { reject } of batch) reject(error);
    return;
  }
  for (const tell of told) tell();
}
