import { v7 } from 'uuid';
import type { Permission } from '../../../shared/domain/permissions.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { type UrgencyLevel, urgencyRank } from '../../../shared/domain/urgency.ts';
import { findStudyCard } from '../archive/index.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { putAsk } from './asks.ts';
import { settle } from './settle-place.ts';
import type { TriagePolicy } from './triage-policy.ts';
import { findUrgency } from './urgency-rows.ts';

/** Why a person's word about a study's class was not taken. */
export type DeclareRefusal = {
  readonly code:
    | 'study-not-found'
    | 'patient-mismatch'
    | 'study-has-no-place'
    | 'raise-not-permitted'
    | 'lower-not-permitted'
    | 'images-not-opened'
    | 'raised-meanwhile';
};

type Declaration = {
  readonly siteId: string;
  readonly studyId: string;
  /** Whose study the declarer has before them. */
  readonly patientId: string;
  readonly level: UrgencyLevel;
  readonly reason: string;
  readonly userId: string;
  /** The declarer's name as the row says it. */
  readonly displayName: string;
  readonly permissions: readonly Permission[];
  /** The newest images of it that the declarer opened; null where they opened none. */
  readonly openedRevision: number | null;
  /** How often it had been raised or flagged as the declarer knew it; left out, they know it as it stands. */
  readonly knownRaises?: number | undefined;
  readonly atMs: number;
};

/**
 * Sets a study's class by a person's word, drawn filled from then on. Raising, and standing behind the class that AI suspects,
 * takes a permission; lowering takes a radiologist who opened the images as they are now and knows what raised it.
 */
export function declareUrgency(db: WritableDb, policy: TriagePolicy, input: Declaration): Result<null, DeclareRefusal> {
  const { siteId, studyId, level, userId, permissions, atMs } = input;
  return inTransaction(db, () => {
    const study = findStudyCard(db, studyId);
    if (study === null || study.siteId !== siteId) return err({ code: 'study-not-found' });
    if (study.patient.patientId !== input.patientId) return err({ code: 'patient-mismatch' });
    const current = findUrgency(db, studyId);
    if (current === null) return err({ code: 'study-has-no-place' });
    const isLower = urgencyRank(level) > urgencyRank(current.level);
    const knowsRaises = (input.knownRaises ?? current.raises) >= current.raises;
    if (isLower && !permissions.includes('urgency.lower')) return err({ code: 'lower-not-permitted' });
    if (!isLower && !permissions.includes('urgency.raise')) return err({ code: 'raise-not-permitted' });
    if (isLower && input.openedRevision !== study.revision) return err({ code: 'images-not-opened' });
    // Whoever meant to raise what was Routine on their screen would lower what was flagged Critical since.
    if (isLower && !knowsRaises) return err({ code: 'raised-meanwhile' });
    putAsk(db, {
      ...{ studyId, siteId, ask: `person:${v7()}`, askedAtMs: atMs, cause: 'person', source: userId, level },
      ...{ revision: study.revision, falseShare: null, said: input.reason },
    });
    const params = { by: input.displayName, level, said: input.reason };
    settle(db, policy, study, current, {
      level,
      standing: level === 'routine' ? 'ordinary' : 'confirmed',
      serviceLevel: current.serviceLevel,
      // Their last word stands with what models and rules said; the ones before stand in the study's story.
      reasons: [
        { code: isLower ? 'lowered' : 'declared', params },
        ...current.reasons.filter(({ code }) => code !== 'declared' && code !== 'lowered'),
      ],
      countsFromMs: current.countsFromMs,
      atMs,
      declared: {
        by: { kind: 'user', id: userId },
        loweredRevision: isLower ? study.revision : null,
        hasSeen: input.openedRevision === study.revision && knowsRaises,
      },
    });
    return ok(null);
  });
}
