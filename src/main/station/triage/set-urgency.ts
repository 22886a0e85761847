import { moreUrgent, type Reason } from '../../../shared/domain/urgency.ts';
import { getStudyCard } from '../archive/index.ts';
import { listFlagsOfRun } from '../inference/index.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { isOverBudget, predictiveValueOf } from './alert-budget.ts';
import { putAsk } from './asks.ts';
import { knownSince } from './known-since.ts';
import { raise } from './raise.ts';
import { settle } from './settle-place.ts';
import type { TriagePolicy } from './triage-policy.ts';
import { policyInForce } from './triage-set-rows.ts';
import { findUrgency } from './urgency-rows.ts';

/**
 * Starts the clocks of a new study whose images are complete; one that already has a place keeps it. Of one that a person
 * made new they count from then: nobody promised anything before. One that still receives has none, unless it is flagged: then
 * they count from the flag.
 */
export function placeStudy(
  db: WritableDb,
  policy: TriagePolicy,
  studyId: string,
  atMs: number,
  promotedAtMs: number | null = null,
  isFlagged = false,
): void {
  const study = getStudyCard(db, studyId);
  if (study.intent !== 'new' || findUrgency(db, studyId) !== null) return;
  if (study.completeAtMs === null && !isFlagged) return;
  const { siteId, revision } = study;
  putAsk(db, {
    ...{ studyId, siteId, ask: 'placed', askedAtMs: atMs, cause: 'placed', source: null, level: 'routine' },
    ...{ revision, falseShare: null, said: null },
  });
  // Without an order nothing is known of priority or location: the longest service level, said as a reason.
  settle(db, policy, study, null, {
    level: 'routine',
    standing: 'ordinary',
    serviceLevel: 'outpatient',
    reasons: [{ code: 'no-order-matched', params: {} }],
    countsFromMs: Math.max(study.completeAtMs ?? atMs, promotedAtMs ?? 0),
    atMs,
  });
}

/**
 * A study that people split off another stands as urgent as that one did: nobody looked at its images as those of its own
 * patient yet, and what made the other urgent may be in them.
 */
export function placeSplitOff(
  db: WritableDb,
  policy: TriagePolicy,
  studyId: string,
  sourceId: string,
  atMs: number,
): void {
  const study = getStudyCard(db, studyId);
  const source = findUrgency(db, sourceId);
  if (source === null || study.intent !== 'new' || findUrgency(db, studyId) !== null) return;
  if (study.completeAtMs === null) return;
  const { level, standing, serviceLevel, reasons, countsFromMs } = source;
  putAsk(db, {
    ...{ studyId, siteId: study.siteId, ask: 'placed', askedAtMs: atMs, cause: 'placed', source: sourceId, level },
    ...{ revision: study.revision, falseShare: null, said: null },
  });
  settle(db, policy, study, null, { level, standing, serviceLevel, reasons, countsFromMs, atMs });
}

/** Raises a study for what a run flagged, at most to the ceiling of each finding's category and within the budget of false alarms. */
export function raiseForRun(db: WritableDb, policy: TriagePolicy, studyId: string, runId: string, atMs: number): void {
  const flags = listFlagsOfRun(db, runId);
  const [first] = flags;
  if (first === undefined) return;
  // Neither a study whose placing failed and was parked nor one that still receives may hide its flag.
  placeStudy(db, policy, studyId, atMs, null, true);
  const current = findUrgency(db, studyId);
  if (current === null) return;
  const study = getStudyCard(db, studyId);
  const inForce = policyInForce(db, study.siteId, policy.starting);
  const ceiling = flags.map((flag) => inForce.ceilings[flag.category]).reduce(moreUrgent);
  const measured = predictiveValueOf(db, study.siteId, first.packageDigest);
  const falseShare = measured && 1 - measured.right / measured.of;
  // Where too many alarms were false, a Critical of the model is still read before all that is Routine.
  const isTooMany =
    ceiling === 'critical' &&
    isOverBudget(db, inForce, { siteId: study.siteId, digest: first.packageDigest, falseShare, atMs });
  const reasons: Reason[] = flags.map((flag) => {
    const since = knownSince(db, policy, studyId, flag);
    return {
      code: isTooMany ? 'ai-flag-over-budget' : 'ai-flag',
      params: {
        ...{ finding: flag.display, score: flag.score, model: flag.model, category: flag.category },
        revision: flag.revision, // a later run that flags nothing leaves this standing, so it says what it was of
        ...(since !== null && { knownSince: since }),
        ...(isTooMany && measured && { right: measured.right, of: measured.of }),
      },
    };
  });
  // What the same model said of an earlier revision is said anew; what others said stays.
  const models = new Set(flags.map(({ model }) => model));
  raise(db, policy, study, current, {
    ...{
      to: isTooMany ? 'urgent' : ceiling,
      cause: 'ai',
      ask: `ai:${runId}`,
      source: first.packageDigest,
      falseShare,
      atMs,
    },
    revision: Math.max(...flags.map(({ revision }) => revision)),
    reasons,
    replaces: ({ code, params }) => code.startsWith('ai-flag') && models.has(String(params.model)),
  });
}
