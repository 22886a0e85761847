import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';

/** How an archive came to be known to hold an object: it committed to it (PS3.4 Annex J), or named it when it was asked. */
export type ProofSource = 'commitment' | 'query';

/** What an archive is known to hold. */
export type Proof = {
  readonly siteId: string;
  /** The peer that holds it. */
  readonly peerId: string;
  readonly source: ProofSource;
  /** `digest`: the version it was asked about; left out, the one current now. */
  readonly instances: readonly { readonly sopUid: string; readonly digest?: string | undefined }[];
  readonly atMs: number;
};

const PUT_PROOF = `
  INSERT INTO archive_proofs (site_id, sop_uid, digest, peer_id, source, proven_at_ms)
  SELECT site_id, sop_uid, digest, @peerId, @source, @atMs FROM instance_versions
   WHERE site_id = @siteId AND sop_uid = @sopUid AND iif(@digest IS NULL, is_current = 1, digest = @digest)
  ON CONFLICT (site_id, sop_uid, digest) DO UPDATE
     SET peer_id = excluded.peer_id, source = excluded.source, proven_at_ms = excluded.proven_at_ms
   WHERE source <> 'commitment' OR excluded.source = 'commitment'
`;
/** A current object of a study that no active archive of its site is known to hold. Walks instances_by_study. */
export const FIND_UNPROVEN = `
  SELECT i.instance_id AS instanceId FROM instances i
    JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
   WHERE i.study_id = ?
     AND NOT EXISTS (SELECT 1 FROM archive_proofs p JOIN peers a ON a.peer_id = p.peer_id
                      WHERE p.site_id = v.site_id AND p.sop_uid = v.sop_uid AND p.digest = v.digest
                        AND a.is_archive = 1 AND a.state = 'active')
   LIMIT 1
`;

/** Remembers that an archive holds objects of a site; one that is not here is passed over. Gives how many were remembered. Idempotent. */
export function recordProof(db: WritableDb, { siteId, peerId, source, instances, atMs }: Proof): number {
  return inTransaction(db, () =>
    instances.reduce(
      (sum, { sopUid, digest = null }) =>
        sum + prepared(db, PUT_PROOF).run({ siteId, peerId, source, sopUid, digest, atMs }).changes,
      0,
    ),
  );
}

/** Whether an archive of its site is known to hold every current object of the study, in the version that is here. */
export function isHeldElsewhere(db: ReadableDb, studyId: string): boolean {
  return prepared(db, FIND_UNPROVEN).get(studyId) === undefined;
}
