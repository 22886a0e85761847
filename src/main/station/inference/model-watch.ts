import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { isOutOfRoom } from '../platform/store/out-of-room.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { type CoverageLimits, judgeCoverage } from './coverage.ts';
import { type CoverageAlarm, setAlarms } from './coverage-alarms.ts';
import { judgeWeeks, keepDrift, type WeekDrift } from './model-drift.ts';
import { measureModel } from './model-figures.ts';

/** What one look at a model found. */
export type ModelSighting = {
  readonly digest: string;
  readonly alarms: readonly CoverageAlarm[];
  readonly drift: readonly WeekDrift[];
};

/** Looks at every model of every site again and again, and keeps and tells what changed. */
export type ModelWatch = {
  start(): void;
  /** One look; resolves when what it found is kept. */
  look(): Promise<void>;
  stop(): Promise<void>;
};

export type ModelWatchTools = {
  readonly db: WritableDb;
  readonly clock: Clock;
  readonly log: Log;
  readonly siteIds: readonly string[];
  /** `sightModels`, off the main thread. */
  readonly sight: (siteId: string, nowMs: number) => Promise<readonly ModelSighting[]>;
  /** What becomes of a model that moved far, where the site's policy is to suspend it; in the transaction that tells of it. */
  readonly onMovedFar: (siteId: string, digest: string, atMs: number) => void;
};

const LOOK_EVERY_MS = 5 * 60_000;
const FIRST_LOOK_MS = 5_000;
const LIST_RUNNING = `
  SELECT digest FROM model_exposures WHERE site_id = ? AND stage IN ('silent', 'pilot', 'general')
`;
const LIST_ALARMED = 'SELECT DISTINCT digest FROM coverage_alarms WHERE site_id = ?';

/** What every model that runs at a site came to: why its coverage is alarming, and the weeks that are over and not judged yet. */
export function sightModels(
  db: ReadableDb,
  siteId: string,
  limits: CoverageLimits,
  nowMs: number,
): readonly ModelSighting[] {
  const running = prepared<{ digest: string }>(db, LIST_RUNNING).all(siteId);
  // Of one that no longer runs nothing is expected any more.
  const ended = prepared<{ digest: string }>(db, LIST_ALARMED)
    .all(siteId)
    .filter(({ digest }) => !running.some((one) => one.digest === digest));
  return [
    ...running.map(({ digest }) => {
      const { all, sources } = measureModel(db, { siteId, digest, nowMs, days: limits.days });
      const alarms = [all, ...sources].flatMap((source) =>
        judgeCoverage(source, limits, source.sourceId === 0 ? 'all' : 'one').map((cause) => ({
          sourceId: source.sourceId,
          cause,
        })),
      );
      return { digest, alarms, drift: judgeWeeks(db, { siteId, digest }, nowMs) };
    }),
    ...ended.map(({ digest }) => ({ digest, alarms: [], drift: [] })),
  ];
}

export function createModelWatch(tools: ModelWatchTools): ModelWatch {
  const { db, clock, log, siteIds, sight, onMovedFar } = tools;
  let timer: NodeJS.Timeout | null = null;
  let looking: Promise<void> | null = null;
  let stopped = false;

  async function lookOnce(): Promise<void> {
    for (const siteId of siteIds) {
      const nowMs = clock.nowMs();
      const sightings = await sight(siteId, nowMs);
      if (stopped) return;
      for (const sighting of sightings) inTransaction(db, () => keep(siteId, sighting, nowMs));
    }
  }

  function keep(siteId: string, { digest, alarms, drift }: ModelSighting, atMs: number): void {
    setAlarms(db, { siteId, digest }, alarms, atMs);
    const kept = keepDrift(db, { siteId, digest }, drift, atMs);
    for (const [week, features] of Map.groupBy(kept, (one) => one.week)) {
      const of = (level: WeekDrift['level']) => features.filter((one) => one.level === level).map((one) => one.feature);
      const [moved, movedFar] = [of('moved'), of('moved-far')];
      if (moved.length + movedFar.length === 0) continue;
      appendEvent(db, {
        kind: 'model-drifted',
        payload: { digest, week, moved, movedFar },
        ...{ siteId, actor: serviceActor('inference'), correlationId: digest.slice(0, 32), atMs },
      });
    }
    // An old week that is judged late says nothing of today.
    const latest = Math.max(...kept.map(({ week }) => week));
    if (kept.some(({ week, level }) => week === latest && level === 'moved-far')) onMovedFar(siteId, digest, atMs);
  }

  function look(): Promise<void> {
    looking ??= lookOnce()
      .catch((error: unknown) => {
        // A full disk is no fault of a model; the next look tells.
        if (!isOutOfRoom(error)) log.incident('model-watch-failed', error);
      })
      .finally(() => (looking = null));
    return looking;
  }

  function arm(waitMs: number): void {
    timer = setTimeout(() => void look().then(() => stopped || arm(LOOK_EVERY_MS)), waitMs).unref();
  }

  return {
    start: () => arm(FIRST_LOOK_MS),
    look,
    async stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await looking;
    },
  };
}
