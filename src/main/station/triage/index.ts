import { findStudyCard } from '../archive/index.ts';
import type { Consumer } from '../platform/ledger/follow.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { applyRules } from './apply-rules.ts';
import { placeSplitOff, placeStudy, raiseForRun } from './set-urgency.ts';
import { standBehindFlag } from './stand-behind-flag.ts';
import type { TriagePolicy } from './triage-policy.ts';
import { endWait, noteOpening } from './urgency-rows.ts';

export type { TriagePolicy } from './triage-policy.ts';
export { findFirstOpening, findUrgency, raiseToSee, type StudyUrgency } from './urgency-rows.ts';
export { type Ask, listAsks } from './asks.ts';
export { falseAlarmsOfDay, predictiveValueOf } from './alert-budget.ts';
export { declareUrgency } from './declare-urgency.ts';
export { type PreviewQuestion, previewRules } from './preview-rules.ts';
export { type ReplayQuestion, replayTriage } from './replay-triage.ts';
export { listRuleFailures } from './rule-failures.ts';
export { checkRule } from './rule-language.ts';
export { boundWaiting } from './bound-waiting.ts';
export { LIMIT_JOB } from './limit-job.ts';
export {
  endOverride,
  giveBackStudy,
  listOverrides,
  type OverrideRefusal,
  pinStudy,
  type RoutingOverride,
  takeOut,
  takeStudy,
} from './routing/overrides.ts';
export { endPresence, listPresence, sayPresence } from './routing/presence.ts';
export { previewRouting, type RoutingQuestion } from './routing/preview-routing.ts';
export { LEAST_STUDIES } from './routing/reading-speed.ts';
export { type ReaderNow, readersNow, takenUntilMs } from './routing/readers-now.ts';
export { ROUTE_JOB } from './routing/route-job.ts';
export { findRoute, listSaid, MOST_ROUTED, type RouteRow } from './routing/route-rows.ts';
export { routeWaiting, routingInForce } from './routing/route-waiting.ts';
export { routingConsumer } from './routing/routing-consumer.ts';
export { settleSet } from './settle-set.ts';
export { proposeSet, rollBackSet, SETTLE_TRIAGE_JOB, signSet, withdrawSet } from './sign-sets.ts';
export { countUnsignedSites, findCurrentSet, listSets, policyInForce, type SetOf } from './triage-set-rows.ts';

/**
 * Triage as a follower of the ledger: complete studies get clocks, flags and the site's rules raise them, and the wait ends when
 * a reader opens them.
 */
export function triageConsumer(policy: TriagePolicy): Consumer {
  return {
    name: 'triage',
    startsFrom: 'beginning',
    handle(db, event) {
      const { studyId, siteId, atMs } = event;
      if (studyId === null) return;
      switch (event.kind) {
        case 'study-completed':
          placeStudy(db, policy, studyId, atMs);
          return rules(db, policy, studyId, atMs);
        case 'study-promoted':
          placeStudy(db, policy, studyId, atMs, atMs);
          return rules(db, policy, studyId, atMs);
        case 'study-split':
          if (event.payload?.role !== 'split-off') return;
          placeSplitOff(db, policy, studyId, event.payload.otherStudyId, atMs);
          return rules(db, policy, studyId, atMs);
        case 'run-finished':
          if (event.payload !== null) raiseForRun(db, policy, studyId, event.payload.runId, atMs);
          return rules(db, policy, studyId, atMs);
        case 'run-failed':
          return rules(db, policy, studyId, atMs);
        case 'study-opened':
          if (siteId !== null) noteOpening(db, { siteId, studyId, raises: event.payload?.raises ?? null }, atMs);
          return;
        case 'finding-decided':
          if (event.payload === null) return;
          return standBehindFlag(db, policy, studyId, { ...event.payload, by: event.actor, atMs });
        case 'study-deleted':
          return endWait(db, studyId);
        default:
          return;
      }
    },
  };
}

function rules(db: WritableDb, policy: TriagePolicy, studyId: string, atMs: number): void {
  const study = findStudyCard(db, studyId);
  if (study !== null && study.intent === 'new') applyRules(db, policy, study, atMs);
}
