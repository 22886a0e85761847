import { createHash } from 'node:crypto';
import type { PilotScope } from '../../../shared/domain/exposure.ts';
import type { StudyCard } from '../archive/index.ts';

/** Whether a pilot shows what it says of a study, and to whom; null is everyone. */
export type PilotAudience =
  | { readonly shows: false }
  | { readonly shows: true; readonly userIds: readonly string[] | null };

/** Holds a study against a pilot's scope. A study keeps its answer for as long as the scope does, whichever version of the model asks. */
export function pilotAudience(
  scope: PilotScope,
  modelId: string,
  study: Pick<StudyCard, 'studyUid' | 'description'>,
): PilotAudience {
  if (pilotOutcome(scope, modelId, study) !== 'shown') return { shows: false };
  const userIds = new Set(scope.groups.flatMap((group) => group.userIds));
  return { shows: true, userIds: userIds.size === 0 ? null : [...userIds].toSorted() };
}

/** Whether a study is one of a pilot's, or what keeps it out: its description, or its place beyond the share. */
export function pilotOutcome(
  scope: PilotScope,
  modelId: string,
  study: Pick<StudyCard, 'studyUid' | 'description'>,
): 'shown' | 'other-exam' | 'beyond-share' {
  const description = (study.description ?? '').toLowerCase();
  const isOfExam =
    scope.descriptions.length === 0 || scope.descriptions.some((words) => description.includes(words.toLowerCase()));
  if (!isOfExam) return 'other-exam';
  return placeOf(modelId, study.studyUid) < scope.share ? 'shown' : 'beyond-share';
}

const SIX_BYTES = 2 ** 48;

/** Where a study lies in 0…1 for a model: even over studies, and the same at every asking. */
function placeOf(modelId: string, studyUid: string): number {
  return createHash('sha256').update(`${modelId} ${studyUid}`).digest().readUIntBE(0, 6) / SIX_BYTES;
}
