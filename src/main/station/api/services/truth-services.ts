import type { ReferenceStudy } from '../../../../shared/contract/truths.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import type { Result } from '../../../../shared/domain/result.ts';
import type { Principal } from '../../access/index.ts';
import { findStudyCard } from '../../archive/index.ts';
import { listQuestions, recordTruth } from '../../inference/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { WritableDb } from '../../platform/store/database.ts';
import type { Readers } from './readers.ts';
import { findStudyFace } from './study-face.ts';

/** What readers say is in studies that models are measured on. */
export type TruthServices = {
  studies(
    principal: Principal,
    input: { only?: 'open' | undefined; after?: string | undefined; limit: number },
  ): Promise<{ studies: ReferenceStudy[]; next: string | null }>;
  questions(principal: Principal, studyId: StudyId): ReferenceStudy['questions'] | null;
  record(
    principal: Principal,
    input: { studyId: StudyId; modelId: string; labels: { label: string; isPresent: boolean }[] },
  ): Result<null, { readonly code: string }>;
};

type Tools = { readonly db: WritableDb; readonly clock: Clock; readonly readers: Readers };

export function truthServices({ db, clock, readers }: Tools): TruthServices {
  return {
    async studies({ siteId, userId }, { only, after, limit }) {
      const window = await readers.run('list-reference-studies', { siteId, userId, only: only ?? null, after, limit });
      const studies = window.studies.flatMap(({ studyId, questions, isBarred }) => {
        const study = findStudyFace(db, studyId);
        return study?.isShown === true ? { study, questions: [...questions], isBarred } : [];
      });
      return { studies, next: window.next };
    },
    questions({ siteId, userId }, studyId) {
      const study = findStudyCard(db, studyId);
      return study === null || study.siteId !== siteId ? null : listQuestions(db, siteId, studyId, userId);
    },
    record: ({ siteId, userId }, input) => recordTruth(db, { ...input, siteId, userId, atMs: clock.nowMs() }),
  };
}
