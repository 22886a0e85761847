import type { Result } from '../../../../shared/domain/result.ts';
import { prepared, type ReadableDb, type WritableDb } from './database.ts';

const listeners = new WeakMap<WritableDb, Set<() => void>>();

/** Calls back after every outermost commit; the ledger's followers are nudged by it. Returns the way to stop. */
export function onCommit(db: WritableDb, listener: () => void): () => void {
  let known = listeners.get(db);
  if (known === undefined) listeners.set(db, (known = new Set()));
  known.add(listener);
  return () => known.delete(listener);
}

const commits = new WeakMap<WritableDb, number>();

/** How many outermost transactions this connection has committed. */
export function committedSoFar(db: WritableDb): number {
  return commits.get(db) ?? 0;
}

/**
 * Runs a verb's writes as one transaction: all of them, or none when it throws or its result is not ok. Nests by joining.
 * A power cut may still take it until `durable` resolves, and never an earlier one without it.
 */
export function inTransaction<T>(db: WritableDb, work: () => T): T {
  if (db.inTransaction) return work();
  prepared(db, 'BEGIN IMMEDIATE').run();
  let value: T;
  try {
    value = work();
    if (isFailure(value)) {
      prepared(db, 'ROLLBACK').run();
      return value;
    }
    prepared(db, 'COMMIT').run();
  } catch (error) {
    if (db.inTransaction) prepared(db, 'ROLLBACK').run();
    throw error;
  }
  commits.set(db, committedSoFar(db) + 1);
  for (const listener of listeners.get(db) ?? []) listener();
  return value;
}

/**
 * Runs a part of an open transaction that stands or falls alone: undone when it throws or its result is not ok, and the rest
 * of the transaction goes on. Where the database itself has given up the whole transaction, the error says so and none is open.
 */
export function inSavepoint<T>(db: WritableDb, work: () => T): T {
  if (!db.inTransaction) throw new Error('a savepoint stands within a transaction');
  prepared(db, 'SAVEPOINT part').run();
  let value: T;
  try {
    value = work();
    if (isFailure(value)) prepared(db, 'ROLLBACK TO part').run();
  } catch (error) {
    if (db.inTransaction) {
      prepared(db, 'ROLLBACK TO part').run();
      prepared(db, 'RELEASE part').run();
    }
    throw error;
  }
  prepared(db, 'RELEASE part').run();
  return value;
}

function isFailure(value: unknown): value is Result<never, { code: string }> & { ok: false } {
  return typeof value === 'object' && value !== null && 'ok' in value && value.ok === false;
}

/** Reads all of it as of one moment, whatever is written meanwhile. Nests by joining. */
export function inSnapshot<T>(db: ReadableDb, read: () => T): T {
  if (db.inTransaction) return read();
  prepared(db, 'BEGIN').run();
  try {
    return read();
  } finally {
    if (db.inTransaction) prepared(db, 'COMMIT').run();
  }
}
