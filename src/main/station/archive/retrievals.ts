import type { RetrievalCode, RetrievalReason, RetrievalState, RetrievalWay } from '../../../shared/domain/retrieval.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { findRemote } from './peers.ts';
import { findStudyIdByUid } from './queries.ts';

/** A study asked of a peer, and how far it is. `expected` is what the peer says it has; null where it does not say. */
export type Retrieval = {
  readonly retrievalId: string;
  readonly siteId: string;
  readonly peerId: string;
  readonly studyUid: string;
  readonly wantedBy: RetrievalWay;
  readonly how: Exclude<RetrievalWay, 'automatic'> | null;
  readonly state: RetrievalState;
  readonly code: RetrievalCode | null;
  readonly because: RetrievalReason;
  readonly askedByKind: Actor['kind'];
  readonly askedBy: string;
  readonly expected: number | null;
  readonly completed: number;
  readonly failed: number;
  readonly attempts: number;
  readonly requestedAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
};

/** How one attempt went. */
export type RetrievalOutcome = {
  readonly state: 'done' | 'failed' | 'cancelled';
  readonly code: RetrievalCode | null;
  /** Another attempt may fare better. */
  readonly isTransient?: boolean;
};

/** What becomes known while it runs. */
export type RetrievalProgress = {
  readonly how?: Exclude<RetrievalWay, 'automatic'>;
  readonly expected?: number;
  readonly completed?: number;
  readonly failed?: number;
};

const COLUMNS = `
  retrieval_id AS retrievalId, site_id AS siteId, peer_id AS peerId, study_uid AS studyUid, wanted_by AS wantedBy, how, state, code, because,
  asked_by_kind AS askedByKind, asked_by AS askedBy, expected, completed, failed, attempts, requested_at_ms AS requestedAtMs,
  started_at_ms AS startedAtMs, ended_at_ms AS endedAtMs
`;
const INSERT = `
  INSERT INTO retrievals (retrieval_id, site_id, peer_id, study_uid, wanted_by, state, because, asked_by_kind, asked_by, due_at_ms, requested_at_ms)
  VALUES (@retrievalId, @siteId, @peerId, @studyUid, @wantedBy, 'queued', @because, @askedByKind, @askedBy, @atMs, @atMs)
`;
const GET = `SELECT ${COLUMNS} FROM retrievals WHERE retrieval_id = ?`;
/** Walks retrievals_open. */
export const FIND_OPEN_RETRIEVAL = `
  SELECT r.retrieval_id AS retrievalId FROM retrievals r
   WHERE r.site_id = @siteId AND r.study_uid = @studyUid AND r.peer_id = @peerId AND r.ended_at_ms IS NULL
`;
/** Walks retrievals_open. One machine may be several peers here, by address and title: its AE title is what they share. */
export const IS_BEING_RETRIEVED = `
  SELECT 1 FROM retrievals r JOIN peers asked ON asked.peer_id = r.peer_id JOIN peers sender ON sender.ae_title = asked.ae_title
   WHERE r.site_id = @siteId AND r.study_uid = @studyUid AND r.ended_at_ms IS NULL AND r.state = 'running' AND sender.peer_id = @peerId
`;
/** Walks retrievals_by_study. Whoever was told to stop a C-MOVE, or was lost at it, may send on for a while. */
export const WAS_BROKEN_OFF = `
  SELECT 1 FROM retrievals r JOIN peers asked ON asked.peer_id = r.peer_id JOIN peers sender ON sender.ae_title = asked.ae_title
   WHERE r.site_id = @siteId AND r.study_uid = @studyUid AND r.how = 'c-move'
     AND r.broken_off_at_ms > @sinceMs AND sender.peer_id = @peerId
`;
/** Walks retrievals_in_order. */
export const LIST_RETRIEVALS = `
  SELECT ${COLUMNS} FROM retrievals WHERE site_id = @siteId ORDER BY requested_at_ms DESC, retrieval_id DESC LIMIT @limit
`;
/** Walks retrievals_by_study, newest first. */
export const FIND_LATEST_RETRIEVAL = `
  SELECT ${COLUMNS} FROM retrievals WHERE site_id = @siteId AND study_uid = @studyUid AND because = @because
   ORDER BY requested_at_ms DESC LIMIT 1
`;
/** Walks retrievals_due. */
export const NEXT_RETRIEVAL = `
  SELECT ${COLUMNS}, due_at_ms AS dueAtMs FROM retrievals WHERE state = 'queued' ORDER BY due_at_ms, retrieval_id LIMIT 1
`;
const CLAIM = `
  UPDATE retrievals SET state = 'running', attempts = attempts + 1, started_at_ms = @atMs, code = NULL, completed = 0, failed = 0
   WHERE retrieval_id = @retrievalId AND state = 'queued'
`;
const PROGRESS = `
  UPDATE retrievals SET how = coalesce(@how, how), expected = coalesce(@expected, expected), completed = coalesce(@completed, completed),
         failed = coalesce(@failed, failed)
   WHERE retrieval_id = @retrievalId AND state = 'running'
`;
const END = `
  UPDATE retrievals SET state = @state, code = @code, ended_at_ms = @atMs,
         broken_off_at_ms = iif(@state = 'cancelled' OR @code = 'association-lost', @atMs, broken_off_at_ms)
   WHERE retrieval_id = @retrievalId AND ended_at_ms IS NULL
`;
const POSTPONE = `
  UPDATE retrievals SET state = 'queued', code = @code, due_at_ms = @dueAtMs,
         broken_off_at_ms = iif(@code = 'association-lost', @atMs, broken_off_at_ms)
   WHERE retrieval_id = @retrievalId AND state = 'running'
`;
const HASTEN =
  "UPDATE retrievals SET due_at_ms = @atMs WHERE retrieval_id = @retrievalId AND state = 'queued' AND due_at_ms > @atMs";
const REQUEUE =
  "UPDATE retrievals SET state = 'queued', due_at_ms = @atMs, broken_off_at_ms = @atMs WHERE state = 'running'";

/** What somebody asks for. */
export type RequestRetrieval = {
  readonly siteId: string;
  readonly peerId: string;
  readonly studyUid: string;
  readonly wantedBy: RetrievalWay;
  readonly because: RetrievalReason;
  readonly actor: Actor;
  readonly atMs: number;
};

/**
 * Puts a retrieval into the queue; one of the same study from the same peer that has not ended stands in for it, and where a
 * person asks it waits for its next attempt no longer.
 */
export function requestRetrieval(
  db: WritableDb,
  input: RequestRetrieval,
): Result<Retrieval, { readonly code: 'peer-not-found' }> {
  return inTransaction(db, () => {
    const { siteId, peerId, actor, atMs, because } = input;
    if (findRemote(db, { siteId, peerId }) === null) return err({ code: 'peer-not-found' });
    const open = prepared<{ retrievalId: string }>(db, FIND_OPEN_RETRIEVAL).get({
      siteId,
      peerId,
      studyUid: input.studyUid,
    });
    if (open !== undefined) {
      if (actor.kind === 'user') prepared(db, HASTEN).run({ retrievalId: open.retrievalId, atMs });
      return ok(getRetrieval(db, open.retrievalId));
    }
    const retrievalId = freshRowId();
    const { studyUid, wantedBy } = input;
    prepared(db, INSERT).run({
      ...{ retrievalId, siteId, peerId, studyUid, wantedBy, because, atMs },
      ...{ askedByKind: actor.kind, askedBy: actor.id },
    });
    appendEvent(db, {
      kind: 'retrieval-requested',
      payload: { retrievalId, peerId, because },
      ...{ siteId, actor, atMs, correlationId: retrievalId, studyId: findStudyIdByUid(db, siteId, studyUid) },
    });
    return ok(getRetrieval(db, retrievalId));
  });
}

/** The newest retrievals of a site. */
export function listRetrievals(db: ReadableDb, siteId: string, limit: number): readonly Retrieval[] {
  return prepared<Retrieval>(db, LIST_RETRIEVALS).all({ siteId, limit });
}

/** The newest retrieval of a study that was asked for by this reason, or null. */
export function findLatestRetrieval(
  db: ReadableDb,
  of: { readonly siteId: string; readonly studyUid: string; readonly because: RetrievalReason },
): Retrieval | null {
  return prepared<Retrieval>(db, FIND_LATEST_RETRIEVAL).get(of) ?? null;
}

/** A retrieval of a site, or null. */
export function findRetrieval(db: ReadableDb, siteId: string, retrievalId: string): Retrieval | null {
  const row = prepared<Retrieval>(db, GET).get(retrievalId);
  return row === undefined || row.siteId !== siteId ? null : row;
}

function getRetrieval(db: ReadableDb, retrievalId: string): Retrieval {
  const row = prepared<Retrieval>(db, GET).get(retrievalId);
  if (row === undefined) throw new Error('a retrieval is not there');
  return row;
}

/** So long after an attempt was broken off its peer may still be sending. Not longer: it may be the modality of an exam that comes anew. */
const SENDS_ON_MS = 60_000;

/**
 * True while the study is being fetched from the machine that this peer is, and a minute longer where that was broken off:
 * then what it sends of it is for comparison. Not while an attempt is only waited for: nobody sends for it then.
 */
export function isBeingRetrieved(
  db: ReadableDb,
  siteId: string,
  peerId: string,
  studyUid: string,
  atMs: number,
): boolean {
  const of = { siteId, peerId, studyUid };
  if (prepared(db, IS_BEING_RETRIEVED).get(of) !== undefined) return true;
  return prepared(db, WAS_BROKEN_OFF).get({ ...of, sinceMs: atMs - SENDS_ON_MS }) !== undefined;
}

/** The retrieval whose turn comes next, and when; null where none waits. */
export function nextRetrieval(db: ReadableDb): { readonly retrieval: Retrieval; readonly dueAtMs: number } | null {
  const row = prepared<Retrieval & { readonly dueAtMs: number }>(db, NEXT_RETRIEVAL).get();
  return row === undefined ? null : { retrieval: row, dueAtMs: row.dueAtMs };
}

/** Begins an attempt; false where it was cancelled meanwhile. */
export function claimRetrieval(db: WritableDb, retrievalId: string, atMs: number): boolean {
  return inTransaction(db, () => prepared(db, CLAIM).run({ retrievalId, atMs }).changes > 0);
}

/** Notes how far an attempt is. */
export function noteRetrieval(db: WritableDb, retrievalId: string, progress: RetrievalProgress): void {
  const { how = null, expected = null, completed = null, failed = null } = progress;
  inTransaction(db, () => prepared(db, PROGRESS).run({ retrievalId, how, expected, completed, failed }));
}

/** Ends an attempt, and waits for another at `dueAtMs`. */
export function postponeRetrieval(
  db: WritableDb,
  retrievalId: string,
  code: RetrievalCode,
  atMs: number,
  dueAtMs: number,
): void {
  inTransaction(db, () => prepared(db, POSTPONE).run({ retrievalId, code, atMs, dueAtMs }));
}

/** Ends a retrieval and says so, once; `actor` is who ended it. */
export function endRetrieval(
  db: WritableDb,
  retrievalId: string,
  { state, code }: RetrievalOutcome,
  actor: Actor,
  atMs: number,
): void {
  inTransaction(db, () => {
    if (prepared(db, END).run({ retrievalId, state, code, atMs }).changes === 0) return;
    const { siteId, peerId, studyUid, how, completed, failed } = getRetrieval(db, retrievalId);
    appendEvent(db, {
      kind: 'retrieval-ended',
      payload: { retrievalId, peerId, how, state, code, completed, failed },
      ...{ siteId, actor, atMs, correlationId: retrievalId, studyId: findStudyIdByUid(db, siteId, studyUid) },
    });
  });
}

/** At a start: what a stopped process was about is begun anew; objects that arrived already are taken as the same again. */
export function resumeRetrievals(db: WritableDb, atMs: number): void {
  inTransaction(db, () => prepared(db, REQUEUE).run({ atMs }));
}
