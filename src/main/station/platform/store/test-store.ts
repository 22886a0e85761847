import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DATABASE_KEY_BYTES, openReader, openWriter, type ReadableDb, type WritableDb } from './database.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import type { ReaderSettings } from './reader-pool.ts';

/** A real store in a folder of its own: encrypted, fully migrated, gone when closed. */
export type TestStore = {
  readonly db: WritableDb;
  /** What threads that read it are started with. */
  readonly settings: ReaderSettings;
  /** A second, read-only connection; closed with the store. */
  reader(): ReadableDb;
  close(): void;
};

/** Opens an empty store for a test. */
export function openTestStore(): TestStore {
  const folder = mkdtempSync(path.join(tmpdir(), 'wetread-store-'));
  const file = path.join(folder, 'station.db');
  const key = randomBytes(DATABASE_KEY_BYTES);
  const opened = openWriter(file, key);
  if (!opened.ok) throw new Error(opened.error.code);
  const db = opened.value;
  migrate(db, MIGRATIONS);
  const readers: ReadableDb[] = [];
  return {
    db,
    settings: { database: file, keyHex: key.toString('hex') },
    reader() {
      const reader = openReader(file, key);
      if (!reader.ok) throw new Error(reader.error.code);
      readers.push(reader.value);
      return reader.value;
    },
    close() {
      for (const reader of readers) reader.close();
      db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
