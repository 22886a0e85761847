import { getStudyCard, listPriorIds } from '../archive/index.ts';
import { findFindingsOf } from './flags-of-study.ts';
import type { ReadableDb } from '../platform/store/database.ts';
import type { TriagePolicy } from './triage-policy.ts';

/** So many of a patient's other studies are looked at. */
const MOST_PRIORS = 20;

/**
 * The date (YYYY-MM-DD) of the oldest other study of the patient in which the same was flagged and a reader accepted it, or
 * reported the study without rejecting it; null where there is none. What was reported in words alone is not known here.
 */
export function knownSince(
  db: ReadableDb,
  { reading }: Pick<TriagePolicy, 'reading'>,
  studyId: string,
  label: { readonly code: string; readonly scheme: string },
): string | null {
  const dates = listPriorIds(db, studyId)
    .slice(0, MOST_PRIORS)
    .filter((priorId) => isKnownIn(priorId))
    .flatMap((priorId) => getStudyCard(db, priorId).dateRaw ?? [])
    // It goes into the ledger: what is no date may be anything that somebody typed.
    .filter((dateRaw) => /^\d{8}$/.test(dateRaw));
  return dates.toSorted()[0]?.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3') ?? null;

  function isKnownIn(priorId: string): boolean {
    return findFindingsOf(db, priorId).some((finding) => {
      if (finding.label.code !== label.code || finding.label.scheme !== label.scheme) return false;
      const decision = reading.decisionOf(db, finding.findingId);
      if (decision !== null) return decision !== 'rejected';
      if (finding.state === 'accepted' || finding.state === 'modified') return true;
      return finding.state !== 'rejected' && reading.isFinal(db, priorId);
    });
  }
}
