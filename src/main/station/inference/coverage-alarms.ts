import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import type { CoverageCause } from './coverage.ts';
import { IS_UNFIT } from './models.ts';

/** That a model reads too few of a scanner's studies; `sourceId` 0: of all. */
export type CoverageAlarm = { readonly sourceId: number; readonly cause: CoverageCause };
/** An alarm that stands, and since when. */
export type StandingAlarm = CoverageAlarm & { readonly raisedAtMs: number };

const LIST = `
  SELECT source_id AS sourceId, cause, raised_at_ms AS raisedAtMs FROM coverage_alarms
   WHERE site_id = ? AND digest = ? ORDER BY source_id, cause
`;
const PUT = `
  INSERT INTO coverage_alarms (site_id, digest, source_id, cause, raised_at_ms)
  VALUES (@siteId, @digest, @sourceId, @cause, @atMs) ON CONFLICT DO NOTHING
`;
const REMOVE = `
  DELETE FROM coverage_alarms WHERE site_id = @siteId AND digest = @digest AND source_id = @sourceId AND cause = @cause
`;
/** Of models that readers are shown: one that is silent is not missed by anybody who reads. */
const COUNT_SHOWN = `
  SELECT count(DISTINCT a.digest) AS models FROM coverage_alarms a JOIN models m ON m.digest = a.digest
    JOIN model_exposures x ON x.site_id = a.site_id AND x.digest = a.digest
   WHERE a.site_id = ? AND x.stage IN ('pilot', 'general') AND NOT ${IS_UNFIT}
`;

export function listAlarms(db: ReadableDb, siteId: string, digest: string): StandingAlarm[] {
  return prepared<StandingAlarm>(db, LIST).all(siteId, digest);
}

/** How many models that are shown at a site read too few of its studies. */
export function countAlarmedModels(db: ReadableDb, siteId: string): number {
  return prepared<{ models: number }>(db, COUNT_SHOWN).get(siteId)?.models ?? 0;
}

/** Makes these the alarms that stand, with an event for each that is new and each that ended. */
export function setAlarms(
  db: WritableDb,
  where: { readonly siteId: string; readonly digest: string },
  alarms: readonly CoverageAlarm[],
  atMs: number,
): void {
  const { siteId, digest } = where;
  const isSame = (a: CoverageAlarm, b: CoverageAlarm) => a.sourceId === b.sourceId && a.cause === b.cause;
  const standing = listAlarms(db, siteId, digest);
  const tell = (kind: 'coverage-alarm-raised' | 'coverage-alarm-ended', { sourceId, cause }: CoverageAlarm) =>
    appendEvent(db, {
      kind,
      payload: { digest, sourceId, cause },
      ...{ siteId, actor: serviceActor('inference'), correlationId: digest.slice(0, 32), atMs },
    });
  for (const alarm of alarms.filter((one) => !standing.some((other) => isSame(one, other)))) {
    prepared(db, PUT).run({ siteId, digest, sourceId: alarm.sourceId, cause: alarm.cause, atMs });
    tell('coverage-alarm-raised', alarm);
  }
  for (const alarm of standing.filter((one) => !alarms.some((other) => isSame(one, other)))) {
    prepared(db, REMOVE).run({ siteId, digest, sourceId: alarm.sourceId, cause: alarm.cause });
    tell('coverage-alarm-ended', alarm);
  }
}
