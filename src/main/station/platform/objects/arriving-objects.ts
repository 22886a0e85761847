import { prepared, type ReadableDb, type WritableDb } from '../store/database.ts';
import { durableWith } from '../store/durability.ts';

/** Digests whose files are on their way to the disk, and those noted in the database that have come there since. */
type Arriving = { readonly going: Set<string>; readonly noted: Set<string>; readonly arrived: Set<string> };
const arrivings = new WeakMap<WritableDb, Arriving>();

const NOTE = 'INSERT INTO arriving_objects (digest) VALUES (?) ON CONFLICT DO NOTHING';
const FORGET = 'DELETE FROM arriving_objects WHERE digest IN (SELECT value FROM json_each(?))';
const LIST = 'SELECT digest FROM arriving_objects ORDER BY digest';

/**
 * Rows may name an object from here on, though its file is still on its way to the disk: `durable` waits for it, and a start
 * after a power cut finds which ones it has to look at. Resolves and rejects as `onDisk` does.
 */
export async function arriveWithRows(db: WritableDb, digest: string, onDisk: Promise<void>): Promise<void> {
  const { going, noted, arrived } = arrivingOf(db);
  going.add(digest);
  const reached = onDisk.then(() => {
    if (noted.delete(digest)) arrived.add(digest);
  });
  const ended = reached.finally(() => going.delete(digest));
  durableWith(
    db,
    ended.catch(() => undefined),
  );
  await ended;
}

/** In the transaction that records an object: notes it where its file is on its way, and forgets those that have come. */
export function noteArriving(db: WritableDb, digest: string): void {
  const { going, noted, arrived } = arrivingOf(db);
  if (arrived.size > 0) {
    forgetArriving(db, [...arrived]);
    arrived.clear();
  }
  if (!going.has(digest)) return;
  prepared(db, NOTE).run(digest);
  noted.add(digest);
}

/** Objects that a process noted and did not forget: their files may have missed the disk. */
export function listArriving(db: ReadableDb): readonly string[] {
  return prepared<{ digest: string }>(db, LIST)
    .all()
    .map(({ digest }) => digest);
}

/** The files of these are on the disk, or known not to be. */
export function forgetArriving(db: WritableDb, digests: readonly string[]): void {
  prepared(db, FORGET).run(JSON.stringify(digests));
}

function arrivingOf(db: WritableDb): Arriving {
  const known = arrivings.get(db);
  if (known !== undefined) return known;
  const made = { going: new Set<string>(), noted: new Set<string>(), arrived: new Set<string>() };
  arrivings.set(db, made);
  return made;
}
