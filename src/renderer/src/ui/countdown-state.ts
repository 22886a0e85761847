/** What a deadline does: nothing set, time enough, near, or past. */
export type CountdownState =
  | { readonly state: 'none' }
  | { readonly state: 'ample' | 'near'; readonly leftMs: number }
  | { readonly state: 'past'; readonly overMs: number };

/** Where a deadline stands now; `nearMs` before it the countdown changes shape. */
export function countdownState(dueAtMs: number | null, nowMs: number, nearMs: number): CountdownState {
  if (dueAtMs === null) return { state: 'none' };
  const leftMs = dueAtMs - nowMs;
  if (leftMs < 0) return { state: 'past', overMs: -leftMs };
  return { state: leftMs <= nearMs ? 'near' : 'ample', leftMs };
}
