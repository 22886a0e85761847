import { readFileSync } from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';

/** Opens the database of a stopped station behind its back, with the key from its vault, as somebody with the disk could. */
export function withDatabase<T>(data: string, work: (db: Sqlite.Database) => T): T {
  const db = new Sqlite(path.join(data, 'wetread.db'));
  try {
    db.pragma("cipher = 'aegis'");
    db.pragma(`key = 'raw:${readFileSync(path.join(data, 'vault/database.key'), 'utf8').trim()}'`);
    return work(db);
  } finally {
    db.close();
  }
}
