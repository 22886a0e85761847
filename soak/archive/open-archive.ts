import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import path from 'node:path';
import { makeSite } from '../../src/main/station/access/index.ts';
import { type Archive, configurePeers } from '../../src/main/station/archive/index.ts';
import { systemClock } from '../../src/main/station/platform/clock.ts';
import { Config } from '../../src/main/station/platform/config.ts';
import { freshObjectKeys } from '../../src/main/station/platform/objects/object-keys.ts';
import { openObjectStore } from '../../src/main/station/platform/objects/object-store.ts';
import {
  DATABASE_KEY_BYTES,
  openReader,
  openWriter,
  type ReadableDb,
} from '../../src/main/station/platform/store/database.ts';
import { endSyncing } from '../../src/main/station/platform/store/durability.ts';
import { keepLogShort } from '../../src/main/station/platform/store/move-log.ts';
import { openReaderPool, type ReaderPool } from '../../src/main/station/platform/store/reader-pool.ts';
import type { READER_TASKS } from '../../src/main/station/reader.ts';
import { migrate } from '../../src/main/station/platform/store/migrate.ts';
import { MIGRATIONS } from '../../src/main/station/platform/store/migrations/index.ts';

/** An archive over a data directory of its own, with one peer that sends. */
export type SoakArchive = {
  readonly archive: Archive;
  readonly siteId: string;
  readonly offer: { readonly callingAe: string; readonly calledAe: string; readonly address: string };
  /** A connection of its own, as the reader threads have. */
  readonly reader: ReadableDb;
  /** Moves the log into the database, so that its file says how large it is. */
  settle(): Promise<void>;
  count(): { readonly studies: number; readonly instances: number; readonly quarantined: number };
  databaseBytes(): number;
  /** Bytes of each table and index an instance, the largest first. */
  tables(instances: number): readonly { readonly name: string; readonly bytesAnInstance: number }[];
  close(): Promise<void>;
};

const READERS = new URL('../../src/main/station/reader.ts', import.meta.url);
const FILE_KEEPER = new URL('../../src/main/station/file-keeper.ts', import.meta.url);

/** Opens an empty archive in a folder, configured as shipped but for room; its log and its files have threads of their own, as the station's have. */
export async function openSoakArchive(folder: string): Promise<SoakArchive> {
  const file = path.join(folder, 'station.db');
  const key = randomBytes(DATABASE_KEY_BYTES);
  const db = unwrap(openWriter(file, key));
  unwrap(migrate(db, MIGRATIONS));
  const offer = { callingAe: 'CT1', calledAe: 'WETREAD', address: '10.0.0.1' };
  const { siteId } = makeSite(db, { code: 'main', name: 'Main', zone: 'Etc/UTC', atMs: Date.now() });
  configurePeers(db, siteId, offer.calledAe, [{ aeTitle: offer.callingAe, address: offer.address, intent: 'new' }]);
  const reader = unwrap(openReader(file, key));
  const readers: ReaderPool<typeof READER_TASKS> = openReaderPool(READERS, {
    database: file,
    keyHex: key.toString('hex'),
  });
  const moveLog = () => readers.run('move-log', undefined);
  const logMover = keepLogShort(db, moveLog, (error) => console.error('the log was not moved', error));
  const objects = openObjectStore(path.join(folder, 'objects'), freshObjectKeys(), FILE_KEEPER);
  // Until it has been swept a store remembers the name of every object that comes.
  await objects.sweep({ isNamed: () => true, olderThanMs: Date.now(), signal: new AbortController().signal });
  const one = (sql: string) => db.prepare(sql).pluck().get() as number;
  return {
    archive: { db, objects, clock: systemClock, quiet: Config.parse({}).completeness, fullBytes: 0 },
    ...{ siteId, offer, reader },
    async settle() {
      await logMover.stop();
      await moveLog();
    },
    count: () => ({
      studies: one('SELECT count(*) FROM studies'),
      instances: one('SELECT count(*) FROM instances'),
      quarantined: one('SELECT count(*) FROM quarantine'),
    }),
    databaseBytes: () => statSync(file).size,
    tables: (instances) =>
      db
        .prepare<[], { name: string; bytes: number }>(
          'SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name ORDER BY bytes DESC LIMIT 30',
        )
        .all()
        .map(({ name, bytes }) => ({ name, bytesAnInstance: Math.round(bytes / instances) })),
    async close() {
      await logMover.stop();
      await readers.close();
      await objects.close();
      await endSyncing(db);
      reader.close();
      db.close();
    },
  };
}

function unwrap<T>(result: { ok: true; value: T } | { ok: false; error: { code: string } }): T {
  if (!result.ok) throw new Error(result.error.code);
  return result.value;
}
