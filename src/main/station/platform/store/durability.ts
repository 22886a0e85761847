import { closeSync, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { prepared, type WritableDb } from './database.ts';

/** What brings a database's log to the disk, and how far it has come; counted in rows changed by this connection. */
type Syncing = { descriptor: number; synced: number; running: Promise<void> | null; failure: Error | null };

/** Thrown to whoever waits for a commit that the disk did not take: nothing may be acknowledged any more. */
export class NotDurable extends Error {
  override readonly name = 'NotDurable';
}

const sync = promisify(fdatasync);
const syncings = new WeakMap<WritableDb, Syncing>();
/** What rows rest on besides the log, on its way to the disk. */
const underWay = new WeakMap<WritableDb, Set<Promise<void>>>();

/**
 * Resolves once everything committed so far is on the disk, files that its rows name among it: what must come before every
 * acknowledgement. SQLite writes a commit to its log without waiting for the disk; this syncs the log beside the main thread,
 * once for all who ask in the meantime. After a sync of it that failed nobody is told otherwise again: what the disk holds is
 * known only after a restart (a kernel forgets the pages it could not write).
 */
export async function durable(db: WritableDb): Promise<void> {
  const files = [...(underWay.get(db) ?? [])];
  if (!db.memory) await logSynced(db);
  await Promise.all(files);
}

/**
 * Whoever waits for commits waits for this too, from now until it ends: a file that rows may name before the disk has it. It
 * never rejects: whoever brought it sees to what becomes of the rows.
 */
export function durableWith(db: WritableDb, work: Promise<void>): void {
  const all = underWay.get(db) ?? new Set();
  underWay.set(db, all.add(work));
  void work.then(() => all.delete(work));
}

async function logSynced(db: WritableDb): Promise<void> {
  const syncing = syncings.get(db) ?? begin(db);
  const wanted = changedSoFar(db);
  while (syncing.synced < wanted) {
    if (syncing.failure !== null) throw new NotDurable('the log could not be synced', { cause: syncing.failure });
    syncing.running ??= syncOnce(db, syncing);
    await syncing.running;
  }
}

/** Lets go of the log, before the database is closed. Waits for a sync under way. */
export async function endSyncing(db: WritableDb): Promise<void> {
  const syncing = syncings.get(db);
  if (syncing === undefined) return;
  await syncing.running;
  syncings.delete(db);
  closeSync(syncing.descriptor);
}

function begin(db: WritableDb): Syncing {
  // Locks are held on the database and its shared memory, never on the log: closing this lets go of none (POSIX fcntl).
  const syncing: Syncing = { descriptor: openSync(`${db.name}-wal`, 'r+'), synced: 0, running: null, failure: null };
  syncings.set(db, syncing);
  return syncing;
}

/** Counts every row, also of a statement that is a transaction by itself: none can be forgotten. */
function changedSoFar(db: WritableDb): number {
  return prepared<{ changed: number }>(db, 'SELECT total_changes() AS changed').get()?.changed ?? 0;
}

async function syncOnce(db: WritableDb, syncing: Syncing): Promise<void> {
  const upTo = changedSoFar(db);
  try {
    await sync(syncing.descriptor);
    syncing.synced = upTo;
  } catch (error) {
    syncing.failure = error instanceof Error ? error : new Error(String(error));
  } finally {
    syncing.running = null;
  }
}
