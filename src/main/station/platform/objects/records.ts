import { prepared, type ReadableDb, type WritableDb } from '../store/database.ts';
import { noteArriving } from './arriving-objects.ts';
import type { ObjectEncoding } from './object-store.ts';

/** What the database knows of a stored file; `bodyOffset` is where the data set starts behind the Part-10 header. */
export type ObjectRecord = {
  readonly digest: string;
  readonly encoding: ObjectEncoding;
  readonly sizeBytes: number;
  readonly bodyOffset: number;
};

const INSERT_OBJECT = `
  INSERT INTO objects (digest, encoding, size_bytes, body_offset, stored_at_ms)
  VALUES (@digest, @encoding, @sizeBytes, @bodyOffset, @storedAtMs)
  ON CONFLICT (digest) DO UPDATE SET encoding = excluded.encoding, size_bytes = excluded.size_bytes, body_offset = excluded.body_offset,
         evicted_at_ms = NULL
   WHERE (encoding, size_bytes, body_offset, evicted_at_ms) IS NOT (excluded.encoding, excluded.size_bytes, excluded.body_offset, NULL)
`;
const FIND_OBJECT =
  'SELECT digest, encoding, size_bytes AS sizeBytes, body_offset AS bodyOffset FROM objects WHERE digest = ?';

/** Records a kept file, in the transaction that refers to it; one that took an earlier file's place may have another header, or be the first sealed one. */
export function recordObject(db: WritableDb, object: ObjectRecord, storedAtMs: number): void {
  prepared(db, INSERT_OBJECT).run({ ...object, storedAtMs });
  noteArriving(db, object.digest);
}

export function findObject(db: ReadableDb, digest: string): ObjectRecord | null {
  return prepared<ObjectRecord>(db, FIND_OBJECT).get(digest) ?? null;
}

/** Walks the primary keys. */
export const FIND_SOUND = `
  SELECT digest, encoding, size_bytes AS sizeBytes, body_offset AS bodyOffset FROM objects o
   WHERE digest = ? AND evicted_at_ms IS NULL AND NOT EXISTS (SELECT 1 FROM damaged_objects d WHERE d.digest = o.digest)
`;

/** The record of an object whose file should be here and is not known to be damaged; null for any other. */
export function findSound(db: ReadableDb, digest: string): ObjectRecord | null {
  return prepared<ObjectRecord>(db, FIND_SOUND).get(digest) ?? null;
}

const HAS_SEALED = "SELECT 1 FROM objects WHERE encoding <> 'plain' LIMIT 1";

/** True when some object cannot be read without the keys. Asked once a start, and only where the keys are looked for. */
export function hasSealedObjects(db: ReadableDb): boolean {
  return prepared(db, HAS_SEALED).get() !== undefined;
}

/** Walks the primary key. What was evicted is not here on purpose, and is passed over. */
export const LIST_OBJECTS_AFTER = `
  SELECT digest, encoding, size_bytes AS sizeBytes, body_offset AS bodyOffset FROM objects
   WHERE digest > ? AND evicted_at_ms IS NULL ORDER BY digest LIMIT ?
`;
const SUM_SIZES = `
  SELECT coalesce(sum(size_bytes), 0) AS bytes FROM objects
   WHERE digest IN (SELECT value FROM json_each(?)) AND evicted_at_ms IS NULL
`;
const IS_HERE = 'SELECT 1 FROM objects WHERE digest = ? AND encoding = ? AND evicted_at_ms IS NULL';
const EVICT_RECORD = 'UPDATE objects SET evicted_at_ms = ? WHERE digest = ? AND evicted_at_ms IS NULL';
const SEAL_RECORD = 'UPDATE objects SET encoding = ? WHERE digest = ? AND encoding = ?';
const MARK_DAMAGED =
  'INSERT INTO damaged_objects (digest, condition, found_at_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING';
const FIND_DAMAGE = 'SELECT condition FROM damaged_objects WHERE digest = ?';
const CLEAR_DAMAGE = 'DELETE FROM damaged_objects WHERE digest = ?';
const COUNT_DAMAGED = 'SELECT count(*) AS damaged FROM damaged_objects';

/** Objects that should be here, in the order of their digests. */
export function listObjectsAfter(db: ReadableDb, digest: string, limit: number): readonly ObjectRecord[] {
  return prepared<ObjectRecord>(db, LIST_OBJECTS_AFTER).all(digest, limit);
}

/** True when the file of a record should be here, as the record says it stands. */
export function isExpected(db: ReadableDb, digest: string, encoding: ObjectEncoding): boolean {
  return prepared(db, IS_HERE).get(digest, encoding) !== undefined;
}

/** What the files of these objects take up, in plain bytes; of those that were let go nothing. */
export function sumSizes(db: ReadableDb, digests: readonly string[]): number {
  return prepared<{ bytes: number }>(db, SUM_SIZES).get(JSON.stringify(digests))?.bytes ?? 0;
}

/** Records that an object's file is let go on purpose; false where it was before. The file is removed after this is committed. */
export function recordEvicted(db: WritableDb, digest: string, atMs: number): boolean {
  return prepared(db, EVICT_RECORD).run(atMs, digest).changes > 0;
}

/** Records that an object kept plain now stands sealed; false where no record says it was plain. */
export function recordSealed(db: WritableDb, digest: string, encoding: Exclude<ObjectEncoding, 'plain'>): boolean {
  return prepared(db, SEAL_RECORD).run(encoding, digest, 'plain').changes > 0;
}

/** Why an object's bytes cannot be had. */
export type Damage = 'damaged' | 'missing' | 'key-unknown';

/** Marks an object whose bytes cannot be had; false when it was marked before. */
export function markDamaged(db: WritableDb, digest: string, condition: Damage, atMs: number): boolean {
  return prepared(db, MARK_DAMAGED).run(digest, condition, atMs).changes > 0;
}

/** Takes the mark away; false when there was none. */
export function clearDamage(db: WritableDb, digest: string): boolean {
  return prepared(db, CLEAR_DAMAGE).run(digest).changes > 0;
}

export function isDamaged(db: ReadableDb, digest: string): boolean {
  return findDamage(db, digest) !== null;
}

/** Why an object's bytes cannot be had, as far as is known; null: they can. */
export function findDamage(db: ReadableDb, digest: string): Damage | null {
  return prepared<{ condition: Damage }>(db, FIND_DAMAGE).get(digest)?.condition ?? null;
}

/** Objects of every site whose bytes cannot be had. */
export function countDamaged(db: ReadableDb): number {
  return prepared<{ damaged: number }>(db, COUNT_DAMAGED).get()?.damaged ?? 0;
}

const COUNT_OBJECTS =
  'SELECT count(*) AS count, coalesce(sum(size_bytes), 0) AS sizeBytes FROM objects WHERE evicted_at_ms IS NULL';

/** How many objects should be here, and their plain bytes; walks every record. */
export function countObjects(db: ReadableDb): { readonly count: number; readonly sizeBytes: number } {
  return prepared<{ count: number; sizeBytes: number }>(db, COUNT_OBJECTS).get() ?? { count: 0, sizeBytes: 0 };
}
