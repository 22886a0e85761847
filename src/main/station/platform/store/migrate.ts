import { copyFileSync } from 'node:fs';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { WritableDb } from './database.ts';
import { inTransaction } from './transaction.ts';

/** One step forward of the schema; its number is its place in the list, and it is never edited once released. */
export type Migration = { readonly name: string; readonly sql: string };

/**
 * Brings the schema up to date, one transaction a step, after copying the file aside; a database from a newer build is refused. A step may
 * make a table anew that others refer to: what they refer to is held to at its end, and a step that leaves anything without it throws.
 */
export function migrate(
  db: WritableDb,
  migrations: readonly Migration[],
): Result<{ readonly from: number; readonly to: number }, { code: 'database-newer' }> {
  const from = Number(db.pragma('user_version', { simple: true }));
  if (from > migrations.length) return err({ code: 'database-newer' });
  const pending = migrations.slice(from);
  if (pending.length > 0 && from > 0) {
    db.pragma('wal_checkpoint(TRUNCATE)');
    copyFileSync(db.name, `${db.name}.before-${from + 1}`);
  }
  if (pending.length > 0) db.pragma('foreign_keys = OFF');
  try {
    pending.forEach((migration, index) => {
      inTransaction(db, () => {
        db.exec(migration.sql);
        const [lost] = db.pragma('foreign_key_check') as readonly { readonly table: string }[];
        if (lost !== undefined) throw new Error(`${migration.name}: rows of ${lost.table} refer to what is not there`);
        db.pragma(`user_version = ${from + index + 1}`);
      });
    });
  } finally {
    if (pending.length > 0) db.pragma('foreign_keys = ON');
  }
  return ok({ from, to: migrations.length });
}
