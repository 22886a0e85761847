import { setTimeout as pause } from 'node:timers/promises';
import { isOutOfRoom } from './out-of-room.ts';

/** A disk without room is asked again after this time, in ms: nobody makes room faster. */
export const NO_ROOM_PAUSE_MS = 5_000;

/**
 * Does something that writes, and again while the disk has no room for it, until it is done or the signal says to leave it.
 * True when it was done. Rejects with what it throws for any other reason.
 */
export async function whenRoom(work: () => void, signal: AbortSignal, pauseMs = NO_ROOM_PAUSE_MS): Promise<boolean> {
  while (!signal.aborted) {
    try {
      work();
      return true;
    } catch (error) {
      if (!isOutOfRoom(error)) throw error;
    }
    await pause(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
  return false;
}
