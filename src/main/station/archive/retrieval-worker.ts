import type { Log } from '../platform/log.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { durable } from '../platform/store/durability.ts';
import { isOutOfRoom } from '../platform/store/out-of-room.ts';
import { NO_ROOM_PAUSE_MS, whenRoom } from '../platform/store/when-room.ts';
import { fetchStudy } from './fetch-study.ts';
import { findRemote } from './peers.ts';
import type { Archive } from './receive-object.ts';
import {
  claimRetrieval,
  endRetrieval,
  nextRetrieval,
  noteRetrieval,
  postponeRetrieval,
  resumeRetrievals,
  type Retrieval,
  type RetrievalOutcome,
  type RetrievalProgress,
} from './retrievals.ts';

/** Works through the queue of retrievals, some at once. */
export type RetrievalWorker = {
  start(): void;
  /** Something may wait in the queue. */
  notify(): void;
  /** Asks a running retrieval to stop; false where it does not run here. */
  cancel(retrievalId: string): boolean;
  /** Breaks off what runs; the rows stay, and the next start goes on with them. */
  stop(): Promise<void>;
};

const AT_ONCE = 2;
const MOST_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 10_000;
const PROGRESS_EVERY_MS = 500;
const LONGEST_SLEEP_MS = 30_000;
/** For a peer's last word after C-CANCEL; then the association is aborted. */
const CANCEL_GRACE_MS = 15_000;

/** A worker over the archive's queue. */
export function createRetrievalWorker(
  archive: Archive,
  log: Log,
  noRoomPauseMs: number = NO_ROOM_PAUSE_MS,
): RetrievalWorker {
  const { db, clock } = archive;
  const ending = new AbortController();
  const running = new Map<
    string,
    { readonly done: Promise<void>; readonly cancel: () => void; readonly abort: () => void }
  >();
  let isStarted = false;
  let timer: NodeJS.Timeout | null = null;

  /** A fault here, a full disk say, ends nothing: the queue is rows, and is looked at again. */
  function look(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    try {
      begin();
    } catch (error) {
      if (!isOutOfRoom(error)) log.incident('retrievals-not-begun', error);
      if (isStarted) timer = setTimeout(look, noRoomPauseMs).unref();
    }
  }

  function begin(): void {
    while (isStarted && running.size < AT_ONCE) {
      const next = nextRetrieval(db);
      const waitMs = next === null ? LONGEST_SLEEP_MS : next.dueAtMs - clock.nowMs();
      if (next === null || waitMs > 0) {
        timer = setTimeout(look, Math.min(waitMs, LONGEST_SLEEP_MS)).unref();
        return;
      }
      if (claimRetrieval(db, next.retrieval.retrievalId, clock.nowMs())) attempt(next.retrieval);
    }
  }

  function attempt(retrieval: Retrieval): void {
    const cancelling = new AbortController();
    const aborting = new AbortController();
    const { retrievalId } = retrieval;
    const progress = throttled((known) => noteRetrieval(db, retrievalId, known));
    const done = run(retrieval, progress.note, cancelling.signal, aborting.signal)
      .catch((error: unknown) => faultOf(error, retrievalId))
      .then((outcome) => (outcome === null ? undefined : settle(retrieval, progress.flush, outcome)))
      // It stays running, and is begun anew at the next start.
      .catch((error: unknown) => void log.incident('retrieval-not-settled', error, { correlationId: retrievalId }))
      .finally(() => {
        running.delete(retrievalId);
        look();
      });
    running.set(retrievalId, {
      done,
      cancel() {
        cancelling.abort();
        setTimeout(() => aborting.abort(), CANCEL_GRACE_MS).unref();
      },
      abort: () => aborting.abort(),
    });
  }

  /** What became of an attempt; null where a shutdown broke it off: that stays a row. */
  async function run(
    retrieval: Retrieval,
    progress: (known: RetrievalProgress) => void,
    cancel: AbortSignal,
    abort: AbortSignal,
  ): Promise<RetrievalOutcome | null> {
    const remote = findRemote(db, retrieval);
    if (remote === null) return { state: 'failed', code: 'peer-not-callable' };
    // Who asked for it stands in the ledger before a peer hears the question.
    await durable(db);
    const outcome = await fetchStudy({
      archive,
      retrieval,
      cancel,
      remote: { ...remote, signal: abort },
      progress,
    });
    if (!isStarted) return null;
    return cancel.aborted && outcome.state !== 'done' ? { state: 'cancelled', code: outcome.code } : outcome;
  }

  function faultOf(error: unknown, correlationId: string): RetrievalOutcome | null {
    if (!isStarted) return null;
    if (isOutOfRoom(error)) return { state: 'failed', code: 'no-room-here', isTransient: true };
    log.incident('retrieval-failed', error, { correlationId });
    return { state: 'failed', code: 'association-lost' };
  }

  async function settle(retrieval: Retrieval, noteRest: () => void, outcome: RetrievalOutcome): Promise<void> {
    const { retrievalId, attempts } = retrieval;
    const write = () => {
      noteRest();
      const nowMs = clock.nowMs();
      if (outcome.isTransient && outcome.code !== null && attempts + 1 < MOST_ATTEMPTS)
        postponeRetrieval(db, retrievalId, outcome.code, nowMs, nowMs + FIRST_PAUSE_MS * 3 ** attempts);
      else endRetrieval(db, retrievalId, outcome, serviceActor('retrieval'), nowMs);
    };
    await whenRoom(write, ending.signal, noRoomPauseMs);
  }

  return {
    start() {
      isStarted = true;
      resumeRetrievals(db, clock.nowMs());
      look();
    },
    notify: look,
    cancel(retrievalId) {
      const one = running.get(retrievalId);
      one?.cancel();
      return one !== undefined;
    },
    async stop() {
      isStarted = false;
      ending.abort();
      if (timer !== null) clearTimeout(timer);
      for (const { abort } of running.values()) abort();
      await Promise.all([...running.values()].map(({ done }) => done));
    },
  };
}

/** Writes what is known no oftener than twice a second, and the rest when asked; what the disk has no room for is kept until then. */
function throttled(write: (known: RetrievalProgress) => void) {
  let known: RetrievalProgress = {};
  let writtenAtMs = 0;
  const flush = () => {
    writtenAtMs = performance.now();
    if (Object.keys(known).length > 0) write(known);
    known = {};
  };
  return {
    note(more: RetrievalProgress) {
      known = { ...known, ...more };
      if (performance.now() - writtenAtMs < PROGRESS_EVERY_MS) return;
      try {
        flush();
      } catch (error) {
        if (!isOutOfRoom(error)) throw error;
      }
    },
    flush,
  };
}
