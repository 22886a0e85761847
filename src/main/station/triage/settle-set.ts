import { getStudyCard } from '../archive/index.ts';
import { type JobHandler, scheduleJob } from '../platform/jobs/jobs.ts';
import { applyRules } from './apply-rules.ts';
import { settle } from './settle-place.ts';
import { SETTLE_TRIAGE_JOB } from './sign-sets.ts';
import type { TriagePolicy } from './triage-policy.ts';
import { findUrgency, listWaitingAfter } from './urgency-rows.ts';

const A_TURN = 8;

/**
 * Settles what waits under the policy and the rules in force, a few studies a turn: deadlines come nearer and are never put off, and
 * rules raise. The job's subject says where it goes on.
 */
export function settleSet(policy: TriagePolicy): JobHandler {
  return (db, { siteId, subjectId }, nowMs) => {
    const waiting = listWaitingAfter(db, siteId, subjectId.slice(siteId.length + 1), A_TURN);
    for (const studyId of waiting) {
      const current = findUrgency(db, studyId);
      if (current === null) continue;
      const study = getStudyCard(db, studyId);
      const { level, standing, serviceLevel, reasons, countsFromMs } = current;
      settle(db, policy, study, current, { level, standing, serviceLevel, reasons, countsFromMs, atMs: nowMs });
      applyRules(db, policy, study, nowMs);
    }
    const last = waiting.at(-1);
    if (last !== undefined && waiting.length === A_TURN)
      scheduleJob(db, { kind: SETTLE_TRIAGE_JOB, subjectId: `${siteId} ${last}`, siteId, dueAtMs: nowMs });
  };
}
