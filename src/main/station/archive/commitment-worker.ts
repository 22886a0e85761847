import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { text } from '../dicom/dataset/values.ts';
import { classifyStatus, DIMSE_STATUS } from '../dicom/dimse/status.ts';
import type { RemoteAe } from '../dicom/open-association.ts';
import type { ServiceRequest } from '../dicom/server-services.ts';
import { onAssociation, SERVICE_SYNTAXES } from '../dicom/services/ask.ts';
import { findAt } from '../dicom/services/find.ts';
import { nAction, nEventReport, takingEvents } from '../dicom/services/normalized.ts';
import { SERVICE_CLASSES, STORAGE_COMMITMENT_INSTANCE } from '../dicom/services/sop-classes.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { ObjectReader } from '../platform/objects/object-store.ts';
import { type ClockShift, shiftWithClock } from '../platform/shift-with-clock.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { durable } from '../platform/store/durability.ts';
import { isOutOfRoom } from '../platform/store/out-of-room.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import {
  answerCommitment,
  type AskedOfUs,
  type CommitmentFailure,
  findFailures,
  listDueAsked,
  noteReportAttempt,
  reportOf,
  shiftDueAsked,
} from './commitment-asked.ts';
import {
  type CommitmentRequest,
  listDueRequests,
  listRequested,
  noteAsked,
  postponeRequest,
  settleRequest,
  shiftDueRequests,
  takeCommitmentReport,
} from './commitment-requests.ts';
import { findRemote } from './peers.ts';

/** Keeps both sides of storage commitment going: answers what peers ask, and asks what is owed. All it knows are rows. */
export type CommitmentWorker = {
  start(): void;
  /** Something may be due. */
  notify(): void;
  /** A peer that asked is still there: its report goes over this association, while it lasts. */
  isOnLine(requestId: string, ourAe: string, report: ServiceRequest<unknown>['reportEvent']): void;
  /** Ends what is under way; what was not told stays owed. */
  stop(): Promise<void>;
};

type CommitmentTools = {
  readonly db: WritableDb;
  readonly objects: ObjectReader;
  readonly clock: Clock;
  readonly log: Log;
  /** How long we listen for a report on the association of our question before we let go of it, in ms. */
  readonly listenMs?: number;
};

const TARGET = { sopClass: SERVICE_CLASSES['storage-commitment-push'], sopInstanceUid: STORAGE_COMMITMENT_INSTANCE };
/** Instance Availability (0008,0056) of what an archive holds itself (PS3.3 §C.4.23.1.1). */
const IN_ITS_STORE: readonly string[] = ['ONLINE', 'NEARLINE'];
const POLL_MS = 1000;
const LISTEN_MS = 10_000;
/** Only so many associations are kept in mind: whoever is not reached over the old one is over a new one. */
const MOST_ON_LINE = 256;

/** The worker of this station. */
export function createCommitmentWorker(tools: CommitmentTools): CommitmentWorker {
  const { db, objects, clock, log, listenMs = LISTEN_MS } = tools;
  const onLine = new Map<string, { readonly ourAe: string; readonly report: ServiceRequest<unknown>['reportEvent'] }>();
  const ending = new AbortController();
  const { signal } = ending;
  /** What is under way, by peer: one thing after another with each, and no peer waits for another. */
  const working = new Map<string, Promise<void>>();
  let timer: NodeJS.Timeout | null = null;
  let shift: ClockShift | null = null;

  function notify(): void {
    if (signal.aborted) return;
    try {
      for (const [peerId, steps] of due()) {
        const done = inTurn(steps)
          .catch(failed)
          .finally(() => working.delete(peerId));
        working.set(peerId, done);
      }
    } catch (error) {
      failed(error);
    }
  }

  function failed(error: unknown): void {
    if (!isOutOfRoom(error)) log.incident('commitment-failed', error);
  }

  /** By peer, what is due with those with whom nothing is under way. */
  function due(): ReadonlyMap<string, readonly (() => Promise<void>)[]> {
    const nowMs = clock.nowMs();
    shift?.catchUp();
    const busy = [...working.keys()];
    const steps = [
      ...listDueAsked(db, nowMs, busy).map((asked) => ({ peerId: asked.peerId, step: () => answer(asked) })),
      ...listDueRequests(db, nowMs, busy).map((request) => ({ peerId: request.peerId, step: () => ask(request) })),
    ];
    const byPeer = Map.groupBy(steps, ({ peerId }) => peerId);
    return new Map([...byPeer].map(([peerId, some]) => [peerId, some.map(({ step }) => step)]));
  }

  async function inTurn(steps: readonly (() => Promise<void>)[]): Promise<void> {
    for (const step of steps) {
      if (signal.aborted) return;
      await step();
    }
  }

  async function answer(asked: AskedOfUs): Promise<void> {
    const failures: readonly CommitmentFailure[] = asked.failures ?? (await findFailures(db, objects, asked));
    if (asked.failures === null) answerCommitment(db, asked, failures, clock.nowMs());
    // Whoever hears that we answer for an object may delete it: what we say must not be news that a power cut takes back.
    await durable(db);
    const wasTaken = await report(asked, failures);
    if (!signal.aborted || wasTaken) noteReportAttempt(db, asked, wasTaken, clock.nowMs());
  }

  /** Over the association of the question while it lasts, otherwise over one of ours, as PS3.4 §J.3.3 allows. */
  async function report(asked: AskedOfUs, failures: readonly CommitmentFailure[]): Promise<boolean> {
    const line = onLine.get(asked.requestId);
    onLine.delete(asked.requestId);
    if (line !== undefined) {
      const event = { sopInstanceUid: STORAGE_COMMITMENT_INSTANCE, ...reportOf(asked, failures, line.ourAe) };
      const answered = await line.report(event);
      if (answered.ok && classifyStatus(answered.value.status ?? 0) === 'accepted') return true;
    }
    const remote = findRemote(db, asked);
    if (remote === null) {
      log.warn('commitment-report-undeliverable', { code: 'peer-not-callable', peerId: asked.peerId });
      return false;
    }
    const { eventTypeId, information } = reportOf(asked, failures, remote.callingAe);
    const proposal = { ...propose(), roles: { scu: false, scp: true } };
    const told = await onAssociation({ ...remote, signal }, [proposal], (association) =>
      nEventReport(association, TARGET, eventTypeId, information),
    );
    if (!told.ok) log.warn('commitment-report-undelivered', { code: told.error.code, peerId: asked.peerId });
    return told.ok && classifyStatus(told.value.status) === 'accepted';
  }

  async function ask(request: CommitmentRequest): Promise<void> {
    const remote = findRemote(db, request);
    if (remote === null) return postponeRequest(db, request, 'peer-not-callable', clock.nowMs());
    await durable(db); // who wants it asked stands in the ledger before it leaves
    const step = request.state === 'owed' ? await askForCommitment(request, remote) : await query(request, remote);
    if (!step.ok && !signal.aborted) postponeRequest(db, request, step.error.code, clock.nowMs());
  }

  async function askForCommitment(
    request: CommitmentRequest,
    remote: RemoteAe,
  ): Promise<Result<null, { readonly code: string }>> {
    let isReported = false;
    const serve = takingEvents(async ({ eventTypeId, dataset }) => {
      const { status } = takeCommitmentReport(db, { eventTypeId, dataset, from: request, atMs: clock.nowMs() });
      isReported = true;
      await durable(db); // the peer tells it once
      return status;
    });
    const information = {
      TransactionUID: request.transactionUid,
      ReferencedSOPSequence: listRequested(db, request.requestId).map(({ sopClassUid, sopUid }) => ({
        ...{ ReferencedSOPClassUID: sopClassUid, ReferencedSOPInstanceUID: sopUid },
      })),
    };
    const asked = await onAssociation<null, { readonly code: string }>(
      { ...remote, signal },
      [propose()],
      async (association) => {
        const answered = await nAction(association, TARGET, 1, information);
        if (!answered.ok) return answered;
        const { status } = answered.value;
        const meaning = classifyStatus(status);
        // Asked before, and the answer was lost on its way: the peer knows of it.
        const isKnown = status === DIMSE_STATUS['duplicate-transaction-uid'];
        if (meaning === 'refused-for-now') return err({ code: 'refused-for-now' });
        noteAsked(db, request.requestId, meaning === 'refused' && !isKnown ? 'refused' : null, clock.nowMs());
        if (meaning === 'accepted' || isKnown) await association.listen(listenMs, () => isReported || signal.aborted);
        return ok(null);
      },
      serve,
    );
    // A peer that does not offer it is asked in the other way.
    if (!asked.ok && asked.error.code === 'context-refused') {
      noteAsked(db, request.requestId, 'not-offered', clock.nowMs());
      return ok(null);
    }
    return asked;
  }

  /**
   * Finds out by C-FIND at the image level which of the instances the peer has (PS3.4 §C.6.2), and can give again: one of
   * which it does not say so is not proven to be there, for on that word the only copy here may be let go.
   */
  async function query(request: CommitmentRequest, remote: RemoteAe): Promise<Result<null, { readonly code: string }>> {
    const instances = listRequested(db, request.requestId);
    const found = new Set<string>();
    for (const [, [one]] of Map.groupBy(instances, ({ studyUid, seriesUid }) => `${studyUid} ${seriesUid}`)) {
      if (one === undefined) continue;
      const keys = {
        ...{ QueryRetrieveLevel: 'IMAGE', StudyInstanceUID: one.studyUid, SeriesInstanceUID: one.seriesUid },
        ...{ SOPInstanceUID: '', InstanceAvailability: '' },
      };
      const ended = await findAt({ ...remote, signal }, SERVICE_CLASSES['study-root-find'], keys, {
        onMatch(match) {
          const isToBeHad = IN_ITS_STORE.includes(text(match, 'InstanceAvailability') ?? '');
          if (isToBeHad) found.add(text(match, 'SOPInstanceUID') ?? '');
        },
      });
      if (!ended.ok && ended.error.code !== 'context-refused') return ended;
      if (!ended.ok || classifyStatus(ended.value.status) === 'refused') {
        settleRequest(db, request, 'query', new Map(), clock.nowMs(), 'query-refused');
        return ok(null);
      }
      if (ended.value.status !== DIMSE_STATUS.success) return err({ code: 'refused-for-now' });
    }
    settleRequest(db, request, 'query', new Map([...found].map((sopUid) => [sopUid, 0])), clock.nowMs());
    return ok(null);
  }

  return {
    start() {
      const move = (byMs: number) => {
        shiftDueAsked(db, byMs);
        shiftDueRequests(db, byMs);
      };
      shift = shiftWithClock(clock, (byMs) => inTransaction(db, () => move(byMs)), failed);
      timer = setInterval(notify, POLL_MS);
      notify();
    },
    notify,
    isOnLine(requestId, ourAe, reportOver) {
      const [oldest] = onLine.keys();
      if (oldest !== undefined && onLine.size >= MOST_ON_LINE) onLine.delete(oldest);
      onLine.set(requestId, { ourAe, report: reportOver });
    },
    async stop() {
      ending.abort();
      shift?.stop();
      if (timer !== null) clearInterval(timer);
      await Promise.all(working.values());
    },
  };
}

const propose = () => ({ sopClass: TARGET.sopClass, transferSyntaxes: SERVICE_SYNTAXES });
