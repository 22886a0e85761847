import { DAY_MS } from '../../../shared/domain/durations.ts';
import type { TriagePolicySet } from '../../../shared/domain/triage-policy.ts';
import { findAcceptance, findModel, findStandingAcceptance } from '../inference/index.ts';
import type { ReadableDb } from '../platform/store/database.ts';
import { expectedFalseAlarms } from './asks.ts';

/** What a model's flags came to at a site by its signed acceptance: how many of them were right, of how many. */
export type PredictiveValue = { readonly right: number; readonly of: number };

/** A model's predictive value here, over all its labels; null where none was measured and signed for it as it stands. */
export function predictiveValueOf(db: ReadableDb, siteId: string, digest: string): PredictiveValue | null {
  const model = findModel(db, digest);
  const acceptanceId = model && findStandingAcceptance(db, siteId, model);
  const report = acceptanceId && findAcceptance(db, siteId, digest, acceptanceId)?.report;
  if (!report) return null;
  const right = report.labels.reduce((sum, { ppv }) => sum + ppv.hits, 0);
  const of = report.labels.reduce((sum, { ppv }) => sum + ppv.of, 0);
  return of === 0 ? null : { right, of };
}

/**
 * Whether one more Critical by a model would take the site over the false alarms it allows in 24 hours. Of a model that nobody
 * measured nothing is expected: what is not known holds no flag back.
 */
export function isOverBudget(
  db: ReadableDb,
  { alertBudget }: Pick<TriagePolicySet, 'alertBudget'>,
  { siteId, falseShare, atMs }: { readonly siteId: string; readonly falseShare: number | null; readonly atMs: number },
): boolean {
  if (falseShare === null) return false;
  return expectedFalseAlarms(db, siteId, atMs - DAY_MS, atMs) + falseShare > alertBudget.falseAlarmsADay;
}
