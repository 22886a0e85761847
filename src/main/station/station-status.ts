import { HOUR_MS } from '../../shared/domain/durations.ts';
import type { HealthReason, StationStatus } from '../../shared/contract/station.ts';
import { countSignedIn, type Principal, type Scope } from './access/index.ts';
import { countQuarantined, countReceivedSince, listDestinations, titlesKnownAlone } from './archive/index.ts';
import { countWaitingFor } from './delivery/index.ts';
import { healthReasons } from './health-reasons.ts';
import {
  countAlarmedModels,
  countDriftedModels,
  countModelsElsewhere,
  countModelsWaitingForServer,
  countOpenRuns,
  countPausedModels,
  countUnusableModels,
  countUsableModels,
  listProvidersUsed,
  mayReport,
  type RunnerSupervisor,
  type ShownAt,
} from './inference/index.ts';
import type { Clock } from './platform/clock.ts';
import type { DiskWatch } from './platform/disk-watch.ts';
import type { Config } from './platform/config.ts';
import type { Followers } from './platform/ledger/follow.ts';

import { latestPass, type ObjectPass } from './platform/objects/passes.ts';
import { countDamaged } from './platform/objects/records.ts';
import type { WritableDb } from './platform/store/database.ts';
import type { Reception } from './reception.ts';
import { countUnsignedSites } from './triage/index.ts';
import { countUnopenedCritical, listUnopenedCritical } from './worklist/index.ts';

type StatusTools = {
  readonly db: WritableDb;
  readonly siteIds: readonly string[];
  readonly config: Config;
  readonly clock: Clock;
  readonly version: string;
  readonly isDemo: boolean;
  readonly disk: DiskWatch;
  readonly supervisor: RunnerSupervisor;
  readonly followers: Followers;
  readonly reception: Reception;
};

/** Reads the station's state for the strip and for health. */
export type Status = {
  read(scope: Scope): StationStatus;
  /** Of all sites; `scope`: for whom. */
  health(scope: Scope | null): { readonly ready: boolean; readonly reasons: readonly HealthReason[] };
};

const SEEN_WITHIN_MS = 10 * 60_000;

/** The state as of now; the disk as of the last look. */
export function createStatus(tools: StatusTools): Status {
  const { db, siteIds, config, clock, disk, supervisor, followers, reception } = tools;
  function runnerState(): StationStatus['inference']['state'] {
    const { state } = supervisor.state();
    if (state === 'ready') return 'ready';
    return state === 'starting' ? 'starting' : 'down';
  }

  function provider(): string | null {
    const runner = supervisor.state();
    return runner.state === 'ready' ? runner.runner.provider : null;
  }

  function readersAt(siteId: string): number {
    return countSignedIn(db, siteId, 'radiologist', clock.nowMs() - SEEN_WITHIN_MS, clock.nowMs());
  }

  /** Of the given sites: whoever asks is told what waits at their own, and whoever may report only of models that are shown there. */
  function reasons(siteIds: readonly string[], shownAt: ShownAt): readonly HealthReason[] {
    const used = provider();
    const wantedHere = config.inference.providers.find((name) => name !== 'remote');
    return healthReasons({
      isDicomListening: reception.isListening(),
      disk: disk.state,
      certificateLeftMs: leftMs(reception.certificateEndsAtMs(), clock.nowMs()),
      runner: runnerState(),
      isWantedProvider: used === null || [used, undefined].includes(wantedHere),
      modelsElsewhere: countModelsElsewhere(db, shownAt),
      modelsWaitingForServer: countModelsWaitingForServer(db, shownAt),
      brokenModels: countUnusableModels(db, shownAt),
      pausedModels: countPausedModels(db, shownAt),
      modelsBelowCoverage: siteIds.reduce((sum, siteId) => sum + countAlarmedModels(db, siteId), 0),
      modelsDrifted: siteIds.reduce((sum, siteId) => sum + countDriftedModels(db, siteId, clock.nowMs()), 0),
      parkedEvents: followers.parked(),
      ledgerLag: Math.max(...Object.values(followers.lags())),
      listBehindMs: followers.behindMs(),
      damagedObjects: countDamaged(db),
      quarantined: siteIds.reduce((sum, siteId) => sum + countQuarantined(db, siteId), 0),
      // A site without a reader is one, whoever reads at another.
      readersSignedIn: Math.min(...siteIds.map(readersAt)),
      peersKnownByTitle: titlesKnownAlone(config).length,
      // Nothing in a demo is a real study.
      sitesWithoutSignedTriage: tools.isDemo ? 0 : countUnsignedSites(db, siteIds),
    });
  }

  return {
    read(scope) {
      const shownAt = shownTo(scope);
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
        destinations: scope.siteIds.flatMap((siteId) => destinationsOf(db, siteId)),
        inference: {
          state: runnerState(),
          wanted: [...config.inference.providers],
          provider: provider(),
          used: listProvidersUsed(db, shownAt),
          elsewhere: countModelsElsewhere(db, shownAt),
          // How many wait says that silent models do: no business of whoever may report.
          ...countOpenRuns(db, shownAt === null),
          models: countUsableModels(db, shownAt),
        },
        disk: { freeBytes: disk.freeBytes, totalBytes: disk.totalBytes, state: disk.state },
        objects: {
          damaged: countDamaged(db),
          lastVerifiedAtMs: latestPass(db, 'verify', 'finished')?.finishedAtMs ?? null,
          verification: progress(latestPass(db, 'verify', 'running')),
          rotation: progress(latestPass(db, 'rewrap', 'running') ?? latestPass(db, 'reseal', 'running')),
        },
        unopenedCritical: countUnopenedCritical(db, scope.siteIds),
        unopenedCriticalIds: [...listUnopenedCritical(db, scope.siteIds)],
        readersSignedIn: scope.siteIds.reduce((sum, siteId) => sum + readersAt(siteId), 0),
        reasons: [...reasons(scope.siteIds, shownAt)],
      };
    },
    health(scope) {
      const now = reasons(siteIds, scope === null ? null : shownTo(scope));
      return { ready: now.every(({ severity }) => severity !== 'failing'), reasons: now };
    },
  };
}

const STATE_OF = { answered: 'reachable', refused: 'refuses-us', 'no-answer': 'unreachable' } as const;

/** Of which models somebody may be told: all, or those that are shown at their sites to whoever may report. */
function shownTo(scope: Scope): ShownAt {
  return 'permissions' in scope && !mayReport((scope as Principal).permissions) ? null : scope.siteIds;
}

/** The machines a site sends to. RIS and EHR come with their own messages, and are none of them yet. */
function destinationsOf(db: WritableDb, siteId: string): StationStatus['destinations'] {
  return listDestinations(db, siteId).map(({ peerId, aeTitle, contact }) => ({
    ...{ name: aeTitle, kind: 'pacs' as const, sinceMs: contact?.sinceMs ?? null },
    state: contact === null ? 'unknown' : STATE_OF[contact.outcome],
    queued: countWaitingFor(db, peerId),
  }));
}

function progress(pass: ObjectPass | null): { objects: number; startedAtMs: number } | null {
  return pass === null ? null : { objects: pass.objects, startedAtMs: pass.startedAtMs };
}

function leftMs(endsAtMs: number | null, nowMs: number): number | null {
  return endsAtMs === null ? null : endsAtMs - nowMs;
}
