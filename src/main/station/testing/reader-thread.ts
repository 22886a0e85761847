import { openReader, type ReadableDb } from '../platform/store/database.ts';
import type { ReaderSettings } from '../platform/store/reader-pool.ts';
import { READER_TASKS } from '../reader.ts';

/** What crosses to the reader thread that tests share: one of the readers' tasks for the store that is said, or null where that store closes. */
export type SharedRequest = {
  readonly settings: ReaderSettings;
  readonly task: string | null;
  readonly input?: unknown;
};

const connections = new Map<string, ReadableDb>();

/** Does one task as a reader thread of the station does, on a read-only connection of this thread to the store asked about. */
export function answer({ settings, task, input }: SharedRequest): unknown {
  const known = connections.get(settings.database);
  if (task === null) {
    known?.close();
    connections.delete(settings.database);
    return;
  }
  const db = known ?? connect(settings);
  connections.set(settings.database, db);
  const run = READER_TASKS[task as keyof typeof READER_TASKS] as (db: ReadableDb, input: unknown) => unknown;
  return run(db, input);
}

function connect({ database, keyHex }: ReaderSettings): ReadableDb {
  const opened = openReader(database, Buffer.from(keyHex, 'hex'));
  if (!opened.ok) throw new Error(`a reader cannot open the database: ${opened.error.code}`);
  return opened.value;
}
