import { DAY_MS } from '../../../shared/domain/durations.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { ReadDataset } from '../dicom/dataset/dataset.ts';
import { items, number, text } from '../dicom/dataset/values.ts';
import { DIMSE_STATUS } from '../dicom/dimse/status.ts';
import { freshUid } from '../dicom/fresh-uid.ts';
import type { ServiceAnswer } from '../dicom/server-services.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { type Actor, serviceActor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { pauseAfter } from './commitment-asked.ts';
import { findHolding, type ProofSource, recordProof, withdrawProof } from './held-elsewhere.ts';
import { findRemote, type Peer } from './peers.ts';

/** A transaction in which a peer is asked to answer for what we hold, not yet settled. */
export type CommitmentRequest = {
  readonly requestId: string;
  readonly siteId: string;
  readonly peerId: string;
  readonly studyId: string | null;
  readonly transactionUid: string;
  readonly state: 'owed' | 'asked';
  readonly attempts: number;
};

/** One instance of a transaction; `failure` is 0 where the peer answers for it, null while it has not said. */
export type RequestedInstance = {
  readonly sopUid: string;
  readonly sopClassUid: string;
  readonly digest: string;
  readonly failure: number | null;
  readonly studyUid: string;
  readonly seriesUid: string;
  /** Whether a peer that answers for the UID can only mean this version, as far as is known here. */
  readonly isUnmistakable: 0 | 1;
  /** This version was sent to the peer, which took it; and under which correction it left, null: as it was received. */
  readonly isTaken: 0 | 1;
  readonly correctedAtMs: number | null;
};

/** A version that a peer took from us: its digest, and when it was corrected whose it is, as it left; null: as it was received. */
export type TakenVersion = { readonly digest: string; readonly correctedAtMs: number | null };

/** A transaction as people see it. */
export type CommitmentCard = {
  readonly requestId: string;
  readonly peerAe: string;
  readonly state: 'owed' | 'asked' | 'settled';
  readonly source: ProofSource | null;
  readonly code: string | null;
  readonly attempts: number;
  readonly instances: number;
  readonly committed: number;
  readonly failed: number;
  readonly requestedAtMs: number;
  readonly askedAtMs: number | null;
  readonly settledAtMs: number | null;
};

/** More than this many instances are asked for in several transactions: peers hold a request in memory. */
const LONGEST_TRANSACTION = 1000;
/** No word in this time, and the peer is asked by a query instead (STANDARDS §1.8). */
export const ANSWER_WITHIN_MS = DAY_MS;

const LIST_CURRENT = `
  SELECT i.sop_uid AS sopUid, v.sop_class_uid AS sopClassUid, v.digest
    FROM instances i JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
    JOIN studies s ON s.study_id = i.study_id
   WHERE i.study_id = ? AND s.site_id = ? ORDER BY i.instance_id
`;
const INSERT_REQUEST = `
  INSERT INTO commitment_requests (request_id, site_id, peer_id, study_id, transaction_uid, state, due_at_ms, requested_at_ms)
  VALUES (@requestId, @siteId, @peerId, @studyId, @transactionUid, 'owed', @atMs, @atMs)
`;
const INSERT_INSTANCE = `
  INSERT INTO commitment_instances (request_id, site_id, sop_uid, sop_class_uid, digest, is_taken, corrected_at_ms)
  VALUES (@requestId, @siteId, @sopUid, @sopClassUid, @digest, @isTaken, @correctedAtMs)
`;
const COLUMNS = `
  request_id AS requestId, site_id AS siteId, peer_id AS peerId, study_id AS studyId, transaction_uid AS transactionUid, state, attempts
`;
/** Walks commitment_requests_open. `busy`: peers with which the worker is under way, as JSON. */
export const LIST_DUE_REQUESTS = `
  SELECT ${COLUMNS} FROM commitment_requests
   WHERE settled_at_ms IS NULL AND due_at_ms <= @nowMs AND peer_id NOT IN (SELECT value FROM json_each(@busy))
   ORDER BY due_at_ms LIMIT 16
`;
/**
 * Of several versions a UID does not say which one the peer has, unless this one came from it last, or it took it from us and
 * cannot have had another, sent by itself, by us or known to be there: many answer Success to a second one and keep the first.
 * What was set aside under the UID and not let in is one more that may be meant.
 */
const IS_UNMISTAKABLE = `
  NOT EXISTS (
    SELECT 1 FROM quarantine q
     WHERE q.site_id = c.site_id AND q.sop_uid = c.sop_uid AND q.state <> 'released'
       AND q.reason IN ('same-uid-other-patient', 'same-uid-other-study', 'same-uid-other-pixels'))
  AND (EXISTS (
    SELECT 1 FROM instance_versions own JOIN peers w ON w.peer_id = own.peer_id
     WHERE own.site_id = c.site_id AND own.sop_uid = c.sop_uid AND own.digest = c.digest AND own.is_current = 1
       AND w.ae_title = asked.ae_title
       AND NOT EXISTS (
         SELECT 1 FROM instance_versions later
          WHERE later.site_id = own.site_id AND later.sop_uid = own.sop_uid AND later.study_revision > own.study_revision))
  OR NOT EXISTS (
    SELECT 1 FROM instance_versions v LEFT JOIN peers w ON w.peer_id = v.peer_id
     WHERE v.site_id = c.site_id AND v.sop_uid = c.sop_uid AND v.digest <> c.digest
       AND (c.is_taken = 0 OR w.ae_title = asked.ae_title
            OR EXISTS (SELECT 1 FROM sent_versions t JOIN peers u ON u.peer_id = t.peer_id
                        WHERE t.site_id = v.site_id AND t.sop_uid = v.sop_uid AND t.digest = v.digest AND u.ae_title = asked.ae_title)
            OR EXISTS (SELECT 1 FROM archive_proofs p WHERE p.site_id = v.site_id AND p.sop_uid = v.sop_uid AND p.digest = v.digest))))
`;
const LIST_INSTANCES = `
  SELECT c.sop_uid AS sopUid, c.sop_class_uid AS sopClassUid, c.digest, c.failure, s.study_uid AS studyUid, x.series_uid AS seriesUid,
         (${IS_UNMISTAKABLE}) AS isUnmistakable, c.is_taken AS isTaken, c.corrected_at_ms AS correctedAtMs
    FROM commitment_requests r JOIN peers asked ON asked.peer_id = r.peer_id
    JOIN commitment_instances c ON c.request_id = r.request_id JOIN instances i ON i.site_id = c.site_id AND i.sop_uid = c.sop_uid
    JOIN studies s ON s.study_id = i.study_id JOIN series x ON x.series_id = i.series_id
   WHERE r.request_id = ?
`;
const MARK_ASKED = `
  UPDATE commitment_requests SET state = 'asked', code = ?, attempts = 0, asked_at_ms = coalesce(asked_at_ms, ?), due_at_ms = ?
   WHERE request_id = ? AND state = 'owed'
`;
const POSTPONE =
  'UPDATE commitment_requests SET attempts = attempts + 1, code = ?, due_at_ms = ? WHERE request_id = ? AND settled_at_ms IS NULL';
/** The peer of a request under any of its entries: it may call from elsewhere than it is called at. */
const FIND_TRANSACTION = `
  SELECT ${COLUMNS}, settled_at_ms AS settledAtMs FROM commitment_requests
   WHERE site_id = @siteId AND transaction_uid = @transactionUid
     AND peer_id IN (SELECT p.peer_id FROM peers p JOIN peers c ON c.ae_title = p.ae_title WHERE c.peer_id = @peerId)
`;
const SET_OUTCOME = 'UPDATE commitment_instances SET failure = ? WHERE request_id = ? AND sop_uid = ?';
const SET_REST = 'UPDATE commitment_instances SET failure = ? WHERE request_id = ? AND failure IS NULL';
const SETTLE = `
  UPDATE commitment_requests SET state = 'settled', source = ?, code = ?, settled_at_ms = ? WHERE request_id = ? AND settled_at_ms IS NULL
`;
const CARD = `
  SELECT r.request_id AS requestId, p.ae_title AS peerAe, r.state, r.source, r.code, r.attempts, count(c.sop_uid) AS instances,
         coalesce(sum(c.failure = 0), 0) AS committed, coalesce(sum(c.failure <> 0), 0) AS failed,
         r.requested_at_ms AS requestedAtMs, r.asked_at_ms AS askedAtMs, r.settled_at_ms AS settledAtMs
    FROM commitment_requests r JOIN peers p ON p.peer_id = r.peer_id
    LEFT JOIN commitment_instances c ON c.request_id = r.request_id
`;
/** Walks commitment_requests_by_study. */
export const LIST_OF_STUDY = `${CARD} WHERE r.study_id = ? GROUP BY r.request_id ORDER BY r.requested_at_ms DESC, r.request_id DESC LIMIT 50`;

/**
 * Owes a peer the question whether it answers for what is here of a study (PS3.4 Annex J), in the versions that are current
 * now; a worker asks it, through any outage and restart.
 */
export function requestCommitment(
  db: WritableDb,
  input: {
    readonly siteId: string;
    readonly studyId: string;
    readonly peer: { readonly peerId: string } | { readonly aeTitle: string };
    /** What the peer took from us, by SOP Instance UID: only that is asked about. Left out, all of the study. */
    readonly taken?: ReadonlyMap<string, TakenVersion>;
    readonly actor: Actor;
    readonly atMs: number;
  },
): Result<readonly string[], { code: 'peer-not-callable' | 'nothing-to-commit' }> {
  const { siteId, studyId, actor, atMs } = input;
  return inTransaction(db, () => {
    const peerId = findCallable(db, siteId, input.peer);
    if (peerId === null) return err({ code: 'peer-not-callable' });
    const instances = prepared<Pick<RequestedInstance, 'sopUid' | 'sopClassUid' | 'digest'>>(db, LIST_CURRENT)
      .all(studyId, siteId)
      .filter(({ sopUid }) => input.taken?.has(sopUid) ?? true);
    if (instances.length === 0) return err({ code: 'nothing-to-commit' });
    const requestIds: string[] = [];
    for (let from = 0; from < instances.length; from += LONGEST_TRANSACTION) {
      const part = instances.slice(from, from + LONGEST_TRANSACTION);
      const requestId = freshRowId();
      prepared(db, INSERT_REQUEST).run({ requestId, siteId, peerId, studyId, transactionUid: freshUid(), atMs });
      for (const instance of part) {
        const taken = input.taken?.get(instance.sopUid);
        const isTaken = taken?.digest === instance.digest;
        const correctedAtMs = isTaken ? taken.correctedAtMs : null;
        prepared(db, INSERT_INSTANCE).run({ requestId, siteId, ...instance, isTaken: isTaken ? 1 : 0, correctedAtMs });
      }
      appendEvent(db, {
        kind: 'commitment-requested',
        payload: { requestId, peerId, instances: part.length },
        ...{ siteId, studyId, actor, correlationId: requestId, atMs },
      });
      requestIds.push(requestId);
    }
    return ok(requestIds);
  });
}

const FIND_BY_TITLE = `
  SELECT peer_id AS peerId FROM peers
   WHERE site_id = ? AND ae_title = ? AND state = 'active' AND host IS NOT NULL ORDER BY peer_id LIMIT 1
`;

function findCallable(
  db: ReadableDb,
  siteId: string,
  peer: { readonly peerId: string } | { readonly aeTitle: string },
): string | null {
  const peerId =
    'peerId' in peer ? peer.peerId : prepared<{ peerId: string }>(db, FIND_BY_TITLE).get(siteId, peer.aeTitle)?.peerId;
  return peerId === undefined || findRemote(db, { siteId, peerId }) === null ? null : peerId;
}

/** Transactions whose next step is due, of other peers than these: to be asked, or, unanswered for too long, to be found out by a query. */
export function listDueRequests(
  db: ReadableDb,
  nowMs: number,
  busy: readonly string[] = [],
): readonly CommitmentRequest[] {
  return prepared<CommitmentRequest>(db, LIST_DUE_REQUESTS).all({ nowMs, busy: JSON.stringify(busy) });
}

const SHIFT_DUE = 'UPDATE commitment_requests SET due_at_ms = due_at_ms + ? WHERE settled_at_ms IS NULL';

/** The wall clock was moved by so much: what waits for a time to pass moves with it. */
export function shiftDueRequests(db: WritableDb, byMs: number): void {
  inTransaction(db, () => prepared(db, SHIFT_DUE).run(byMs));
}

/** What a transaction is about, with where each instance stands now. */
export function listRequested(db: ReadableDb, requestId: string): readonly RequestedInstance[] {
  return prepared<RequestedInstance>(db, LIST_INSTANCES).all(requestId);
}

/** The peer took the question (`code` null), or cannot be asked in this way (a code): then the query comes at once. */
export function noteAsked(db: WritableDb, requestId: string, code: string | null, atMs: number): void {
  const dueAtMs = code === null ? atMs + ANSWER_WITHIN_MS : atMs;
  inTransaction(db, () => prepared(db, MARK_ASKED).run(code, atMs, dueAtMs, requestId));
}

/** Nothing came of an attempt: the next follows after a growing pause. */
export function postponeRequest(
  db: WritableDb,
  { requestId, attempts }: CommitmentRequest,
  code: string,
  atMs: number,
): void {
  inTransaction(db, () => prepared(db, POSTPONE).run(code, atMs + pauseAfter(attempts + 1), requestId));
}

/**
 * A peer reports on a transaction of ours (N-EVENT-REPORT, PS3.4 §J.3.3), over whichever association: what it answers for is
 * proven to be held by it. What it does not mention it does not answer for. A report that comes twice counts once.
 */
export function takeCommitmentReport(
  db: WritableDb,
  report: {
    readonly eventTypeId: number;
    readonly dataset: ReadDataset | null;
    readonly from: Pick<Peer, 'siteId' | 'peerId'>;
    readonly atMs: number;
  },
): ServiceAnswer {
  const { dataset, from, atMs } = report;
  if (report.eventTypeId !== 1 && report.eventTypeId !== 2) return { status: 'no-such-event-type' };
  const transactionUid = dataset === null ? null : text(dataset, 'TransactionUID');
  if (dataset === null || transactionUid === null) return { status: 'invalid-argument-value' };
  return inTransaction(db, (): ServiceAnswer => {
    const found = prepared<CommitmentRequest & { settledAtMs: number | null }>(db, FIND_TRANSACTION).get({
      ...{ siteId: from.siteId, peerId: from.peerId, transactionUid },
    });
    if (found === undefined) return { status: 'invalid-argument-value' };
    if (found.settledAtMs !== null) return { status: 'success' };
    const outcomes = new Map<string, number>();
    for (const item of items(dataset, 'ReferencedSOPSequence'))
      outcomes.set(text(item, 'ReferencedSOPInstanceUID') ?? '', 0);
    for (const item of items(dataset, 'FailedSOPSequence'))
      outcomes.set(
        text(item, 'ReferencedSOPInstanceUID') ?? '',
        number(item, 'FailureReason') || DIMSE_STATUS['processing-failure'],
      );
    settleRequest(db, found, 'commitment', outcomes, atMs);
    return { status: 'success' };
  });
}

/**
 * Settles a transaction by what is known of its instances (0: held by the peer); of the rest nobody answers for. Where the
 * peer may mean another version than the one that is here, nothing is proven by its word. What it was known to hold and now
 * does not answer for counts as held no more; a query that it refused says nothing.
 */
export function settleRequest(
  db: WritableDb,
  request: CommitmentRequest,
  source: ProofSource,
  outcomes: ReadonlyMap<string, number>,
  atMs: number,
  code: string | null = null,
): void {
  const { requestId, siteId, peerId, studyId } = request;
  inTransaction(db, () => {
    if (prepared(db, SETTLE).run(source, code, atMs, requestId).changes === 0) return;
    const unclear = new Set(
      listRequested(db, requestId).flatMap(({ sopUid, isUnmistakable }) => (isUnmistakable === 0 ? [sopUid] : [])),
    );
    for (const [sopUid, failure] of outcomes) {
      const known = failure === 0 && unclear.has(sopUid) ? DIMSE_STATUS['processing-failure'] : failure;
      prepared(db, SET_OUTCOME).run(known, requestId, sopUid);
    }
    prepared(db, SET_REST).run(DIMSE_STATUS['no-such-object-instance'], requestId);
    const instances = listRequested(db, requestId);
    const committed = instances.filter(({ failure }) => failure === 0);
    recordProof(db, { siteId, peerId, source, instances: committed, atMs });
    if (code !== 'query-refused')
      for (const { sopUid, digest } of instances)
        if (outcomes.get(sopUid) !== 0) withdrawProof(db, { siteId, peerId, sopUid, digest }, atMs);
    appendEvent(db, {
      kind: 'commitment-settled',
      payload: { requestId, peerId, source, committed: committed.length, failed: instances.length - committed.length },
      ...{ siteId, studyId, actor: serviceActor('archive'), correlationId: requestId, atMs },
    });
  });
}

const IS_ASKED_FOR = 'SELECT 1 FROM commitment_requests WHERE study_id = ? LIMIT 1';

/**
 * Whether an archive is known to hold all of a study that has images here, as whose it is here or as whose it was before a
 * correction; was asked to answer for it; or neither.
 */
export function findArchiveState(
  db: ReadableDb,
  studyId: string,
): 'committed' | 'committed-otherwise' | 'not-yet' | 'no-destination' {
  const holding = findHolding(db, studyId);
  if (holding === 'as-here') return 'committed';
  if (holding === 'under-former-identity') return 'committed-otherwise';
  return prepared(db, IS_ASKED_FOR).get(studyId) === undefined ? 'no-destination' : 'not-yet';
}

/** The transactions about a study, newest first. */
export function listCommitmentsOf(db: ReadableDb, studyId: string): readonly CommitmentCard[] {
  return prepared<CommitmentCard>(db, LIST_OF_STUDY).all(studyId);
}
