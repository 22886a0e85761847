import { Piscina } from 'piscina';
import type { ReaderPool, ReaderSettings } from '../platform/store/reader-pool.ts';
import type { READER_TASKS } from '../reader.ts';
import type { SharedRequest } from './reader-thread.ts';

/**
 * For tests: the readers of a store, on one thread that all stores of this process share. To start two threads of the whole
 * station for each test takes longer than most tests; closing gives up this store's connection alone.
 */
export function openTestReaders(settings: ReaderSettings): ReaderPool<typeof READER_TASKS> {
  const pool = (thread ??= new Piscina({
    filename: new URL('reader-thread.ts', import.meta.url).href,
    ...{ name: 'answer', minThreads: 1, maxThreads: 1 },
  }));
  const ask = (request: SharedRequest) => pool.run(request);
  return {
    run: (task, input) => ask({ settings, task, input }),
    close: () => ask({ settings, task: null }),
  };
}

let thread: Piscina | null = null;
