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
  run<Name extends keyof Tasks & string>(
    task: Name,
    input: Parameters<Tasks[Name]>[1],
  ): Promise<Awaited<ReturnType<Tasks[Name]>>>;
  close(): Promise<void>;
};

const THREADS = 2;

/** What computes for long gets threads of its own, which start when needed and end when idle, so that no search waits for it. */
export type PoolOptions = { readonly isForComputing?: boolean };
const IDLE_MS = 60_000;
/** More work than this waiting is refused: whoever asks tries again. */
const MOST_WAITING = 256;

/** Starts two threads on the given entry, each with a read-only connection of its own. */
export function openReaderPool<Tasks extends ReaderTasks>(
  entry: URL,
  settings: ReaderSettings,
  { isForComputing = false }: PoolOptions = {},
): ReaderPool<Tasks> {
  const pool = new Piscina({
    filename: entry.href,
    workerData: settings,
    minThreads: isForComputing ? 0 : THREADS,
    maxThreads: THREADS,
    idleTimeout: isForComputing ? IDLE_MS : Number.POSITIVE_INFINITY,
    ...(isForComputing && { maxQueue: MOST_WAITING }),
  });
  return {
    run: (task, input) => pool.run({ task, input } satisfies ReaderRequest),
    close: () => pool.close({ force: true }),
  };
}
