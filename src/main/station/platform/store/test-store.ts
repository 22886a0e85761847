import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  migrated ??= migratedOnce();
  const { key } = migrated;
  writeFileSync(file, migrated.bytes);
  const db = opened(file, key);
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

/** An empty database of the newest schema, and its key: made once a process, for making it takes longer than most tests. */
let migrated: { readonly bytes: Uint8Array; readonly key: Buffer } | null = null;

function migratedOnce(): NonNullable<typeof migrated> {
  const folder = mkdtempSync(path.join(tmpdir(), 'wetread-store-'));
  const file = path.join(folder, 'station.db');
  const key = randomBytes(DATABASE_KEY_BYTES);
  const db = opened(file, key);
  migrate(db, MIGRATIONS);
  db.close();
  const bytes = readFileSync(file);
  rmSync(folder, { recursive: true });
  return { bytes, key };
}

function opened(file: string, key: Uint8Array): WritableDb {
  const writer = openWriter(file, key, 0); // written a moment ago: to check it whole would be half of what opening it costs
  if (!writer.ok) throw new Error(writer.error.code);
  return writer.value;
}
