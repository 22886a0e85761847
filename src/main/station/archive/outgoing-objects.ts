import type { OutgoingInstance } from '../dicom/scu.ts';
import type { ObjectReader } from '../platform/objects/object-store.ts';
import { findObject, isDamaged, isExpected, type ObjectRecord } from '../platform/objects/records.ts';
import type { SendablePath } from './find-studies.ts';
import type { ReadableDb } from '../platform/store/database.ts';

/** The current version of one instance, as it is to be sent. */
export type SendableInstance = Pick<SendablePath, 'sopUid' | 'sopClassUid' | 'transferSyntaxUid' | 'digest'>;

/** What can be sent of some instances, and the UIDs of those whose bytes are not to be had. */
export type Outgoing = { readonly instances: readonly OutgoingInstance[]; readonly unavailable: readonly string[] };

const CHUNK_BYTES = 1024 * 1024;

/**
 * Objects as they were received, read from the store only as they are sent. One that was let go from the cache, or is known to
 * be damaged, is not there to be sent.
 */
export function outgoingObjects(db: ReadableDb, objects: ObjectReader, wanted: readonly SendableInstance[]): Outgoing {
  const instances: OutgoingInstance[] = [];
  const unavailable: string[] = [];
  for (const { sopUid, sopClassUid, transferSyntaxUid, digest } of wanted) {
    const object = findObject(db, digest);
    if (object === null || isDamaged(db, digest) || !isExpected(db, digest, object.encoding)) {
      unavailable.push(sopUid);
      continue;
    }
    instances.push({
      sopClassUid,
      sopInstanceUid: sopUid,
      transferSyntaxUid,
      dataSet: () => dataSetBytes(objects, object),
    });
  }
  return { instances, unavailable };
}

async function* dataSetBytes(objects: ObjectReader, object: ObjectRecord): AsyncGenerator<Uint8Array> {
  const { digest, encoding, bodyOffset, sizeBytes } = object;
  for (let start = bodyOffset; start < sizeBytes; start += CHUNK_BYTES) {
    yield await objects.readRange(digest, encoding, start, Math.min(CHUNK_BYTES, sizeBytes - start));
  }
}
