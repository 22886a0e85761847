import { Worker } from 'node:worker_threads';

/** What a run over mutated data sets showed; a failing case is named by its number, which is its seed. */
export type ReadersAttacked = {
  readonly cases: number;
  readonly failures: readonly string[];
  readonly slowest: { readonly number: number; readonly ms: number };
  readonly peakMiB: number;
};

const HANG_MS = 30_000;
const LOOK_MS = 50;

/**
 * Reads the cases `from` to `to` on a thread of its own. One that throws, ends the thread or takes longer than 30 s is a
 * failure; after the last two a fresh thread goes on with the next.
 */
export async function attackReaders(from: number, to: number, isReal: boolean): Promise<ReadersAttacked> {
  const failures: string[] = [];
  let slowest = { number: from, ms: 0 };
  let peakMiB = 0;
  let next = from;
  while (next < to) {
    const worker = new Worker(new URL('./read-thread.ts', import.meta.url), { workerData: { from: next, to, isReal } });
    let current = next;
    let sinceMs = performance.now();
    const note = () => {
      const ms = Math.round(performance.now() - sinceMs);
      if (ms > slowest.ms) slowest = { number: current, ms };
    };
    const timer = setInterval(() => {
      peakMiB = Math.max(peakMiB, Math.round(process.memoryUsage.rss() / 2 ** 20));
      if (performance.now() - sinceMs < HANG_MS) return;
      failures.push(`${current}: takes longer than ${HANG_MS / 1000} s`);
      void worker.terminate();
    }, LOOK_MS);
    let isAlive = false;
    const died = await new Promise<string | null>((resolve) => {
      worker.on('message', (message: { readonly number: number; readonly threw?: string }) => {
        if (message.threw !== undefined) {
          failures.push(`${message.number}: ${message.threw}`);
          return;
        }
        if (isAlive) note(); // the first case waits for the thread to start
        isAlive = true;
        current = message.number;
        sinceMs = performance.now();
      });
      worker.on('error', (error) => resolve(String(error)));
      worker.on('exit', (code) => resolve(code === 0 ? null : `the thread ended with ${code}`));
    });
    clearInterval(timer);
    if (died !== null && !failures.some((failure) => failure.startsWith(`${current}:`)))
      failures.push(`${current}: ${died}`);
    next = died === null ? to : current + 1;
  }
  return { cases: to - from, failures, slowest, peakMiB };
}
