import type { Readers } from './api/services/readers.ts';
import { type Archive, createCacheKeeper, createIntegrityWorker, type KeptSite } from './archive/index.ts';
import type { Clock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import type { DataDirectory } from './platform/data-directory.ts';
import type { DiskWatch } from './platform/disk-watch.ts';
import type { Log } from './platform/log.ts';
import type { KeptObjectKeys } from './platform/objects/object-keys.ts';
import type { ObjectStore } from './platform/objects/object-store.ts';
import { createPace } from './platform/objects/pace.ts';
import { createKeyRotation } from './platform/objects/rotate-keys.ts';
import type { WritableDb } from './platform/store/database.ts';
import { isOpenStudy } from './worklist/index.ts';

type KeepingTools = {
  readonly db: WritableDb;
  readonly objects: ObjectStore;
  readonly keys: KeptObjectKeys;
  readonly directory: DataDirectory;
  readonly config: Config;
  readonly sites: readonly { readonly siteId: string; readonly code: string }[];
  readonly disk: DiskWatch;
  readonly readers: Readers;
  readonly findHolders: NonNullable<Archive['findHolders']>;
  readonly digestFrame: NonNullable<Archive['digestFrame']>;
  readonly clock: Clock;
  readonly log: Log;
  /** Told that the keys are others than before. */
  readonly keysChanged: () => void;
  /** Ends what reads and writes at its pace. */
  readonly signal: AbortSignal;
};

/** What keeps what is stored: read again, sealed anew, let go by policy. */
export type Keeping = {
  readonly integrity: ReturnType<typeof createIntegrityWorker>;
  readonly rotation: ReturnType<typeof createKeyRotation>;
  readonly keeper: ReturnType<typeof createCacheKeeper>;
  readonly sites: readonly KeptSite[];
  start(): void;
  stop(): Promise<void>;
};

/** Makes what keeps the objects, each site by its own policy; nothing is read or let go before `start`. */
export function openKeeping(tools: KeepingTools): Keeping {
  const { db, objects, config, disk, readers, clock, log, findHolders, digestFrame } = tools;
  const pace = () => createPace(config.integrity.bytesPerSecond, tools.signal);
  const integrity = createIntegrityWorker({
    ...{ db, objects, clock, log, findHolders },
    ...{ everyDays: config.integrity.everyDays, pace: pace() },
  });
  const rotation = createKeyRotation({
    ...{ db, root: tools.directory.objects, objects, keys: tools.keys, clock, log, suspect: integrity.suspect },
    ...{ pace: pace(), keysChanged: tools.keysChanged },
  });
  const sites = tools.sites.map(({ siteId, code }) => {
    const { cache, retention, keepRecordsDays } =
      [config.site, ...config.sites].find((one) => one.code === code) ?? config.site;
    return { siteId, cache, retention, keepDiscardedDays: config.quarantine.keepDiscardedDays, keepRecordsDays };
  });
  const keeper = createCacheKeeper({
    ...{ db, objects, digestFrame, sites, disk, clock, log },
    isOpen: (studyId) => isOpenStudy(db, studyId),
    measure: (siteId) => readers.run('measure-cache', siteId),
    preview: (question) => readers.run('preview-retention', question),
    listDiscarded: (siteId, beforeMs, nowMs) => readers.run('list-discarded', { siteId, beforeMs, nowMs }),
    listOldRecords: (siteId, beforeMs) => readers.run('list-old-records', { siteId, beforeMs }),
  });
  return {
    ...{ integrity, rotation, keeper, sites },
    start() {
      integrity.start();
      keeper.start();
      rotation.start();
    },
    async stop() {
      await integrity.stop();
      await keeper.stop();
      await rotation.stop();
    },
  };
}
