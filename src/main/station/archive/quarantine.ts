import type { QuarantineReason } from '../../../shared/domain/study.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { type ObjectRecord, recordObject } from '../platform/objects/records.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import type { ArchiveAssociation } from './associations.ts';

/** An object set aside: kept, never shown as part of a study, waiting for a person. */
export type SetAside = {
  readonly object: ObjectRecord;
  readonly reason: QuarantineReason;
  readonly sopUid: string | null;
  /** The study it would have touched, when one is known. */
  readonly studyId: string | null;
  readonly association: ArchiveAssociation;
  readonly atMs: number;
};

const INSERT_QUARANTINE = `
  INSERT INTO quarantine (quarantine_id, site_id, digest, reason, state, sop_uid, study_id, peer_id, received_at_ms)
  VALUES (@quarantineId, @siteId, @digest, @reason, 'held', @sopUid, @studyId, @peerId, @atMs)
  ON CONFLICT (site_id, digest, reason) DO NOTHING
`;
const LIST_OF_STUDY = `
  SELECT reason, received_at_ms AS atMs FROM quarantine WHERE study_id = ? AND state = 'held' ORDER BY received_at_ms
`;
const COUNT_HELD = "SELECT count(*) AS held FROM quarantine WHERE site_id = ? AND state = 'held'";

/** Sets an object aside once per digest and reason, however often it is sent again. */
export function quarantineObject(db: WritableDb, aside: SetAside): void {
  inTransaction(db, () => {
    const { siteId, peerId } = aside.association.peer;
    const { digest } = aside.object;
    const quarantineId = freshRowId();
    recordObject(db, aside.object, aside.atMs);
    const row = {
      quarantineId,
      siteId,
      digest,
      reason: aside.reason,
      sopUid: aside.sopUid,
      studyId: aside.studyId,
      peerId,
      atMs: aside.atMs,
    };
    if (prepared(db, INSERT_QUARANTINE).run(row).changes === 0) return;
    appendEvent(db, {
      kind: 'instance-quarantined',
      payload: { quarantineId, digest, reason: aside.reason },
      siteId,
      studyId: aside.studyId,
      actor: { kind: 'peer', id: peerId },
      correlationId: aside.association.associationId,
      atMs: aside.atMs,
    });
  });
}

export function listQuarantineOf(
  db: ReadableDb,
  studyId: string,
): { readonly reason: QuarantineReason; readonly atMs: number }[] {
  return prepared<{ reason: QuarantineReason; atMs: number }>(db, LIST_OF_STUDY).all(studyId);
}

export function countQuarantined(db: ReadableDb, siteId: string): number {
  return prepared<{ held: number }>(db, COUNT_HELD).get(siteId)?.held ?? 0;
}
