import { LANES } from './run-order.ts';

/** How often a run gives way, by its lane; then it is let finish, whatever waits. */
export const MOST_PREEMPTIONS: Readonly<Record<number, number>> = {
  [LANES.stat]: 0,
  [LANES.urgent]: 3,
  [LANES.routine]: 3,
  [LANES.silent]: 20,
};
/** A run expected to end within this, or that has this share of its usual time behind it, is let finish. */
const NEARLY_DONE_MS = 1000;
const NEARLY_DONE_SHARE = 0.7;
/** Past its usual time by more than this nobody can say how long it still takes. */
const OVERDUE_SHARE = 1.5;

/**
 * Whether a run gives way to what waits: to a STAT study, and a silent one to anything that is shown. Not when it is nearly
 * done by what runs of its model usually take (`usualMs`; null: not known), and not more often than `MOST_PREEMPTIONS`.
 */
export function givesWay(
  running: {
    readonly lane: number;
    readonly preemptions: number;
    readonly elapsedMs: number;
    readonly usualMs: number | null;
  },
  waitingLane: number,
): boolean {
  const isMoreUrgent = waitingLane < running.lane && (waitingLane === LANES.stat || running.lane === LANES.silent);
  if (!isMoreUrgent || running.preemptions >= (MOST_PREEMPTIONS[running.lane] ?? 0)) return false;
  if (running.usualMs === null) return true;
  const { elapsedMs, usualMs } = running;
  if (elapsedMs > usualMs * OVERDUE_SHARE) return true;
  return usualMs - elapsedMs > NEARLY_DONE_MS && elapsedMs < usualMs * NEARLY_DONE_SHARE;
}
