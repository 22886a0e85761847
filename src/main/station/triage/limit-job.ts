import { findJobDueAtMs, scheduleJob } from '../platform/jobs/jobs.ts';
import type { WritableDb } from '../platform/store/database.ts';
import type { StudyUrgency } from './urgency-rows.ts';

/** Looks for studies of a site that have waited to their limit because others were raised. */
export const LIMIT_JOB = 'triage-limit';

/** Has a site's waiting studies looked at by the moment that one of them reaches its limit. */
export function oweLimit(db: WritableDb, { siteId, limitAtMs }: Pick<StudyUrgency, 'siteId' | 'limitAtMs'>): void {
  if (limitAtMs === null) return;
  const dueAtMs = findJobDueAtMs(db, LIMIT_JOB, siteId);
  if (dueAtMs === null || limitAtMs < dueAtMs)
    scheduleJob(db, { kind: LIMIT_JOB, subjectId: siteId, siteId, dueAtMs: limitAtMs });
}
