import type { WritableDb } from './database.ts';
import { committedSoFar } from './transaction.ts';

const EVERY_MS = 500;

/** Moves what was committed from the log into the database, in small steps and beside the main thread, until stopped. */
export function keepLogShort(
  db: WritableDb,
  move: () => Promise<unknown>,
  onFailure: (error: unknown) => void,
): { stop(): Promise<void> } {
  let moved = 0;
  let moving: Promise<unknown> = Promise.resolve();
  let isMoving = false;
  const timer = setInterval(() => {
    const committed = committedSoFar(db);
    if (isMoving || committed === moved) return;
    isMoving = true;
    moving = move()
      .then(() => (moved = committed), onFailure)
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
