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
  ON CONFLICT (site_id, digest, reason) DO UPDATE
     SET state = 'held', settled_at_ms = NULL, settled_by = NULL, settled_because = NULL, sop_uid = excluded.sop_uid,
         study_id = excluded.study_id, peer_id = excluded.peer_id, received_at_ms = excluded.received_at_ms
   WHERE state = 'released'
  RETURNING quarantine_id AS quarantineId
`;
const LIST_OF_STUDY = `
  SELECT reason, received_at_ms AS atMs FROM quarantine WHERE study_id = ? AND state = 'held' ORDER BY received_at_ms
`;
/** Walks quarantine_by_study. */
export const IS_IN_QUARANTINE = "SELECT 1 FROM quarantine WHERE study_id = ? AND state = 'held' LIMIT 1";
const COUNT_HELD = "SELECT count(*) AS held FROM quarantine WHERE site_id = ? AND state = 'held'";

/**
 * Sets an object aside once per digest and reason, however often it is sent again; one that was let in once and conflicts
 * anew waits for a person anew, and one that was discarded stays so.
 */
export function quarantineObject(db: WritableDb, aside: SetAside): void {
  inTransaction(db, () => {
    const { siteId, peerId } = aside.association.peer;
    const { digest } = aside.object;
    recordObject(db, aside.object, aside.atMs);
    const row = {
      quarantineId: freshRowId(),
      siteId,
      digest,
      reason: aside.reason,
      sopUid: aside.sopUid,
      studyId: aside.studyId,
      peerId,
      atMs: aside.atMs,
    };
    const held = prepared<{ quarantineId: string }>(db, INSERT_QUARANTINE).get(row);
    if (held === undefined) return;
    const { quarantineId } = held;
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

/** Whether an object that would touch the study waits for a person. */
export function isInQuarantine(db: ReadableDb, studyId: string): boolean {
  return prepared(db, IS_IN_QUARANTINE).get(studyId) !== undefined;
}

export function countQuarantined(db: ReadableDb, siteId: string): number {
  return prepared<{ held: number }>(db, COUNT_HELD).get(siteId)?.held ?? 0;
}
