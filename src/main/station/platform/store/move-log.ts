import { setTimeout as pass } from 'node:timers/promises';
import type { LogMove, WritableDb } from './database.ts';
import { committedSoFar } from './transaction.ts';

const EVERY_MS = 500;
/** Past so many pages the log is emptied: well before the writer would have to move it, on the main thread. */
const LONG_PAGES = 16_000;
/** Emptying takes two syncs of the disk; a slow one is tried again rather than waited for. */
const LONGEST_PAUSE_MS = 100;

const pauses = new WeakMap<WritableDb, Promise<unknown>>();

/**
 * While the log is being emptied, what to wait for: it begins anew only where nothing is committed meanwhile. Whoever writes
 * much, and may as well a moment later, waits; a tenth of a second at most. Null when there is nothing to wait for.
 */
export function logPause(db: WritableDb): Promise<unknown> | null {
  return pauses.get(db) ?? null;
}

/**
 * Moves what was committed from the log into the database, in small steps and beside the main thread, until stopped, and empties
 * a log that grew long. A move that fails is told once, and is tried again until one succeeds; the next failure after that
 * is news again.
 */
export function keepLogShort(
  db: WritableDb,
  move: () => Promise<LogMove>,
  onFailure: (error: unknown) => void,
): { stop(): Promise<void> } {
  let moved = 0;
  let moving: Promise<unknown> = Promise.resolve();
  let isMoving = false;
  let isFailing = false;
  const timer = setInterval(() => {
    const committed = committedSoFar(db);
    if (isMoving || committed === moved) return;
    isMoving = true;
    moving = moveAll(db, move)
      .then(
        () => {
          moved = committed;
          isFailing = false;
        },
        (error: unknown) => {
          if (!isFailing) onFailure(error);
          isFailing = true;
        },
      )
      .finally(() => (isMoving = false));
  }, EVERY_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await moving;
    },
  };
}

/** Of a long log the last few pages are moved while nobody adds to it. */
async function moveAll(db: WritableDb, move: () => Promise<LogMove>): Promise<void> {
  const { pages } = await move();
  if (pages < LONG_PAGES) return;
  const emptied = move();
  const settled = emptied.catch(() => undefined); // told by whoever awaits the move itself
  const pause = Promise.race([settled, pass(LONGEST_PAUSE_MS, undefined, { ref: false })]);
  pauses.set(db, pause);
  await pause;
  pauses.delete(db);
  await emptied;
}
