import { setImmediate } from 'node:timers/promises';
import { DAY_MS, HOUR_MS } from '../../../shared/domain/durations.ts';
import type { ReadDataset } from '../dicom/dataset/dataset.ts';
import { items, text } from '../dicom/dataset/values.ts';
import type { DicomRecord } from '../dicom/dataset/write-dataset.ts';
import { DIMSE_STATUS } from '../dicom/dimse/status.ts';
import type { ServiceAnswer } from '../dicom/server-services.ts';
import { STORAGE_COMMITMENT_INSTANCE } from '../dicom/services/sop-classes.ts';
import { freshRowId } from '../platform/ids.ts';
import { atOnce, type Steps } from '../platform/in-turns.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { landed } from '../platform/objects/arriving-objects.ts';
import type { ObjectReader } from '../platform/objects/object-store.ts';
import { findObject } from '../platform/objects/records.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import type { ArchiveAssociation } from './associations.ts';
import { checkObject } from './check-object.ts';
import { MOST_NAMED } from './named-instances.ts';

/** An instance that a transaction is about, as its sender names it. */
export type CommittedInstance = readonly [sopClassUid: string, sopUid: string];
/** One that is not answered for, and why: a Failure Reason (0008,1197), PS3.3 §C.14.1.1. */
export type CommitmentFailure = readonly [sopClassUid: string, sopUid: string, reason: number];

/** A transaction that a peer waits to hear of. */
export type AskedOfUs = {
  readonly requestId: string;
  readonly siteId: string;
  readonly peerId: string;
  readonly transactionUid: string;
  readonly state: 'asked' | 'answered';
  readonly instances: readonly CommittedInstance[];
  readonly failures: readonly CommitmentFailure[] | null;
  readonly attempts: number;
  readonly askedAtMs: number;
};

/** The peer hears our answer to its request before our report of the outcome. */
export const REPORT_AFTER_MS = 250;
const UID = /^[0-9.]{1,64}$/;
const ITEMS_A_STEP = 64;
const ASKING_ACTION = 1;
const GIVE_UP_AFTER_MS = 7 * DAY_MS;
const LONGEST_PAUSE_MS = HOUR_MS;

const FIND_TRANSACTION = `
  SELECT request_id AS requestId, instances, failures FROM commitment_asked_of_us
   WHERE site_id = ? AND peer_id = ? AND transaction_uid = ?
`;
const INSERT_ASKED = `
  INSERT INTO commitment_asked_of_us (request_id, site_id, peer_id, transaction_uid, state, instances, due_at_ms, asked_at_ms)
  VALUES (@requestId, @siteId, @peerId, @transactionUid, 'asked', @instances, @dueAtMs, @atMs)
`;
const ASK_AGAIN = `
  UPDATE commitment_asked_of_us SET state = 'asked', failures = NULL, attempts = 0, due_at_ms = ?, asked_at_ms = ?, ended_at_ms = NULL
   WHERE request_id = ?
`;
/** Walks commitment_asked_of_us_open. `busy`: peers with which the worker is under way, as JSON. */
export const LIST_DUE_ASKED = `
  SELECT request_id AS requestId, site_id AS siteId, peer_id AS peerId, transaction_uid AS transactionUid, state, instances, failures,
         attempts, asked_at_ms AS askedAtMs
    FROM commitment_asked_of_us
   WHERE ended_at_ms IS NULL AND due_at_ms <= @nowMs AND peer_id NOT IN (SELECT value FROM json_each(@busy))
   ORDER BY due_at_ms LIMIT 16
`;
const ANSWER =
  "UPDATE commitment_asked_of_us SET state = 'answered', failures = ? WHERE request_id = ? AND state = 'asked'";
const POSTPONE = 'UPDATE commitment_asked_of_us SET attempts = ?, due_at_ms = ? WHERE request_id = ?';
const END = 'UPDATE commitment_asked_of_us SET state = ?, attempts = ?, ended_at_ms = ? WHERE request_id = ?';
const FIND_CURRENT = `
  SELECT v.sop_class_uid AS sopClassUid, v.digest FROM instances i
    JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
   WHERE i.site_id = ? AND i.sop_uid = ?
`;
const IS_SET_ASIDE = "SELECT 1 FROM quarantine WHERE site_id = ? AND state = 'held' AND sop_uid = ? LIMIT 1";

/**
 * A peer asks us to answer for instances (N-ACTION, PS3.4 §J.3.2): written down, to be looked at and reported on. A request
 * sent again, its answer lost on the way, is looked at again; one that uses its Transaction UID for others is refused.
 */
export const takeCommitmentRequest = (db: WritableDb, request: CommitmentAction): TakenRequest =>
  atOnce(commitmentRequest(db, request));

/** An N-ACTION of storage commitment, and who sent it. */
export type CommitmentAction = {
  readonly actionTypeId: number;
  readonly sopInstanceUid: string;
  readonly dataset: ReadDataset | null;
  readonly association: ArchiveAssociation;
  readonly atMs: number;
};
/** The answer; `requestId` is null where nothing was written down. */
export type TakenRequest = { readonly answer: ServiceAnswer; readonly requestId: string | null };

/** As `takeCommitmentRequest`, in steps: a long list is read a part at a time and written at once. */
export function* commitmentRequest(db: WritableDb, request: CommitmentAction): Steps<TakenRequest> {
  const refuse = (answer: ServiceAnswer) => ({ answer, requestId: null });
  const { association, dataset, atMs } = request;
  if (!association.peer.services.includes('commit')) return refuse({ status: 'not-authorized' });
  if (request.sopInstanceUid !== STORAGE_COMMITMENT_INSTANCE) return refuse({ status: 'no-such-object-instance' });
  if (request.actionTypeId !== ASKING_ACTION) return refuse({ status: 'no-such-action' });
  const transactionUid = dataset === null ? null : text(dataset, 'TransactionUID');
  const instances = dataset === null ? null : yield* readReferences(dataset, 'ReferencedSOPSequence');
  if (transactionUid === null || !UID.test(transactionUid) || instances === null || instances.length === 0)
    return refuse({ status: 'invalid-argument-value' });
  if (instances.length > MOST_NAMED) return refuse({ status: 'resource-limitation' });
  const listed = JSON.stringify(instances);
  return inTransaction(db, () => {
    const { siteId, peerId } = association.peer;
    const dueAtMs = atMs + REPORT_AFTER_MS;
    const known = prepared<{ requestId: string; instances: string }>(db, FIND_TRANSACTION).get(
      ...[siteId, peerId, transactionUid],
    );
    if (known !== undefined) {
      if (known.instances !== listed) return refuse({ status: 'duplicate-transaction-uid' });
      prepared(db, ASK_AGAIN).run(dueAtMs, atMs, known.requestId);
      return { answer: { status: 'success' }, requestId: known.requestId };
    }
    const requestId = freshRowId();
    const row = { requestId, siteId, peerId, transactionUid, instances: listed, dueAtMs, atMs };
    prepared(db, INSERT_ASKED).run(row);
    appendEvent(db, {
      kind: 'commitment-asked-of-us',
      payload: { requestId, instances: instances.length },
      ...{ siteId, actor: { kind: 'peer', id: peerId }, correlationId: association.associationId, atMs },
    });
    return { answer: { status: 'success' }, requestId };
  });
}

/** The instances of a sequence by class and UID, each once; null where one is not named whole. */
function* readReferences(dataset: ReadDataset, keyword: string): Steps<readonly CommittedInstance[] | null> {
  const byUid = new Map<string, CommittedInstance>();
  for (const item of items(dataset, keyword)) {
    const sopClassUid = text(item, 'ReferencedSOPClassUID') ?? '';
    const sopUid = text(item, 'ReferencedSOPInstanceUID') ?? '';
    if (!UID.test(sopClassUid) || !UID.test(sopUid)) return null;
    byUid.set(sopUid, [sopClassUid, sopUid]);
    if (byUid.size % ITEMS_A_STEP === 0) yield;
  }
  return [...byUid.values()];
}

/** Transactions whose next step is due, of other peers than these: to look at what they name, or to report on it. */
export function listDueAsked(db: ReadableDb, nowMs: number, busy: readonly string[] = []): readonly AskedOfUs[] {
  type Row = Omit<AskedOfUs, 'instances' | 'failures'> & {
    readonly instances: string;
    readonly failures: string | null;
  };
  return prepared<Row>(db, LIST_DUE_ASKED)
    .all({ nowMs, busy: JSON.stringify(busy) })
    .map(({ instances, failures, ...row }) => ({
      ...row,
      instances: JSON.parse(instances) as CommittedInstance[],
      failures: failures === null ? null : (JSON.parse(failures) as CommitmentFailure[]),
    }));
}

/**
 * Which of the instances we do not answer for. We do for what is filed under that UID and class, and whose file was just
 * read from end to end and is as it came. Not for one of which another object is set aside: its sender may hold the one
 * that a person will find to be right, and must not let go of it (docs/decisions/0021).
 */
export async function findFailures(
  db: ReadableDb,
  objects: ObjectReader,
  { siteId, instances }: Pick<AskedOfUs, 'siteId' | 'instances'>,
): Promise<CommitmentFailure[]> {
  const failures: CommitmentFailure[] = [];
  for (const [at, [sopClassUid, sopUid]] of instances.entries()) {
    if (at % ITEMS_A_STEP === ITEMS_A_STEP - 1) await setImmediate(); // of what is not here nothing else waits
    const reason = await reasonAgainst(db, objects, siteId, sopClassUid, sopUid);
    if (reason !== null) failures.push([sopClassUid, sopUid, DIMSE_STATUS[reason]]);
  }
  return failures;
}

async function reasonAgainst(
  db: ReadableDb,
  objects: ObjectReader,
  siteId: string,
  sopClassUid: string,
  sopUid: string,
): Promise<'processing-failure' | 'no-such-object-instance' | 'class-instance-conflict' | null> {
  if (prepared(db, IS_SET_ASIDE).get(siteId, sopUid) !== undefined) return 'processing-failure';
  const current = prepared<{ sopClassUid: string; digest: string }>(db, FIND_CURRENT).get(siteId, sopUid);
  if (current === undefined) return 'no-such-object-instance';
  if (current.sopClassUid !== sopClassUid) return 'class-instance-conflict';
  // Whoever hears that we answer for it may let go of it: rows alone say nothing of a file on its way.
  await landed(db, current.digest);
  const object = findObject(db, current.digest);
  if (object === null) return 'no-such-object-instance';
  const condition = await checkObject(objects, object.digest, object.encoding);
  if (condition === 'missing') return 'no-such-object-instance'; // let go of, the archive has it: we do not answer for the archive
  return condition === 'sound' ? null : 'processing-failure';
}

/** Writes down what we answer for, before anybody is told. */
export function answerCommitment(
  db: WritableDb,
  asked: AskedOfUs,
  failures: readonly CommitmentFailure[],
  atMs: number,
): void {
  inTransaction(db, () => {
    if (prepared(db, ANSWER).run(JSON.stringify(failures), asked.requestId).changes === 0) return;
    const committed = asked.instances.length - failures.length;
    tell(db, asked, 'commitment-answered', { requestId: asked.requestId, committed, failed: failures.length }, atMs);
  });
}

/** What an N-EVENT-REPORT says of a transaction (PS3.4 §J.3.3): its event type, and the event information. */
export function reportOf(
  asked: AskedOfUs,
  failures: readonly CommitmentFailure[],
  retrieveAe: string,
): { readonly eventTypeId: 1 | 2; readonly information: DicomRecord } {
  const failed = new Set(failures.map(([, sopUid]) => sopUid));
  const reference = ([ReferencedSOPClassUID, ReferencedSOPInstanceUID]: readonly [string, string, ...unknown[]]) => ({
    ...{ ReferencedSOPClassUID, ReferencedSOPInstanceUID },
  });
  const committed = asked.instances.filter(([, sopUid]) => !failed.has(sopUid));
  return {
    eventTypeId: failures.length === 0 ? 1 : 2,
    information: {
      TransactionUID: asked.transactionUid,
      RetrieveAETitle: retrieveAe,
      ...(committed.length > 0 && { ReferencedSOPSequence: committed.map(reference) }),
      ...(failures.length > 0 && {
        FailedSOPSequence: failures.map((failure) => ({ ...reference(failure), FailureReason: failure[2] })),
      }),
    },
  };
}

/** After an attempt to report: told, or to be tried again after a growing pause, or given up after a week. */
export function noteReportAttempt(db: WritableDb, asked: AskedOfUs, wasTaken: boolean, atMs: number): void {
  const attempts = asked.attempts + 1;
  inTransaction(db, () => {
    if (!wasTaken && atMs - asked.askedAtMs < GIVE_UP_AFTER_MS) {
      prepared(db, POSTPONE).run(attempts, atMs + pauseAfter(attempts), asked.requestId);
      return;
    }
    const how = wasTaken ? 'delivered' : 'given-up';
    prepared(db, END).run(wasTaken ? 'reported' : 'given-up', attempts, atMs, asked.requestId);
    tell(db, asked, 'commitment-report-ended', { requestId: asked.requestId, how, attempts }, atMs);
  });
}

const SHIFT_DUE = 'UPDATE commitment_asked_of_us SET due_at_ms = due_at_ms + ? WHERE ended_at_ms IS NULL';

/** The wall clock was moved by so much: what waits for a time to pass moves with it. */
export function shiftDueAsked(db: WritableDb, byMs: number): void {
  inTransaction(db, () => prepared(db, SHIFT_DUE).run(byMs));
}

/** How long to wait after so many failed attempts, in ms: from some seconds to an hour. */
export function pauseAfter(attempts: number): number {
  return Math.min(LONGEST_PAUSE_MS, 5000 * 2 ** Math.min(attempts - 1, 10));
}

function tell<Kind extends 'commitment-answered' | 'commitment-report-ended'>(
  db: WritableDb,
  { siteId, requestId }: AskedOfUs,
  kind: Kind,
  payload: Parameters<typeof appendEvent<Kind>>[1]['payload'],
  atMs: number,
): void {
  appendEvent<Kind>(db, { kind, payload, siteId, actor: serviceActor('archive'), correlationId: requestId, atMs });
}
