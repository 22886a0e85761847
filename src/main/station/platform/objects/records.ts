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
  ON CONFLICT (digest) DO UPDATE SET size_bytes = excluded.size_bytes, body_offset = excluded.body_offset
   WHERE (size_bytes, body_offset) IS NOT (excluded.size_bytes, excluded.body_offset)
`;
const FIND_OBJECT =
  'SELECT digest, encoding, size_bytes AS sizeBytes, body_offset AS bodyOffset FROM objects WHERE digest = ?';

/** Records a kept file, in the transaction that refers to it; one that took a damaged file's place may have another header. */
export function recordObject(db: WritableDb, object: ObjectRecord, storedAtMs: number): void {
  prepared(db, INSERT_OBJECT).run({ ...object, storedAtMs });
}

export function findObject(db: ReadableDb, digest: string): ObjectRecord | null {
  return prepared<ObjectRecord>(db, FIND_OBJECT).get(digest) ?? null;
}
