import type { Hint } from '../../../shared/contract/station.ts';
import type { Scope } from '../access/index.ts';

/** A change worth telling the pages of one site. */
export type StudyChange = { readonly siteId: string; readonly studyId: string; readonly seq: number };

/** Tells pages which studies changed: together, at most every tenth of a second, and never more than they can take. */
export type HintHub = {
  publish(change: StudyChange): void;
  /** Hints for a scope from now on, a `reset` first; ends with the signal. One that is taken too slowly gets a `reset` instead of a backlog. */
  subscribe(scope: Scope, signal: AbortSignal | undefined): AsyncGenerator<Hint, void, void>;
};

const COALESCE_MS = 100;
const MOST_PENDING = 500;

type Subscriber = {
  readonly siteIds: ReadonlySet<string>;
  readonly pending: Set<string>;
  seq: number;
  needsReset: boolean;
  /** Set while the subscriber waits for something to tell. */
  wake: (() => void) | null;
};

/** A hub without subscribers; `latestSeq` says how far the ledger is when one begins. */
export function createHintHub(latestSeq: () => number): HintHub {
  const subscribers = new Set<Subscriber>();

  return {
    publish({ siteId, studyId, seq }) {
      for (const subscriber of subscribers) {
        if (!subscriber.siteIds.has(siteId)) continue;
        subscriber.seq = seq;
        if (!subscriber.needsReset) subscriber.pending.add(studyId);
        if (subscriber.pending.size > MOST_PENDING) demandReset(subscriber);
        subscriber.wake?.();
      }
    },
    async *subscribe(scope, signal) {
      const subscriber: Subscriber = {
        siteIds: new Set(scope.siteIds),
        pending: new Set(),
        seq: latestSeq(),
        needsReset: true,
        wake: null,
      };
      subscribers.add(subscriber);
      try {
        while (signal?.aborted !== true) {
          const hint = take(subscriber);
          if (hint !== null) yield hint;
          await pause(COALESCE_MS, signal);
          if (!subscriber.needsReset && subscriber.pending.size === 0) await somethingToTell(subscriber, signal);
        }
      } finally {
        subscribers.delete(subscriber);
      }
    },
  };
}

function demandReset(subscriber: Subscriber): void {
  subscriber.needsReset = true;
  subscriber.pending.clear();
}

function take(subscriber: Subscriber): Hint | null {
  const { seq } = subscriber;
  if (subscriber.needsReset) {
    subscriber.needsReset = false;
    return { type: 'reset', seq };
  }
  if (subscriber.pending.size === 0) return null;
  const studyIds = [...subscriber.pending];
  subscriber.pending.clear();
  return { type: 'changed', studyIds, seq };
}

function somethingToTell(subscriber: Subscriber, signal: AbortSignal | undefined): Promise<void> {
  return untilCalled(signal, (done) => {
    subscriber.wake = done;
    return () => (subscriber.wake = null);
  });
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return untilCalled(signal, (done) => {
    const timer = setTimeout(done, ms);
    return () => clearTimeout(timer);
  });
}

/** Resolves when `begin`'s callback is called or the signal is aborted, and undoes `begin` either way. */
function untilCalled(signal: AbortSignal | undefined, begin: (done: () => void) => () => void): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      undo();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const undo = begin(done);
    signal?.addEventListener('abort', done, { once: true });
  });
}
