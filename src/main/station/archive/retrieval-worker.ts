import type { Log } from '../platform/log.ts';
import { serviceActor } from '../platform/ledger/event.ts';
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
export function createRetrievalWorker(archive: Archive, log: Log): RetrievalWorker {
  const { db, clock } = archive;
  const running = new Map<
    string,
    { readonly done: Promise<void>; readonly cancel: () => void; readonly abort: () => void }
  >();
  let isStarted = false;
  let timer: NodeJS.Timeout | null = null;

  function look(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    while (isStarted && running.size < AT_ONCE) {
      const next = nextRetrieval(db);
      const waitMs = next === null ? LONGEST_SLEEP_MS : next.dueAtMs - clock.nowMs();
      if (next === null || waitMs > 0) {
        timer = setTimeout(look, Math.min(waitMs, LONGEST_SLEEP_MS)).unref();
        return;
      }
      if (claimRetrieval(db, next.retrieval.retrievalId, clock.nowMs())) begin(next.retrieval);
    }
  }

  function begin(retrieval: Retrieval): void {
    const cancelling = new AbortController();
    const aborting = new AbortController();
    const { retrievalId } = retrieval;
    const done = run(retrieval, cancelling.signal, aborting.signal)
      .catch((error: unknown) => {
        log.incident('retrieval-failed', error, { correlationId: retrievalId });
        if (isStarted) settle(retrieval, { state: 'failed', code: 'association-lost' });
      })
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

  async function run(retrieval: Retrieval, cancel: AbortSignal, abort: AbortSignal): Promise<void> {
    const { retrievalId, siteId, peerId } = retrieval;
    const remote = findRemote(db, { siteId, peerId });
    if (remote === null) return settle(retrieval, { state: 'failed', code: 'peer-not-callable' });
    const progress = throttled((known) => noteRetrieval(db, retrievalId, known));
    const outcome = await fetchStudy({
      archive,
      retrieval,
      cancel,
      remote: { ...remote, signal: abort },
      progress: progress.note,
    });
    if (!isStarted) return; // what a shutdown broke off stays a row
    progress.flush();
    settle(
      retrieval,
      cancel.aborted && outcome.state !== 'done' ? { state: 'cancelled', code: outcome.code } : outcome,
    );
  }

  function settle(retrieval: Retrieval, outcome: RetrievalOutcome): void {
    const { retrievalId, attempts } = retrieval;
    const nowMs = clock.nowMs();
    if (outcome.isTransient && outcome.code !== null && attempts + 1 < MOST_ATTEMPTS)
      postponeRetrieval(db, retrievalId, outcome.code, nowMs + FIRST_PAUSE_MS * 3 ** attempts);
    else endRetrieval(db, retrievalId, outcome, serviceActor('retrieval'), nowMs);
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
      if (timer !== null) clearTimeout(timer);
      for (const { abort } of running.values()) abort();
      await Promise.all([...running.values()].map(({ done }) => done));
    },
  };
}

/** Writes what is known no oftener than twice a second, and the rest when asked. */
function throttled(write: (known: RetrievalProgress) => void) {
  let known: RetrievalProgress = {};
  let writtenAtMs = 0;
  const flush = () => {
    if (Object.keys(known).length > 0) write(known);
    known = {};
    writtenAtMs = performance.now();
  };
  return {
    note(more: RetrievalProgress) {
      known = { ...known, ...more };
      if (performance.now() - writtenAtMs >= PROGRESS_EVERY_MS) flush();
    },
    flush,
  };
}
