import Sqlite from 'better-sqlite3';

/** A handle that nobody refers to any more is collected as garbage, and lets go of its lock. */
const held = new Set<Sqlite.Database>();

/**
 * Holds a file, made when absent, for this process alone by a lock of the operating system, which ends with the process
 * however that ends; null where another process holds it, in another container too. Gives the way to let go.
 */
export function holdFile(file: string): (() => void) | null {
  // Node has no lock on files; SQLite has one on every system it runs on.
  const db = new Sqlite(file, { timeout: 0 });
  try {
    db.pragma('journal_mode = MEMORY'); // no second file
    db.exec('BEGIN EXCLUSIVE');
    held.add(db);
    return () => {
      held.delete(db);
      db.close();
    };
  } catch (error) {
    db.close();
    if (error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY')) return null;
    throw error;
  }
}
