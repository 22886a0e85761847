import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { number, text } from '../dicom/dataset/values.ts';
import { classifyStatus, DIMSE_STATUS } from '../dicom/dimse/status.ts';
import type { RemoteAe } from '../dicom/open-association.ts';
import { findAt } from '../dicom/services/find.ts';
import { SERVICE_CLASSES } from '../dicom/services/sop-classes.ts';
import type { Log } from '../platform/log.ts';
import { type ClockShift, shiftWithClock } from '../platform/shift-with-clock.ts';
import { durable } from '../platform/store/durability.ts';
import { isOutOfRoom } from '../platform/store/out-of-room.ts';
import { findRemote } from './peers.ts';
import { ASK_TIMEOUT_MS } from './query-peer.ts';
import type { Archive } from './receive-object.ts';
import {
  type CountFailure,
  listDueCounts,
  noteNoCount,
  type OwedCount,
  shiftDueCounts,
  takeCount,
} from './sender-counts.ts';

/** Asks archives how many instances they have of what they sent. All it knows are rows. */
export type SenderCountWorker = {
  start(): void;
  /** Something may be due. */
  notify(): void;
  /** Breaks off what is being asked; it stays owed. */
  stop(): Promise<void>;
};

const POLL_MS = 1000;

/** The worker of this station. */
export function createSenderCountWorker(
  { db, clock, quiet: rules }: Pick<Archive, 'db' | 'clock' | 'quiet'>,
  log: Log,
): SenderCountWorker {
  const ending = new AbortController();
  const { signal } = ending;
  let working: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;
  let shift: ClockShift | null = null;

  function notify(): void {
    if (signal.aborted || working !== null) return;
    working = work()
      .catch((error: unknown) => {
        if (!isOutOfRoom(error)) log.incident('sender-count-failed', error);
      })
      .finally(() => (working = null));
  }

  async function work(): Promise<void> {
    const nowMs = clock.nowMs();
    shift?.catchUp();
    const peers = Map.groupBy(listDueCounts(db, nowMs), ({ peerId }) => peerId);
    // Side by side: an archive that does not answer holds up no other.
    await Promise.all(
      [...peers.values()].map(async (counts) => {
        for (const owed of counts) if (!signal.aborted) await settle(owed);
      }),
    );
  }

  async function settle(owed: OwedCount): Promise<void> {
    const remote = findRemote(db, owed);
    await durable(db); // why it is asked stands in the ledger before a study is named to anybody
    const counted =
      remote === null
        ? err({ code: 'peer-not-callable', isFinal: true })
        : await askCount({ ...remote, responseMs: ASK_TIMEOUT_MS, signal }, owed.studyUid);
    if (signal.aborted) return;
    if (counted.ok) return takeCount(db, owed, counted.value, rules, clock.nowMs());
    log.warn('sender-count-not-had', { code: counted.error.code, peerId: owed.peerId });
    noteNoCount(db, owed, counted.error, clock.nowMs());
  }

  return {
    start() {
      const move = (byMs: number) => shiftDueCounts(db, byMs);
      shift = shiftWithClock(clock, move, (error) => log.incident('sender-counts-not-moved', error));
      timer = setInterval(notify, POLL_MS);
      notify();
    },
    notify,
    async stop() {
      ending.abort();
      shift?.stop();
      if (timer !== null) clearInterval(timer);
      await working;
    },
  };
}

/** How many instances a peer has of a study (0020,1208); matches that are not of it say nothing. */
async function askCount(remote: RemoteAe, studyUid: string): Promise<Result<number, CountFailure>> {
  let instances: number | null = null;
  let isKnown = false;
  const keys = { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: studyUid, NumberOfStudyRelatedInstances: null };
  const found = await findAt(remote, SERVICE_CLASSES['study-root-find'], keys, {
    onMatch: (match) => {
      if (text(match, 'StudyInstanceUID') !== studyUid) return;
      isKnown = true;
      instances = number(match, 'NumberOfStudyRelatedInstances');
    },
  });
  if (!found.ok) return err({ code: found.error.code, isFinal: found.error.code === 'context-refused' });
  const { status } = found.value;
  if (status !== DIMSE_STATUS.success)
    return err({ code: 'query-refused', isFinal: classifyStatus(status) === 'refused' });
  // It may not have filed yet what it passed on.
  if (!isKnown) return err({ code: 'study-not-at-peer', isFinal: false });
  if (instances === null || !Number.isSafeInteger(instances) || instances < 1)
    return err({ code: 'count-not-given', isFinal: true });
  return ok(instances);
}
