import type { Result } from '../../../../shared/domain/result.ts';
import { prepared, type WritableDb } from './database.ts';

const listeners = new WeakMap<WritableDb, Set<() => void>>();

/** Calls back after every outermost commit; the ledger's followers are nudged by it. Returns the way to stop. */
export function onCommit(db: WritableDb, listener: () => void): () => void {
  let known = listeners.get(db);
  if (known === undefined) listeners.set(db, (known = new Set()));
  known.add(listener);
  return () => known.delete(listener);
}

/** Runs a verb's writes as one transaction: all of them, or none when it throws or its result is not ok. Nests by joining. */
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
  for (const listener of listeners.get(db) ?? []) listener();
  return value;
}

function isFailure(value: unknown): value is Result<never, { code: string }> & { ok: false } {
  return typeof value === 'object' && value !== null && 'ok' in value && value.ok === false;
}
