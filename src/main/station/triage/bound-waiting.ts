import type { UrgencyLevel } from '../../../shared/domain/urgency.ts';
import { getStudyCard } from '../archive/index.ts';
import { type JobHandler, scheduleJob } from '../platform/jobs/jobs.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { LIMIT_JOB } from './limit-job.ts';
import { raise } from './raise.ts';
import type { TriagePolicy } from './triage-policy.ts';
import { findUrgency } from './urgency-rows.ts';

/** Which class a study that waited to its limit goes to, and which raised ones had overtaken it. */
const STEPS = [
  { from: 'urgent', to: 'critical', overtakenBy: ['critical'] },
  { from: 'routine', to: 'urgent', overtakenBy: ['critical', 'urgent'] },
] as const;

/** Walks study_urgency_suspected. */
export const NEWEST_RAISED = `
  SELECT max(counts_from_ms) AS atMs FROM study_urgency WHERE site_id = ? AND standing = 'suspected' AND level = ?
`;
/** Walks study_urgency_by_limit: what has waited to its limit, and came before something that was raised above it. */
export const LIST_OVERTAKEN = `
  SELECT study_id AS studyId FROM study_urgency
   WHERE site_id = @siteId AND level = @level AND is_waiting = 1 AND limit_at_ms <= @nowMs AND counts_from_ms < @newestMs
   ORDER BY limit_at_ms LIMIT @limit
`;
/** Walks study_urgency_by_limit. */
export const NEXT_LIMIT = `
  SELECT min(limit_at_ms) AS atMs FROM study_urgency
   WHERE site_id = ? AND level = ? AND is_waiting = 1 AND limit_at_ms IS NOT NULL AND limit_at_ms > ?
`;
const COUNT_AT_LIMIT = `
  SELECT 1 FROM study_urgency WHERE site_id = ? AND level = ? AND is_waiting = 1 AND limit_at_ms <= ? LIMIT 1
`;

const A_TURN = 16;
/** What has waited to its limit and was not overtaken may be, at any moment. */
const LOOK_AGAIN_MS = 30_000;

/**
 * Raises by one class what has waited to its class's limit while something that came later was raised above it: no study waits
 * longer than its class may because models, rules or this bound raised others. A few studies a turn.
 */
export function boundWaiting(policy: TriagePolicy): JobHandler {
  return (db, { siteId }, nowMs) => {
    let left = A_TURN;
    for (const { from, to, overtakenBy } of STEPS) {
      const newestMs = Math.max(...overtakenBy.map((level) => newestRaised(db, siteId, level)));
      const overtaken = prepared<{ studyId: string }>(db, LIST_OVERTAKEN).all({
        ...{ siteId, level: from, nowMs, newestMs, limit: left },
      });
      left -= overtaken.length;
      for (const { studyId } of overtaken) {
        const current = findUrgency(db, studyId);
        if (current === null) continue;
        const waitedMinutes = Math.floor((nowMs - current.countsFromMs) / 60_000);
        raise(db, policy, getStudyCard(db, studyId), current, {
          ...{ to, cause: 'limit', ask: `limit:${to}`, source: null, atMs: nowMs },
          revision: Number.POSITIVE_INFINITY,
          reasons: [{ code: 'waited-to-limit', params: { waitedMinutes, from, to } }],
          replaces: () => false,
        });
      }
    }
    const dueAtMs = left === 0 ? nowMs : nextLook(db, siteId, nowMs);
    if (dueAtMs !== null) scheduleJob(db, { kind: LIMIT_JOB, subjectId: siteId, siteId, dueAtMs });
  };
}

function newestRaised(db: ReadableDb, siteId: string, level: UrgencyLevel): number {
  return prepared<{ atMs: number | null }>(db, NEWEST_RAISED).get(siteId, level)?.atMs ?? Number.NEGATIVE_INFINITY;
}

function nextLook(db: ReadableDb, siteId: string, nowMs: number): number | null {
  const levels = STEPS.map(({ from }) => from);
  const limits = levels.flatMap(
    (level) => prepared<{ atMs: number | null }>(db, NEXT_LIMIT).get(siteId, level, nowMs)?.atMs ?? [],
  );
  const isAtLimit = levels.some((level) => prepared(db, COUNT_AT_LIMIT).get(siteId, level, nowMs) !== undefined);
  const looks = [...limits, ...(isAtLimit ? [nowMs + LOOK_AGAIN_MS] : [])];
  return looks.length === 0 ? null : Math.min(...looks);
}
