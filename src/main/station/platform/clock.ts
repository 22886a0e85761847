/** Now, in UTC milliseconds; a parameter wherever time matters. */
export type Clock = {
  nowMs(): number;
  /**
   * Calls back when the wall clock was set while the process ran, with how far it was moved in ms (negative: back), before
   * the first moment of the new time is given out. Returns the way to stop. Absent: a clock that nobody sets.
   */
  onJump?(listener: (byMs: number) => void): () => void;
};

/** Less than this is the slewing of a time service, which no waiting period notices. */
const SMALLEST_JUMP_MS = 2000;

/**
 * A clock that is the wall's and notices when somebody sets it, by holding it against a steady one (ms from any origin).
 * A machine that slept looks the same as a clock set forward, and to whoever waits for silence it is.
 */
export function watchedClock(wallMs: () => number, steadyMs: () => number): Clock {
  const listeners = new Set<(byMs: number) => void>();
  let offsetMs = wallMs() - steadyMs();
  return {
    nowMs() {
      const nowMs = wallMs();
      const byMs = nowMs - steadyMs() - offsetMs;
      offsetMs += byMs;
      if (Math.abs(byMs) >= SMALLEST_JUMP_MS) for (const listener of listeners) listener(Math.round(byMs));
      return nowMs;
    },
    onJump(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export const systemClock: Clock = watchedClock(
  () => Date.now(),
  () => performance.now(),
);
