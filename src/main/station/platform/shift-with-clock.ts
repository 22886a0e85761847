import type { Clock } from './clock.ts';
import { isOutOfRoom } from './store/out-of-room.ts';

/** Times that move with the wall clock when somebody sets it. */
export type ClockShift = {
  /** Moves what is still owed, for want of room on the disk when the clock was set. To be called before times are compared. */
  catchUp(): void;
  stop(): void;
};

/**
 * Calls `shift` with how far the wall clock was moved, in ms. The listener itself never throws: it runs inside whoever reads
 * the clock next. What the disk has no room for is kept in mind and moved later, together; any other failure is told.
 */
export function shiftWithClock(
  clock: Clock,
  shift: (byMs: number) => void,
  onFailure: (error: unknown) => void,
): ClockShift {
  let owedMs = 0;
  const catchUp = (): void => {
    if (owedMs === 0) return;
    try {
      shift(owedMs);
      owedMs = 0;
    } catch (error) {
      if (!isOutOfRoom(error)) onFailure(error);
    }
  };
  const forget = clock.onJump?.((byMs) => {
    owedMs += byMs;
    catchUp();
  });
  return { catchUp, stop: () => forget?.() };
}
