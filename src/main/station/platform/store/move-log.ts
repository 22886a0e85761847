import type { WritableDb } from './database.ts';
import { committedSoFar } from './transaction.ts';

const EVERY_MS = 500;

/**
 * Moves what was committed from the log into the database, in small steps and beside the main thread, until stopped. A move
 * that fails is told once, and is tried again until one succeeds; the next failure after that is news again.
 */
export function keepLogShort(
  db: WritableDb,
  move: () => Promise<unknown>,
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
    moving = move()
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
