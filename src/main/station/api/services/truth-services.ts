import type { StudyId } from '../../../../shared/domain/ids.ts';
import type { Result } from '../../../../shared/domain/result.ts';
import type { Principal } from '../../access/index.ts';
import { findStudyCard } from '../../archive/index.ts';
import { listQuestions, recordTruth } from '../../inference/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { WritableDb } from '../../platform/store/database.ts';

/** What readers say is in studies that models are measured on. */
export type TruthServices = {
  questions(
    principal: Principal,
    studyId: StudyId,
  ): { modelId: string; label: string; name: string; mine: boolean | null }[] | null;
  record(
    principal: Principal,
    input: { studyId: StudyId; modelId: string; labels: { label: string; isPresent: boolean }[] },
  ): Result<null, { readonly code: string }>;
};

export function truthServices({ db, clock }: { readonly db: WritableDb; readonly clock: Clock }): TruthServices {
  return {
    questions({ siteId, userId }, studyId) {
      const study = findStudyCard(db, studyId);
      return study === null || study.siteId !== siteId ? null : [...listQuestions(db, siteId, studyId, userId)];
    },
    record: ({ siteId, userId }, input) => recordTruth(db, { ...input, siteId, userId, atMs: clock.nowMs() }),
  };
}
