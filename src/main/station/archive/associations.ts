import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { type JobHandler, scheduleJob } from '../platform/jobs/jobs.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { NO_ROOM_PAUSE_MS, whenRoom } from '../platform/store/when-room.ts';
import { judgeStudies, type QuietTimes, SHIPPED_RULES } from './completeness.ts';
import { type Caller, findPeer, findUsualIssuer, listPeers, type Peer } from './peers.ts';
import { oweCounts } from './sender-counts.ts';

/** An association as the archive knows it while it lasts. */
export type ArchiveAssociation = { readonly associationId: string; readonly peer: Peer };

/** How an association ended and what passed over it; `rules` as configured, or as shipped where they are left out. */
export type AssociationEnd = {
  readonly how: 'released' | 'aborted' | 'failed';
  readonly stored: number;
  readonly refused: number;
  readonly atMs: number;
  readonly rules?: QuietTimes;
};

type Ended = { readonly associationId: string; readonly siteId: string; readonly peerId: string };

const OPEN_ASSOCIATION = `
  INSERT INTO associations (association_id, site_id, peer_id, intent, opened_at_ms, state)
  VALUES (@associationId, @siteId, @peerId, @intent, @atMs, 'open')
`;
const END_ASSOCIATION = 'UPDATE associations SET state = ?, ended_at_ms = ? WHERE association_id = ?';
/** What a peer has stored of an association's studies since it was opened, by the rows: nobody lived to count. */
const LIST_LEFT_OPEN = `
  SELECT a.association_id AS associationId, a.site_id AS siteId, a.peer_id AS peerId,
         (SELECT count(*) FROM study_associations s JOIN instances i ON i.study_id = s.study_id
            JOIN instance_versions v ON v.site_id = i.site_id AND v.sop_uid = i.sop_uid
           WHERE s.association_id = a.association_id AND v.peer_id = a.peer_id AND v.received_at_ms >= a.opened_at_ms) AS stored
    FROM associations a WHERE a.state = 'open'
`;

/** Walks study_associations_by_association. */
export const LIST_SOME_STUDIES = `
  SELECT study_id AS studyId FROM study_associations
   WHERE association_id = ? AND study_id > ? ORDER BY study_id LIMIT 16
`;
const FIND_ASSOCIATION =
  'SELECT association_id AS associationId, site_id AS siteId, peer_id AS peerId FROM associations WHERE association_id = ?';
/** Judges the next studies of an association that brought more than are judged in one transaction. */
const CONCLUDING_JOB = 'archive-concluding';
const STEP = 16;
const UNTIL_DONE = new AbortController().signal;

/** Lets a known peer in while there is room, and remembers the association; or says why not. */
export function admitAssociation(
  db: WritableDb,
  caller: Caller,
  associationId: string,
  atMs: number,
  hasRoom = true,
): Result<ArchiveAssociation, { code: 'unknown-peer' | 'no-room' }> {
  return inTransaction(db, () => {
    const peer = findPeer(db, caller);
    if (peer === null) return err({ code: 'unknown-peer' });
    if (!hasRoom) return err({ code: 'no-room' });
    prepared(db, OPEN_ASSOCIATION).run({
      associationId,
      siteId: peer.siteId,
      peerId: peer.peerId,
      intent: peer.intent,
      atMs,
    });
    return ok({ associationId, peer });
  });
}

/**
 * Remembers an association of our own, over which a peer sends what we asked it for: all of it is for comparison. The peer may
 * what it may when it calls: a rejection note that it may send is honoured here too.
 */
export function openRetrieving(
  db: WritableDb,
  { siteId, peerId }: { readonly siteId: string; readonly peerId: string },
  associationId: string,
  atMs: number,
): ArchiveAssociation {
  return inTransaction(db, () => {
    const intent = 'comparison';
    prepared(db, OPEN_ASSOCIATION).run({ associationId, siteId, peerId, intent, atMs });
    const services = listPeers(db, siteId).find((peer) => peer.peerId === peerId)?.services ?? [];
    return {
      associationId,
      peer: { peerId, siteId, intent, services, issuerOfPatientId: findUsualIssuer(db, peerId) },
    };
  });
}

/**
 * Closes an association's record and asks again whether the studies it brought are complete: of the first sixteen at once, of
 * more by jobs, so that a transfer of thousands of studies holds nobody up.
 */
export function endAssociation(db: WritableDb, association: ArchiveAssociation, end: AssociationEnd): void {
  inTransaction(db, () => {
    prepared(db, END_ASSOCIATION).run(end.how, end.atMs, association.associationId);
    const { associationId, peer } = association;
    if (end.stored + end.refused > 0 || end.how !== 'released')
      tellEnd(db, { associationId, siteId: peer.siteId, peerId: peer.peerId }, end);
    const rules = end.rules ?? SHIPPED_RULES;
    conclude(db, { associationId, siteId: peer.siteId, peerId: peer.peerId }, end.how, rules, end.atMs);
  });
}

/**
 * As `endAssociation`; where the disk has no room for it, tried again until it has: what is stored is judged then, and nobody
 * sees an association open that is not. A station that ends before leaves that to its next start. What fails for another
 * reason is told.
 */
export function endAssociationWhenRoom(
  db: WritableDb,
  association: ArchiveAssociation,
  end: AssociationEnd,
  onFailure: (error: unknown) => void,
  pauseMs = NO_ROOM_PAUSE_MS,
): void {
  const work = () => {
    if (db.open) endAssociation(db, association, end); // else the station has ended
  };
  void whenRoom(work, UNTIL_DONE, pauseMs).catch(onFailure);
}

/** At a start: associations that a killed process left open have failed. What they refused is not known any more. */
export function endAssociationsLeftOpen(db: WritableDb, atMs: number, rules: QuietTimes = SHIPPED_RULES): void {
  inTransaction(db, () => {
    for (const { stored, ...association } of prepared<Ended & { stored: number }>(db, LIST_LEFT_OPEN).all()) {
      prepared(db, END_ASSOCIATION).run('failed', atMs, association.associationId);
      tellEnd(db, association, { how: 'failed', stored, refused: 0, atMs });
      conclude(db, association, 'failed', rules, atMs);
    }
  });
}

function conclude(
  db: WritableDb,
  { associationId, siteId, peerId }: Ended,
  how: AssociationEnd['how'],
  rules: QuietTimes,
  atMs: number,
  after = '',
): void {
  const studyIds = prepared<{ studyId: string }>(db, LIST_SOME_STUDIES)
    .all(associationId, after)
    .map(({ studyId }) => studyId);
  judgeStudies(db, associationId, studyIds, how, rules, atMs);
  oweCounts(db, { studyIds, peerId }, rules, atMs);
  if (studyIds.length < STEP) return;
  const subjectId = JSON.stringify([associationId, how, studyIds.at(-1)]);
  scheduleJob(db, { kind: CONCLUDING_JOB, subjectId, siteId, dueAtMs: atMs });
}

/** The handler of the jobs that judge the many studies of one association. */
export function associationJobs(rules: QuietTimes): Readonly<Record<string, JobHandler>> {
  return {
    [CONCLUDING_JOB](db, { subjectId }, nowMs) {
      const [associationId, how, after] = JSON.parse(subjectId) as [string, AssociationEnd['how'], string];
      const association = prepared<Ended>(db, FIND_ASSOCIATION).get(associationId);
      if (association !== undefined) conclude(db, association, how, rules, nowMs, after);
    },
  };
}

function tellEnd(db: WritableDb, { associationId, siteId, peerId }: Ended, end: AssociationEnd): void {
  appendEvent(db, {
    kind: 'association-ended',
    payload: { peerId, how: end.how, stored: end.stored, refused: end.refused },
    siteId,
    actor: { kind: 'peer', id: peerId },
    correlationId: associationId,
    atMs: end.atMs,
  });
}
