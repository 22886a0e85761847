import { implicitForm } from '../dicom/dataset/implicit-form.ts';
import type { OutgoingInstance } from '../dicom/scu.ts';
import { EXPLICIT_LITTLE_ENDIAN, findTransferSyntax, IMPLICIT_LITTLE_ENDIAN } from '../dicom/transfer-syntaxes.ts';
import type { ObjectReader } from '../platform/objects/object-store.ts';
import { findSound, type ObjectRecord } from '../platform/objects/records.ts';
import type { ReadableDb } from '../platform/store/database.ts';
import { findSendable, type InstanceKeys, type SendablePath } from './find-studies.ts';
import { type LeavingObject, openForSending, piecesOf } from './open-for-sending.ts';

/** Writes a stored object anew in explicit VR little endian, its frames decoded; null where that cannot be done. */
export type WriteExplicit = (stored: SendablePath & ObjectRecord) => Promise<AsyncIterable<Uint8Array> | null>;

/** What sending takes: the rows, the bytes, and a way to unpack for peers that take no compression. */
export type OutgoingTools = {
  readonly db: ReadableDb;
  readonly objects: ObjectReader;
  readonly writeExplicit: WriteExplicit;
};

/** A current object, and its file; `stored` is null where its bytes are not to be had: let go from the cache, or damaged. */
export type OutgoingPath = SendablePath & { readonly stored: ObjectRecord | null };

/**
 * The current objects of everything that matches and nobody hid, with their files, no more than `limit`. Costs two look-ups an
 * object: to be asked of a reader thread.
 */
export function findOutgoing(
  db: ReadableDb,
  siteIds: readonly string[],
  keys: InstanceKeys,
  limit?: number,
): readonly OutgoingPath[] {
  return findSendable(db, siteIds, keys, limit).map((path) => ({ ...path, stored: findSound(db, path.digest) }));
}

/** What can be sent of some instances, and the UIDs of those whose bytes are not to be had. */
export type Outgoing = { readonly instances: readonly OutgoingInstance[]; readonly unavailable: readonly string[] };

/**
 * Objects as they were received or corrected, read from the store only as they are sent; for a peer that does not take their transfer syntax,
 * written anew on the way. One that was let go from the cache, or is known to be damaged, is not there to be sent.
 */
export function outgoingObjects(tools: OutgoingTools, wanted: readonly OutgoingPath[]): Outgoing {
  const instances: OutgoingInstance[] = [];
  const unavailable: string[] = [];
  for (const { stored, ...path } of wanted) {
    if (stored === null) {
      unavailable.push(path.sopUid);
      continue;
    }
    instances.push({
      sopClassUid: path.sopClassUid,
      sopInstanceUid: path.sopUid,
      transferSyntaxUid: path.transferSyntaxUid,
      dataSet: () => dataSetBytes(tools, path, stored),
      otherForms: otherForms(tools, path, stored),
    });
  }
  return { instances, unavailable };
}

/** Explicit little endian goes out as implicit too, all that can be decoded as explicit. */
function otherForms(
  tools: OutgoingTools,
  path: SendablePath,
  object: ObjectRecord,
): NonNullable<OutgoingInstance['otherForms']> {
  const { transferSyntaxUid } = path;
  if (transferSyntaxUid === EXPLICIT_LITTLE_ENDIAN) {
    const implicit = async () => implicitForm((await opened(tools, path, object)).dataSet);
    return [{ transferSyntaxUid: IMPLICIT_LITTLE_ENDIAN, dataSet: () => written(implicit) }];
  }
  if (findTransferSyntax(transferSyntaxUid)?.isDecodable !== true) return [];
  const dataSet = () => written(() => tools.writeExplicit({ ...path, ...object }));
  return [{ transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN, dataSet }];
}

/** Begins to write when the first piece is asked for; what cannot be written is as what cannot be read. */
async function* written(write: () => Promise<AsyncIterable<Uint8Array> | null>): AsyncGenerator<Uint8Array> {
  const pieces = await write();
  if (pieces === null) throw new Error('the object cannot be written in another transfer syntax');
  yield* pieces;
}

async function* dataSetBytes(
  tools: OutgoingTools,
  path: SendablePath,
  object: ObjectRecord,
): AsyncGenerator<Uint8Array> {
  yield* piecesOf((await opened(tools, path, object)).dataSet);
}

/** What cannot be corrected cannot be read for sending. */
async function opened(tools: OutgoingTools, path: SendablePath, object: ObjectRecord): Promise<LeavingObject> {
  const leaving = await openForSending(tools, path, object, 'system');
  if (!leaving.ok) throw new Error(leaving.error.code);
  return leaving.value;
}
