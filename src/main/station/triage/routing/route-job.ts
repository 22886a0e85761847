import { findJobDueAtMs, scheduleJob } from '../../platform/jobs/jobs.ts';
import type { WritableDb } from '../../platform/store/database.ts';

/** Says anew for whom a site's waiting studies are. */
export const ROUTE_JOB = 'triage-route';

/** Has a site's waiting studies routed by a moment, or earlier where that is owed already. */
export function oweRouting(db: WritableDb, siteId: string, byAtMs: number): void {
  const dueAtMs = findJobDueAtMs(db, ROUTE_JOB, siteId);
  if (dueAtMs === null || byAtMs < dueAtMs)
    scheduleJob(db, { kind: ROUTE_JOB, subjectId: siteId, siteId, dueAtMs: byAtMs });
}
