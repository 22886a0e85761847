import { setTimeout as pause } from 'node:timers/promises';

/** Lets so many bytes a second through; what is done at leisure awaits it before each step. */
export type Pace = (bytes: number) => Promise<void>;

/** A pace that never waits less than a turn of the event loop, so that work at leisure never holds up what is not. */
export function createPace(bytesPerSecond: number, nowMs: () => number = () => performance.now()): Pace {
  /** When what was let through so far is paid for. */
  let paidAtMs = 0;
  return async (bytes) => {
    const startMs = Math.max(paidAtMs, nowMs());
    const waitMs = startMs - nowMs();
    paidAtMs = startMs + (bytes / bytesPerSecond) * 1000;
    await pause(Math.max(0, waitMs), undefined, { ref: false });
  };
}
