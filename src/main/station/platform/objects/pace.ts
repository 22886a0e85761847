import { setTimeout as pause } from 'node:timers/promises';

/** Lets so many bytes a second through; what is done at leisure awaits it before each step. */
export type Pace = (bytes: number) => Promise<void>;

/** A pace that waits no more once `ending` is told, and never waits less than a turn of the event loop, so that work at leisure never holds up what is not. */
export function createPace(bytesPerSecond: number, ending?: AbortSignal): Pace {
  /** When what was let through so far is paid for. */
  let paidAtMs = 0;
  return async (bytes) => {
    const nowMs = performance.now();
    const startMs = Math.max(paidAtMs, nowMs);
    paidAtMs = startMs + (bytes / bytesPerSecond) * 1000;
    const how = { ref: false, ...(ending !== undefined && { signal: ending }) };
    await pause(startMs - nowMs, undefined, how).catch(() => undefined); // it ends: whoever waits looks for itself
  };
}
