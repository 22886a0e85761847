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
 * Whether one more Critical by a model would take it over the false alarms that the site allows each in 24 hours: one that is
 * mostly wrong holds back none that is mostly right. Of a model that nobody measured nothing is expected: what is not known holds
 * no flag back.
 */
export function isOverBudget(
  db: ReadableDb,
  { alertBudget }: Pick<TriagePolicySet, 'alertBudget'>,
  alarm: {
    readonly siteId: string;
    readonly digest: string;
    readonly falseShare: number | null;
    readonly atMs: number;
  },
): boolean {
  if (alarm.falseShare === null) return false;
  return falseAlarmsOfDay(db, alarm) + alarm.falseShare > alertBudget.falseAlarmsADay;
}

/** How many of the Criticals that a model raised at a site in the 24 hours to a moment are expected to have been wrong. */
export function falseAlarmsOfDay(
  db: ReadableDb,
  { siteId, digest, atMs }: { readonly siteId: string; readonly digest: string; readonly atMs: number },
): number {
  return expectedFalseAlarms(db, { siteId, digest, fromMs: atMs - DAY_MS, untilMs: atMs });
}
