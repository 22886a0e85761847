import { z } from 'zod';
import { DAY_MS } from '../../../../shared/domain/durations.ts';
import type { Clock } from '../clock.ts';
import { prepared, type WritableDb } from './database.ts';
import { isOutOfRoom } from './out-of-room.ts';

/** Whether an age may be a clock's that was set. What is known of it survives the process. */
export type ClockDoubt = {
  /** True for a day after the clock was set, whichever way, or was found behind where an earlier process left it, or far ahead. */
  isDoubted(): boolean;
  /** Remembers how far the clock has come, to see at the next start whether it was set meanwhile. To be called now and then. */
  note(): void;
  stop(): void;
};

/** Less is the slewing of a time service. */
const SMALLEST_STEP_BACK_MS = 2000;
/** A clock found further ahead may have been set while no station ran; one that was off for so long waits a day, too. */
const LONGEST_OFF_MS = 10 * DAY_MS;
const NAME = 'clock-doubt';
const Kept = z.strictObject({ seenAtMs: z.number(), doubtedUntilMs: z.number() });
const FIND = 'SELECT value FROM station_facts WHERE name = ?';
const KEEP =
  'INSERT INTO station_facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';

/** Begins to watch, with what an earlier process left. On a full disk what is to be kept is tried again with the next question. */
export function watchClockDoubt(db: WritableDb, clock: Clock): ClockDoubt {
  let hasJumped = false;
  let isKept = true;
  let stopped = false;
  let doubtedUntilMs = whatIsLeft(db, clock.nowMs());

  function keep(seenAtMs: number): void {
    try {
      prepared(db, KEEP).run(NAME, JSON.stringify({ seenAtMs, doubtedUntilMs } satisfies z.infer<typeof Kept>));
      isKept = true;
    } catch (error) {
      if (!isOutOfRoom(error)) throw error;
      isKept = false;
    }
  }

  function isDoubted(): boolean {
    const nowMs = clock.nowMs(); // hears of a jump, too
    if (hasJumped) {
      hasJumped = false;
      doubtedUntilMs = nowMs + DAY_MS;
      isKept = false;
    }
    if (!isKept) keep(nowMs);
    return nowMs < doubtedUntilMs;
  }

  const forget = clock.onJump?.(() => {
    // Not asked of the clock again, nor written: whoever reads the clock may be within a transaction.
    hasJumped = true;
    setImmediate(() => {
      if (!stopped) isDoubted();
    });
  });
  keep(clock.nowMs());

  return {
    isDoubted,
    note() {
      isDoubted();
      keep(clock.nowMs());
    },
    stop() {
      stopped = true;
      forget?.();
    },
  };
}

/** Until when ages are not believed: as was kept, and for a day from now where the clock is behind what was kept, or far ahead. */
function whatIsLeft(db: WritableDb, nowMs: number): number {
  const row = prepared<{ value: string }>(db, FIND).get(NAME);
  if (row === undefined) return 0;
  const { seenAtMs, doubtedUntilMs } = Kept.parse(JSON.parse(row.value));
  const isBehind = seenAtMs - nowMs >= SMALLEST_STEP_BACK_MS;
  const isFarAhead = nowMs - seenAtMs > LONGEST_OFF_MS;
  return isBehind || isFarAhead ? nowMs + DAY_MS : doubtedUntilMs;
}
