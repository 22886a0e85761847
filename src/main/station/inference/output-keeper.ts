import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { ObjectStore } from '../platform/objects/object-store.ts';
import { isExpected } from '../platform/objects/records.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { durable } from '../platform/store/durability.ts';
import { letOutputsGo, type RawOutputSetting } from './run-outputs.ts';

/** Lets go of raw outputs as the policy says, from its start on until it is stopped. */
export type OutputKeeper = { start(): void; stop(): Promise<void> };

const EVERY_MS = 3_600_000;

/** A keeper of raw outputs: rows first, on the disk; then the files. */
export function createOutputKeeper(
  tools: {
    readonly db: WritableDb;
    readonly objects: Pick<ObjectStore, 'remove'>;
    readonly clock: Clock;
    readonly log: Log;
  },
  setting: RawOutputSetting,
): OutputKeeper {
  const { db, objects, clock, log } = tools;
  const ending = new AbortController();
  let loop: Promise<void> = Promise.resolve();

  async function work(): Promise<void> {
    while (!ending.signal.aborted) {
      try {
        await letGo();
      } catch (error) {
        log.incident('outputs-not-let-go', error);
      }
      await pause(EVERY_MS, undefined, { signal: ending.signal, ref: false }).catch(() => undefined); // stopped: the loop ends
    }
  }

  async function letGo(): Promise<void> {
    for (;;) {
      const gone = letOutputsGo(db, setting, clock.nowMs());
      if (gone.runs === 0 || ending.signal.aborted) return;
      if (gone.files.length > 0) await durable(db);
      // It may have come back meanwhile.
      for (const { digest, encoding } of gone.files)
        if (!isExpected(db, digest, encoding)) objects.remove(digest, encoding);
      await pause(1);
    }
  }

  return {
    start() {
      loop = work();
    },
    async stop() {
      ending.abort();
      await loop;
    },
  };
}
