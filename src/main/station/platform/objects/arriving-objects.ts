import { prepared, type ReadableDb, type WritableDb } from '../store/database.ts';
import { durableWith } from '../store/durability.ts';

/** Digests whose files are on their way to the disk, and those noted in the database of which nothing is open any more. */
type Arriving = {
  readonly going: Map<string, Set<Promise<void>>>;
  readonly noted: Set<string>;
  readonly arrived: Set<string>;
};
const arrivings = new WeakMap<ReadableDb, Arriving>();

const NOTE = 'INSERT INTO arriving_objects (digest) VALUES (?) ON CONFLICT DO NOTHING';
const FORGET = 'DELETE FROM arriving_objects WHERE digest IN (SELECT value FROM json_each(?)) RETURNING digest';
const LIST = 'SELECT digest FROM arriving_objects ORDER BY digest';

/** A file that has its name, on its way to the disk; `lookAtLost`: what is done about one that may never be there. */
export type ArrivingObject = {
  readonly digest: string;
  readonly onDisk: Promise<void>;
  readonly lookAtLost: () => Promise<void>;
};

/**
 * Writes rows that may name an object while its file is on its way to the disk: `durable` waits for it, and a start after a power
 * cut finds which ones it has to look at. Ends once both have, rejects where one did. A file that did not come there is looked
 * at once its rows stand, and until then nobody is told of them either.
 */
export async function writeWhileArriving<Outcome>(
  db: WritableDb,
  { digest, onDisk, lookAtLost }: ArrivingObject,
  writeRows: () => Promise<Outcome>,
): Promise<Outcome> {
  const { going, noted, arrived } = arrivingOf(db);
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const alike = going.get(digest) ?? new Set();
  going.set(digest, alike.add(ended));
  durableWith(db, ended);
  const letGo = (isKnown: boolean) => {
    alike.delete(ended);
    if (alike.size === 0) {
      going.delete(digest);
      if (isKnown && noted.delete(digest)) arrived.add(digest);
    }
    end();
  };
  const rows = writeRows();
  const settled = onDisk.then(
    () => letGo(true),
    async () => {
      await Promise.allSettled([rows]);
      await lookAtLost().then(
        () => letGo(true),
        () => letGo(false), // the next start looks
      );
    },
  );
  await Promise.allSettled([rows, settled]);
  await onDisk;
  return rows;
}

/** Resolves once no file of a digest is on its way to the disk: it is there, or its loss is known. */
export async function landed(db: ReadableDb, digest: string): Promise<void> {
  for (;;) {
    const alike = arrivings.get(db)?.going.get(digest);
    if (alike === undefined) return;
    await Promise.all(alike);
  }
}

/**
 * In the transaction that records an object: notes it where its file is on its way, and forgets those that have come. What of
 * this is rolled back is done by the next one: an object counts as forgotten when its row is found gone.
 */
export function noteArriving(db: WritableDb, digest: string): void {
  const { going, noted, arrived } = arrivingOf(db);
  if (arrived.size > 0) {
    const stillThere = new Set(forgetArriving(db, [...arrived]));
    for (const one of arrived) if (!stillThere.has(one)) arrived.delete(one);
  }
  if (!going.has(digest)) return;
  prepared(db, NOTE).run(digest);
  arrived.delete(digest);
  noted.add(digest);
}

/** Objects that a process noted and did not forget: their files may have missed the disk. */
export function listArriving(db: ReadableDb): readonly string[] {
  return prepared<{ digest: string }>(db, LIST)
    .all()
    .map(({ digest }) => digest);
}

/** The files of these are on the disk, or known not to be. Gives those of which a row was there. */
export function forgetArriving(db: WritableDb, digests: readonly string[]): readonly string[] {
  return prepared<{ digest: string }>(db, FORGET)
    .all(JSON.stringify(digests))
    .map(({ digest }) => digest);
}

function arrivingOf(db: WritableDb): Arriving {
  const known = arrivings.get(db);
  if (known !== undefined) return known;
  const made: Arriving = { going: new Map(), noted: new Set(), arrived: new Set() };
  arrivings.set(db, made);
  return made;
}
