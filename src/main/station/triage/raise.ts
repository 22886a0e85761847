import { isDeepStrictEqual } from 'node:util';
import { type Reason, type UrgencyLevel, urgencyRank } from '../../../shared/domain/urgency.ts';
import type { StudyCard } from '../archive/index.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { type AskCause, putAsk } from './asks.ts';
import { settle } from './settle-place.ts';
import type { TriagePolicy } from './triage-policy.ts';
import type { StudyUrgency } from './urgency-rows.ts';

type Raise = {
  readonly to: UrgencyLevel;
  readonly cause: Exclude<AskCause, 'placed' | 'person'>;
  readonly ask: string;
  readonly source: string | null;
  /** The images it speaks of. */
  readonly revision: number;
  readonly reasons: readonly Reason[];
  /** Which reasons that stand are said anew by these. */
  readonly replaces: (reason: Reason) => boolean;
  readonly falseShare?: number | null;
  readonly atMs: number;
};

/**
 * Adds what a model, a rule or the bound of waiting says, and raises the study where that is more than its class; never lowers,
 * never unseats a person, and never raises for images that a radiologist saw before lowering it. The same said twice is nothing.
 */
export function raise(
  db: WritableDb,
  policy: TriagePolicy,
  study: StudyCard,
  current: StudyUrgency,
  { to, reasons, replaces, revision, atMs, cause, ask, source, falseShare = null }: Raise,
): void {
  const isSeenAndLowered = current.loweredRevision !== null && revision <= current.loweredRevision;
  const isHigher = !isSeenAndLowered && urgencyRank(to) < urgencyRank(current.level);
  if (!isHigher && reasons.every((reason) => current.reasons.some((known) => isDeepStrictEqual(known, reason)))) return;
  putAsk(db, {
    ...{ studyId: study.studyId, siteId: study.siteId, ask, askedAtMs: atMs, cause, source, level: to, said: null },
    ...{ revision: Math.min(revision, study.revision), falseShare: isHigher && to === 'critical' ? falseShare : null },
  });
  // A model's flag that nobody saw yet is news also of a study that stands as urgent or more: it is of something else. The same
  // said of newer images is none.
  const isFlaggedAnew =
    cause === 'ai' &&
    !isSeenAndLowered &&
    !isHigher &&
    to !== 'routine' &&
    reasons.some((reason) => !current.reasons.some((known) => isSameFlag(known, reason)));
  const standing = current.reasons.filter((reason) => !replaces(reason));
  settle(db, policy, study, current, {
    level: isHigher ? to : current.level,
    standing: isHigher ? 'suspected' : current.standing,
    serviceLevel: current.serviceLevel,
    reasons: [...reasons, ...standing],
    countsFromMs: current.countsFromMs,
    isFlaggedAnew,
    atMs,
  });
}

function isSameFlag(known: Reason, said: Reason): boolean {
  return (['finding', 'model'] as const).every((name) => known.params[name] === said.params[name]);
}
