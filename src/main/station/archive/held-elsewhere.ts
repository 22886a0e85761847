import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { CORRECTED_AT_MS } from './find-studies.ts';

/** How an archive came to be known to hold an object: it committed to it (PS3.4 Annex J), or named it when it was asked. */
export type ProofSource = 'commitment' | 'query';

/** What an archive is known to hold. */
export type Proof = {
  readonly siteId: string;
  /** The peer that holds it. */
  readonly peerId: string;
  readonly source: ProofSource;
  /** `digest`: the version it was asked about; left out, the one current now. */
  readonly instances: readonly {
    readonly sopUid: string;
    readonly digest?: string | undefined;
    /** It took it from us; and when it was corrected whose it is, as it left. Left out or 0, it has it from elsewhere. */
    readonly isTaken?: 0 | 1;
    readonly correctedAtMs?: number | null;
  }[];
  readonly atMs: number;
};

const PUT_PROOF = `
  INSERT INTO archive_proofs (site_id, sop_uid, digest, peer_id, source, proven_at_ms, corrected_at_ms)
  SELECT site_id, sop_uid, digest, @peerId, @source, @atMs, @correctedAtMs FROM instance_versions
   WHERE site_id = @siteId AND sop_uid = @sopUid AND iif(@digest IS NULL, is_current = 1, digest = @digest)
  ON CONFLICT (site_id, sop_uid, digest) DO UPDATE
     SET withdrawn_at_ms = NULL, peer_id = excluded.peer_id, source = excluded.source, proven_at_ms = excluded.proven_at_ms,
         corrected_at_ms = iif(@isTaken OR peer_id <> excluded.peer_id, excluded.corrected_at_ms, corrected_at_ms)
   WHERE withdrawn_at_ms IS NOT NULL OR source <> 'commitment' OR excluded.source = 'commitment' OR @isTaken
`;
const WITHDRAW = `
  UPDATE archive_proofs SET withdrawn_at_ms = @atMs
   WHERE site_id = @siteId AND sop_uid = @sopUid AND digest = @digest AND withdrawn_at_ms IS NULL
     AND (@peerId IS NULL OR peer_id IN (SELECT p.peer_id FROM peers p JOIN peers c ON c.ae_title = p.ae_title WHERE c.peer_id = @peerId))
`;
/** A current object of a study that no active archive of its site is known to hold. Walks instances_by_study. */
export const FIND_UNPROVEN = `
  SELECT i.instance_id AS instanceId FROM instances i
    JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
   WHERE i.study_id = ?
     AND NOT EXISTS (SELECT 1 FROM archive_proofs p JOIN peers a ON a.peer_id = p.peer_id
                      WHERE p.site_id = v.site_id AND p.sop_uid = v.sop_uid AND p.digest = v.digest AND p.withdrawn_at_ms IS NULL
                        AND a.is_archive = 1 AND a.state = 'active')
   LIMIT 1
`;

/** One of a study that the archive has under another patient or study than it is here: from before a correction, or its undoing. */
const FIND_UNDER_OTHER_IDENTITY = `
  SELECT i.instance_id AS instanceId FROM studies s JOIN instances i ON i.study_id = s.study_id
    JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
    JOIN archive_proofs p ON p.site_id = v.site_id AND p.sop_uid = v.sop_uid AND p.digest = v.digest AND p.withdrawn_at_ms IS NULL
   WHERE s.study_id = ? AND p.corrected_at_ms IS NOT ${CORRECTED_AT_MS} LIMIT 1
`;
const FIND_CORRECTED = `SELECT ${CORRECTED_AT_MS} AS correctedAtMs FROM studies s WHERE s.study_id = ?`;

/** Remembers that an archive holds objects of a site; one that is not here is passed over. Gives how many were remembered. Idempotent. */
export function recordProof(db: WritableDb, { siteId, peerId, source, instances, atMs }: Proof): number {
  return inTransaction(db, () =>
    instances.reduce(
      (sum, { sopUid, digest = null, isTaken = 0, correctedAtMs = null }) =>
        sum +
        prepared(db, PUT_PROOF).run({ siteId, peerId, source, sopUid, digest, isTaken, correctedAtMs, atMs }).changes,
      0,
    ),
  );
}

/**
 * Lets the proof that an archive holds a version count no more until it is proven anew: where the peer has it, under any of its
 * entries, or whoever has (`peerId` left out). That it was there once stays on record: nobody can tell that it is not kept still.
 */
export function withdrawProof(
  db: WritableDb,
  of: { readonly siteId: string; readonly sopUid: string; readonly digest: string; readonly peerId?: string },
  atMs: number,
): void {
  const { siteId, sopUid, digest, peerId = null } = of;
  prepared(db, WITHDRAW).run({ siteId, sopUid, digest, peerId, atMs });
}

/**
 * Whether archives of its site are known to hold every current object of a study in the version that is here: as whose it is
 * here, or some of it as whose it was before a correction.
 */
export function findHolding(db: ReadableDb, studyId: string): 'as-here' | 'under-former-identity' | 'not' {
  if (prepared(db, FIND_UNPROVEN).get(studyId) !== undefined) return 'not';
  return prepared(db, FIND_UNDER_OTHER_IDENTITY).get(studyId) === undefined ? 'as-here' : 'under-former-identity';
}

/** Whether an archive of its site is known to hold every current object of the study, in the version that is here and as whose it is here. */
export function isHeldElsewhere(db: ReadableDb, studyId: string): boolean {
  return findHolding(db, studyId) === 'as-here';
}

/** Whether people gave a study to another patient or split it off: what an archive gives back of it are not the bytes that are here. */
export function isCorrected(db: ReadableDb, studyId: string): boolean {
  return (prepared<{ correctedAtMs: number | null }>(db, FIND_CORRECTED).get(studyId)?.correctedAtMs ?? null) !== null;
}
