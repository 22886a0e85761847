import { once } from 'node:events';
import { Piscina } from 'piscina';
import type { ReadableDb } from './database.ts';

/** Everything a reader thread can be asked: read-only work by name. */
export type ReaderTasks = Readonly<Record<string, (db: ReadableDb, input: never) => unknown>>;

/** What a reader thread is started with; the key stays in memory. */
export type ReaderSettings = { readonly database: string; readonly keyHex: string };

/** What crosses to the thread. */
export type ReaderRequest = { readonly task: string; readonly input: unknown };

/** Read-only work off the main thread: search, counts, verification, exports. */
export type ReaderPool<Tasks extends ReaderTasks> = {
  /** Rejects with `ThreadsBusy` where a computing thread is not to be had soon, and with what the task threw. */
  run<Name extends keyof Tasks & string>(
    task: Name,
    input: Parameters<Tasks[Name]>[1],
  ): Promise<Awaited<ReturnType<Tasks[Name]>>>;
  close(): Promise<void>;
};

const THREADS = 2;

export type PoolOptions = {
  /** What computes for long gets threads of its own, so that no search waits for it: one stands ready, the other starts when needed and ends when idle. */
  readonly isForComputing?: boolean;
  /** A thread could not be started, or ended by itself while nothing was asked of it. */
  readonly onFailed?: (error: unknown) => void;
};
const IDLE_MS = 60_000;
/** More work than this waiting is refused: whoever asks tries again. */
const MOST_WAITING = 256;
/** How piscina says so. */
const REFUSAL = 'Task queue is at limit';

/** Thrown where so much work is waiting for the threads already that more is refused. */
export class ThreadsBusy extends Error {
  constructor() {
    super('too much work is waiting for the computing threads');
    this.name = 'ThreadsBusy';
  }
}

/** Up to two threads on the given entry, each with a read-only connection of its own: the first starts when something is asked, the second when more is asked beside it. Where none can be started, what was asked is rejected with the reason; so is what a thread was given that then could not be. */
export function openReaderPool<Tasks extends ReaderTasks>(
  entry: URL,
  settings: ReaderSettings,
  { isForComputing = false, onFailed }: PoolOptions = {},
): ReaderPool<Tasks> {
  const pool = new Piscina({
    filename: entry.href,
    workerData: settings,
    minThreads: isForComputing ? 1 : 0,
    maxThreads: THREADS,
    idleTimeout: isForComputing ? IDLE_MS : Number.POSITIVE_INFINITY,
    ...(isForComputing && { maxQueue: MOST_WAITING }),
  });
  const closing = new AbortController();
  const asked = new Set<(reason: unknown) => void>();
  pool.on('error', (error: unknown) => {
    onFailed?.(error);
    // Another thread answers what waits; without one it would wait for ever.
    if (pool.threads.length === 0) for (const reject of asked) reject(error);
  });
  // The first question starts a thread. What is asked before that is there waits for it: otherwise every start of a station
  // would load the second as well, for questions of a millisecond.
  const isThere = once(pool, 'workerCreate', { signal: closing.signal }).catch(() => undefined);
  let isAsked = isForComputing;
  return {
    async run(task, input) {
      if (isAsked) await isThere;
      isAsked = true;
      const unanswered = Promise.withResolvers<never>();
      asked.add(unanswered.reject);
      try {
        return await Promise.race([pool.run({ task, input } satisfies ReaderRequest), unanswered.promise]);
      } catch (error) {
        throw error instanceof Error && error.message === REFUSAL ? new ThreadsBusy() : error;
      } finally {
        asked.delete(unanswered.reject);
      }
    },
    close() {
      closing.abort();
      return pool.close({ force: true });
    },
  };
}
