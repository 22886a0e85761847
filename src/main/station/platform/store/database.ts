import { existsSync, statSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { isOutOfRoom } from './out-of-room.ts';

declare const readable: unique symbol;
declare const writable: unique symbol;

/** A connection that may read; the station's reader threads hold only this. */
export type ReadableDb = Sqlite.Database & { readonly [readable]: true };
/** The one connection that may write, on the station's main thread. */
export type WritableDb = ReadableDb & { readonly [writable]: true };

export type OpenFailure = { readonly code: 'key-wrong' | 'database-damaged' | 'database-busy' };

/** Bytes of the raw database key. */
export const DATABASE_KEY_BYTES = 32;

/** A database up to this size is checked whole when it is opened (well under a second); a larger one page by page, as it is read. */
const CHECKED_WHOLE_BYTES = 128 * 2 ** 20;

/** What a reader keeps of the pages it has read, in KiB: the order of 100,000 studies is 22 MiB, and each page is opened anew with the key. */
const READER_CACHE_KIB = 64 * 1024;

/** The log is moved into the database beside the main thread (`keepLogShort`); only past this many pages the writer must do it. */
const PAGES_BEFORE_CHECKPOINT = 50_000;

/** Opens the encrypted database for writing, creating it when absent: WAL, foreign keys. Up to so many bytes it is checked whole. */
export function openWriter(
  file: string,
  key: Uint8Array,
  checkedBytes = CHECKED_WHOLE_BYTES,
): Result<WritableDb, OpenFailure> {
  return open(file, key, (db) => {
    db.pragma('journal_mode = WAL');
    // Commits do not wait for the disk: whoever acknowledges one waits for `durable` (decision 0010).
    db.pragma('synchronous = NORMAL');
    db.pragma(`wal_autocheckpoint = ${PAGES_BEFORE_CHECKPOINT}`);
    db.pragma('foreign_keys = ON');
    db.pragma('temp_store = MEMORY');
    if (statSync(file).size <= checkedBytes && db.pragma('quick_check(1)', { simple: true }) !== 'ok')
      throw new Sqlite.SqliteError('quick_check', 'SQLITE_CORRUPT');
    return db as WritableDb;
  });
}

/** After a move: the pages of the log, and how many of them are in the database. Where that is all of them, the next commit begins it anew. */
export type LogMove = { readonly pages: number; readonly moved: number };

/** Opens a connection that does nothing but move the log into the database; gives the way to do it. */
export function openLogMover(file: string, key: Uint8Array): Result<() => LogMove, OpenFailure> {
  return open(file, key, (db) => {
    db.pragma('synchronous = NORMAL');
    db.pragma('wal_autocheckpoint = 0');
    return () => {
      const [{ log, checkpointed }] = db.pragma('wal_checkpoint(PASSIVE)') as [{ log: number; checkpointed: number }];
      return { pages: log, moved: checkpointed };
    };
  });
}

/** Opens a second, read-only connection to a database that exists. */
export function openReader(file: string, key: Uint8Array): Result<ReadableDb, OpenFailure> {
  return open(
    file,
    key,
    (db) => {
      db.pragma('query_only = ON');
      db.pragma('temp_store = MEMORY');
      db.pragma(`cache_size = -${READER_CACHE_KIB}`);
      return db as unknown as ReadableDb;
    },
    { readonly: true },
  );
}

function open<Db>(
  file: string,
  key: Uint8Array,
  prepare: (db: Sqlite.Database) => Db,
  options: Sqlite.Options = {},
): Result<Db, OpenFailure> {
  const existed = existsSync(file);
  const db = new Sqlite(file, { timeout: 2000, ...options });
  try {
    // SQLite3MC: aegis costs next to nothing here, a raw key skips the passphrase derivation.
    db.pragma("cipher = 'aegis'");
    db.pragma(`key = 'raw:${Buffer.from(key).toString('hex')}'`);
    db.pragma('schema_version');
    return ok(prepare(db));
  } catch (error) {
    db.close();
    const code = error instanceof Sqlite.SqliteError ? error.code : null;
    // Nothing is damaged where there is no room for the index of its log.
    if (isOutOfRoom(error)) throw error;
    if (code === 'SQLITE_NOTADB') return err({ code: existed ? 'key-wrong' : 'database-damaged' });
    if (code?.startsWith('SQLITE_CORRUPT') || code?.startsWith('SQLITE_IOERR'))
      return err({ code: 'database-damaged' });
    if (code?.startsWith('SQLITE_BUSY')) return err({ code: 'database-busy' });
    throw error;
  }
}

const statements = new WeakMap<ReadableDb, Map<string, Sqlite.Statement>>();

/** The prepared statement for a SQL text, prepared once per connection. */
export function prepared<Row = unknown>(db: ReadableDb, sql: string): Sqlite.Statement<unknown[], Row> {
  let known = statements.get(db);
  if (known === undefined) statements.set(db, (known = new Map()));
  let statement = known.get(sql);
  if (statement === undefined) known.set(sql, (statement = db.prepare(sql)));
  return statement as Sqlite.Statement<unknown[], Row>;
}
