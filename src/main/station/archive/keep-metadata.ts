import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../platform/log.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { isOutOfRoom } from '../platform/store/out-of-room.ts';
import type { InstancePath } from './find-studies.ts';
import { endWantedMetadata, keepMetadataPart, type WantedMetadata } from './series-metadata.ts';

/** Makes metadata ready in the background while it runs. */
export type MetadataKeeper = { start(): void; stop(): Promise<void> };

/** Metadata of instances in order, compressed; null where one of them cannot be read now. */
export type DescribeInstances = (instances: readonly InstancePath[]) => Promise<Uint8Array | null>;

/** The study wanted longest, looked up off the main thread: it may have thousands of instances. */
export type FindWantedMetadata = () => Promise<WantedMetadata | null>;

/** It rests so many times as long as it worked: receiving and reading come first. */
const REST = 2;
const SHORTEST_REST_MS = 20;
const LOOK_EVERY_MS = 1_000;

/** Works off the list of studies whose metadata are wanted, part by part; what is left at a shutdown are rows. */
export function createMetadataKeeper(
  db: WritableDb,
  findWanted: FindWantedMetadata,
  describe: DescribeInstances,
  log: Log,
): MetadataKeeper {
  const ending = new AbortController();
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      const isDone = await step().catch((error: unknown) => {
        if (!isOutOfRoom(error)) log.incident('metadata-not-kept', error);
        return true;
      });
      if (isDone) await rest(LOOK_EVERY_MS);
    }
  }

  /** One study; true where there was none. */
  async function step(): Promise<boolean> {
    const wanted = await findWanted();
    if (wanted === null || ending.signal.aborted) return true;
    for (const part of wanted.missing) {
      const startedAt = performance.now();
      const json = await describe(part.instances);
      if (ending.signal.aborted) return true;
      if (json !== null) keepMetadataPart(db, part, json);
      await rest((performance.now() - startedAt) * REST);
      if (ending.signal.aborted) return true;
    }
    endWantedMetadata(db, wanted);
    return false;
  }

  async function rest(forMs: number): Promise<void> {
    await pause(Math.max(SHORTEST_REST_MS, forMs), undefined, { signal: ending.signal, ref: false }).catch(
      () => undefined,
    );
  }

  return {
    start() {
      running = run();
    },
    async stop() {
      ending.abort();
      await running;
    },
  };
}
