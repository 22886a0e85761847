import type { Release } from '../../../shared/domain/correction.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { QuarantineReason } from '../../../shared/domain/study.ts';
import { freshRowId } from '../platform/ids.ts';
import { findObject, type ObjectRecord } from '../platform/objects/records.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import type { ArchiveAssociation } from './associations.ts';
import { checkObject } from './check-object.ts';
import type { Filing } from './filing.ts';
import { isIdentified } from './identified-instance.ts';
import { healObject } from './integrity.ts';
import { findQuarantined, type QuarantineRow } from './list-quarantine.ts';
import type { Peer } from './peers.ts';
import { type Archive, fileReadable, readArrived } from './receive-object.ts';
import { settleRow, type Settling, whileClaimed } from './settle-quarantined.ts';
import { openBody } from './stored-dataset.ts';

/** What filing an object again came to: it is in a study now, or still set aside, perhaps for another reason. */
export type FiledAgain =
  | { readonly outcome: 'filed' }
  | { readonly outcome: 'still-held'; readonly reason: QuarantineReason };

export type FilingAgainFailure = {
  readonly code:
    | 'quarantined-not-found'
    | 'already-settled'
    | 'being-settled'
    | 'object-not-here'
    | 'sender-unknown'
    | 'release-does-not-apply';
};

const FIND_SENDER = `
  SELECT intent, new_within_days AS newWithinDays, issuer_of_patient_id AS issuerOfPatientId FROM peers WHERE peer_id = ?
`;
/** Filed again by a person, the object comes as if its sender had brought it in an association that ended well. */
const REOPEN = `
  INSERT INTO associations (association_id, site_id, peer_id, intent, opened_at_ms, ended_at_ms, state)
  VALUES (@associationId, @siteId, @peerId, @intent, @atMs, @atMs, 'released')
`;

/**
 * Files an object that was set aside again, by the same table: after what stood against it was resolved, or by a newer
 * program that can read it. With a release a person lets it in where the table would not. An object whose command named
 * other UIDs is filed by its own.
 */
export async function fileQuarantined(
  archive: Archive,
  input: Settling & { readonly release?: Release },
): Promise<Result<FiledAgain, FilingAgainFailure>> {
  const filed = await whileClaimed(archive.db, input.quarantineId, () => fileHeld(archive, input));
  return filed ?? err({ code: 'being-settled' });
}

async function fileHeld(
  archive: Archive,
  input: Settling & { readonly release?: Release },
): Promise<Result<FiledAgain, FilingAgainFailure>> {
  const { db } = archive;
  const row = findQuarantined(db, input.siteId, input.quarantineId);
  if (row === null) return err({ code: 'quarantined-not-found' });
  if (row.state !== 'held') return err({ code: 'already-settled' });
  const object = findObject(db, row.digest);
  if (object === null) throw new Error('a quarantined object has no record');
  const condition = await checkObject(archive.objects, object.digest, object.encoding);
  if (row.reason === 'damaged-at-rest') {
    if (condition !== 'sound') return ok({ outcome: 'still-held', reason: row.reason });
    healObject(db, object, input.actor, input.atMs);
    return ok({ outcome: 'filed' });
  }
  if (condition !== 'sound') return err({ code: 'object-not-here' });
  const filing = await prepareFiling(archive, object);
  if (typeof filing === 'string') return ok({ outcome: 'still-held', reason: filing });
  const association = reopenAssociation(db, row, input.atMs);
  if (association === null) return err({ code: 'sender-unknown' });
  const release = input.release === undefined ? {} : { release: { how: input.release, actor: input.actor } };
  const settled = await fileReadable(archive, { ...filing, ...release, object, association, quiet: archive.quiet });
  if (settled.state === 'does-not-apply') return err({ code: settled.code });
  if (settled.state === 'quarantined' && settled.reason === row.reason)
    return ok({ outcome: 'still-held', reason: row.reason });
  const because = input.release ?? 'filed-again';
  const { actor, atMs } = input;
  inTransaction(db, () => {
    const how = settled.state === 'quarantined' ? 'set-aside-anew' : 'filed';
    settleRow(db, row, { state: 'released', how, because, actor, atMs });
  });
  return ok(settled.state === 'quarantined' ? { outcome: 'still-held', reason: settled.reason } : { outcome: 'filed' });
}

/** What is filed, or why it still cannot be. */
async function prepareFiling(
  { objects }: Archive,
  object: ObjectRecord,
): Promise<Pick<Filing, 'instance' | 'frameIndex' | 'transferSyntaxUid'> | 'unreadable' | 'identifiers-missing'> {
  const body = await openBody(objects, object);
  const read = body === null ? null : await readArrived(body, body.transferSyntaxUid);
  if (body === null || read === null) return 'unreadable';
  const { instance, frameIndex } = read;
  return isIdentified(instance)
    ? { instance, frameIndex, transferSyntaxUid: body.transferSyntaxUid }
    : 'identifiers-missing';
}

function reopenAssociation(db: WritableDb, { siteId, peerId }: QuarantineRow, atMs: number): ArchiveAssociation | null {
  const sender =
    peerId === null
      ? undefined
      : prepared<Pick<Peer, 'intent' | 'newWithinDays' | 'issuerOfPatientId'>>(db, FIND_SENDER).get(peerId);
  if (peerId === null || sender === undefined) return null;
  const associationId = freshRowId();
  const { intent } = sender;
  inTransaction(db, () => prepared(db, REOPEN).run({ associationId, siteId, peerId, intent, atMs }));
  // What a note rejects was never let in by this: a person files objects, and hides them by their own word.
  return { associationId, peer: { ...sender, peerId, siteId, services: [] } };
}
