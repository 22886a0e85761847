import type { ObjectReader } from '../platform/objects/object-store.ts';
import { findObject, type ObjectRecord } from '../platform/objects/records.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { type ComparedAttribute, compareHeaders } from './compare-headers.ts';
import { FIND_CURRENT } from './file-instance.ts';
import type { QuarantineRow } from './list-quarantine.ts';
import { readStoredDataset } from './stored-dataset.ts';

/** What an object set aside says, beside the one that stands in its place. */
export type QuarantinedObject = {
  readonly sizeBytes: number;
  /** False where its attributes cannot be read: then none are listed. */
  readonly isReadable: boolean;
  /** The study in which another object of the same SOP Instance UID stands; null where there is none. */
  readonly standsInStudyId: string | null;
  /** False where that other object was let go, or cannot be read: there is nothing to compare with. */
  readonly isCurrentHere: boolean;
  readonly attributes: readonly ComparedAttribute[];
};

type Current = { readonly studyId: string; readonly digest: string };

/** Reads an object set aside, and the current version of its SOP Instance UID where another one is. */
export async function describeQuarantined(
  db: ReadableDb,
  objects: ObjectReader,
  row: QuarantineRow,
): Promise<QuarantinedObject> {
  const object = findObject(db, row.digest);
  if (object === null) throw new Error('a quarantined object has no record');
  const current = row.sopUid === null ? undefined : prepared<Current>(db, FIND_CURRENT).get(row.siteId, row.sopUid);
  const other = current === undefined || current.digest === row.digest ? null : findObject(db, current.digest);
  const [held, stands] = await Promise.all([read(objects, object), other === null ? null : read(objects, other)]);
  return {
    sizeBytes: object.sizeBytes,
    isReadable: held !== null,
    standsInStudyId: other === null ? null : (current?.studyId ?? null),
    isCurrentHere: other === null || stands !== null,
    attributes: compareHeaders(held, stands),
  };
}

/** A file that is gone or damaged has nothing to show; that is said, not thrown. */
async function read(objects: ObjectReader, object: ObjectRecord) {
  try {
    return await readStoredDataset(objects, object);
  } catch {
    return null;
  }
}
