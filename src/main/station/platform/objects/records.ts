import { prepared, type ReadableDb, type WritableDb } from '../store/database.ts';
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
  ON CONFLICT (digest) DO UPDATE SET encoding = excluded.encoding, size_bytes = excluded.size_bytes, body_offset = excluded.body_offset
   WHERE (encoding, size_bytes, body_offset) IS NOT (excluded.encoding, excluded.size_bytes, excluded.body_offset)
`;
const FIND_OBJECT =
  'SELECT digest, encoding, size_bytes AS sizeBytes, body_offset AS bodyOffset FROM objects WHERE digest = ?';

/** Records a kept file, in the transaction that refers to it; one that took an earlier file's place may have another header, or be the first sealed one. */
export function recordObject(db: WritableDb, object: ObjectRecord, storedAtMs: number): void {
  prepared(db, INSERT_OBJECT).run({ ...object, storedAtMs });
}

export function findObject(db: ReadableDb, digest: string): ObjectRecord | null {
  return prepared<ObjectRecord>(db, FIND_OBJECT).get(digest) ?? null;
}

const HAS_SEALED = "SELECT 1 FROM objects WHERE encoding <> 'plain' LIMIT 1";

/** True when some object cannot be read without the keys. Asked once a start, and only where the keys are looked for. */
export function hasSealedObjects(db: ReadableDb): boolean {
  return prepared(db, HAS_SEALED).get() !== undefined;
}
