import type { HealthReason, StationStatus } from '../../shared/contract/station.ts';
import { countSignedIn, type Scope, type Site } from './access/index.ts';
import { countQuarantined, countReceivedSince } from './archive/index.ts';
import { healthReasons } from './health-reasons.ts';
import { countOpenRuns, countUnusableModels, listModels, type RunnerSupervisor } from './inference/index.ts';
import type { Clock } from './platform/clock.ts';
import type { Log } from './platform/log.ts';
import type { Config } from './platform/config.ts';
import type { Followers } from './platform/ledger/follow.ts';
import type { ObjectStore } from './platform/objects/object-store.ts';
import type { WritableDb } from './platform/store/database.ts';
import type { Reception } from './reception.ts';
import { countUnopenedCritical } from './worklist/index.ts';

type StatusTools = {
  readonly db: WritableDb;
  readonly site: Site;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly isDemo: boolean;
  readonly objects: ObjectStore;
  readonly supervisor: RunnerSupervisor;
  readonly followers: Followers;
  readonly reception: Reception;
};

/** Reads the station's state for the strip and for health. */
export type Status = {
  read(scope: Scope): StationStatus;
  health(): { readonly ready: boolean; readonly reasons: readonly HealthReason[] };
  /** Looks at the disk, then again now and then until `stop`; resolves after the first look. */
  watch(): Promise<void>;
  stop(): void;
};

const HOUR_MS = 3_600_000;
const LOOK_AT_DISK_MS = 10_000;
const SEEN_WITHIN_MS = 10 * 60_000;

/** The state as of now; the disk as of the last look. */
export function createStatus(tools: StatusTools): Status {
  const { db, site, config, clock, supervisor, followers, reception } = tools;
  let disk = { freeBytes: 0, totalBytes: 0 };
  /** Null before the first look. */
  let isDiskKnown: boolean | null = null;
  let timer: NodeJS.Timeout | null = null;

  async function lookAtDisk(): Promise<void> {
    try {
      disk = await tools.objects.free();
      isDiskKnown = true;
    } catch (error) {
      // The station goes on: an object there is no room for is refused when it comes.
      if (isDiskKnown !== false) tools.log.incident('disk-not-read', error);
      isDiskKnown = false;
    }
  }

  function diskState(): 'enough' | 'low' | 'full' {
    if (isDiskKnown !== true || disk.freeBytes >= config.disk.lowBytes) return 'enough';
    return disk.freeBytes >= config.disk.fullBytes ? 'low' : 'full';
  }

  function runnerState(): StationStatus['inference']['state'] {
    const { state } = supervisor.state();
    if (state === 'ready') return 'ready';
    return state === 'starting' ? 'starting' : 'down';
  }

  function provider(): string | null {
    const runner = supervisor.state();
    return runner.state === 'ready' ? runner.runner.provider : null;
  }

  function readersSignedIn(): number {
    return countSignedIn(db, 'radiologist', clock.nowMs() - SEEN_WITHIN_MS, clock.nowMs());
  }

  /** Of the given sites: whoever asks is told what waits at their own. */
  function reasons(siteIds: readonly string[]): readonly HealthReason[] {
    const used = provider();
    return healthReasons({
      isDicomListening: reception.isListening(),
      disk: isDiskKnown === false ? 'unknown' : diskState(),
      runner: runnerState(),
      isWantedProvider: used === null || used === config.inference.providers[0],
      brokenModels: countUnusableModels(db),
      parkedEvents: followers.parked(),
      ledgerLag: Math.max(...Object.values(followers.lags())),
      quarantined: siteIds.reduce((sum, siteId) => sum + countQuarantined(db, siteId), 0),
      readersSignedIn: readersSignedIn(),
    });
  }

  return {
    read(scope) {
      const received = scope.siteIds.map((siteId) => countReceivedSince(db, siteId, clock.nowMs() - HOUR_MS));
      const lastAtMs = received.flatMap((one) => one.lastAtMs ?? []);
      return {
        version: tools.version,
        demo: tools.isDemo,
        nowMs: clock.nowMs(),
        dicomIn: {
          state: reception.isListening() ? 'listening' : 'closed',
          aeTitle: config.dicom.aeTitle,
          port: reception.port(),
          associations: reception.openAssociations(),
          receivedLastHour: received.reduce((sum, one) => sum + one.received, 0),
          lastReceivedAtMs: lastAtMs.length === 0 ? null : Math.max(...lastAtMs),
        },
        hl7In: { state: 'not-configured' },
        destinations: (['pacs', 'ris', 'ehr'] as const).map((kind) => ({
          ...{ kind, name: kind.toUpperCase(), state: 'not-configured' as const, sinceMs: null, queued: 0 },
        })),
        inference: {
          state: runnerState(),
          wanted: [...config.inference.providers],
          provider: provider(),
          ...countOpenRuns(db),
          models: listModels(db).filter(({ state }) => state === 'installed' || state === 'verified').length,
        },
        disk: { ...disk, state: diskState() },
        unopenedCritical: countUnopenedCritical(db, scope.siteIds),
        readersSignedIn: readersSignedIn(),
        reasons: [...reasons(scope.siteIds)],
      };
    },
    health() {
      const now = reasons([site.siteId]);
      return { ready: now.every(({ severity }) => severity !== 'failing'), reasons: now };
    },
    async watch() {
      await lookAtDisk();
      timer = setInterval(() => void lookAtDisk(), LOOK_AT_DISK_MS);
      timer.unref();
    },
    stop() {
      if (timer !== null) clearInterval(timer);
    },
  };
}
