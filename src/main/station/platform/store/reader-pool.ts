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
  ): Promise<ReturnType<Tasks[Name]>>;
  close(): Promise<void>;
};

const THREADS = 2;

/** Starts two threads on the given entry, each with a read-only connection of its own. */
export function openReaderPool<Tasks extends ReaderTasks>(entry: URL, settings: ReaderSettings): ReaderPool<Tasks> {
  const pool = new Piscina({
    filename: entry.href,
    workerData: settings,
    minThreads: THREADS,
    maxThreads: THREADS,
    idleTimeout: Number.POSITIVE_INFINITY,
  });
  return {
    run: (task, input) => pool.run({ task, input } satisfies ReaderRequest),
    close: () => pool.close({ force: true }),
  };
}
