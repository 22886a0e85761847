import type { PilotPreview } from '../../../shared/contract/models.ts';
import type { PilotScope } from '../../../shared/domain/exposure.ts';
import { StudyId } from '../../../shared/domain/ids.ts';
import { findStudyCard } from '../archive/index.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import type { InstalledModel } from './models.ts';
import { pilotOutcome } from './pilot.ts';

/** Walks model_exams_by_model backwards: the studies of exams that the model is made for, the newest first. */
export const LIST_LAST_EXAMS = `
  SELECT study_id AS studyId FROM model_exams
   WHERE site_id = @siteId AND digest = @digest AND outcome <> 'no-eligible-series' ORDER BY day DESC, study_id DESC LIMIT @limit
`;

/** Which of the last studies with a series the model can read a pilot of this scope would have shown, and why not the others. Nothing of what was said of them. */
export function previewPilot(
  db: ReadableDb,
  {
    siteId,
    model,
    pilot,
    limit,
  }: {
    readonly siteId: string;
    readonly model: InstalledModel;
    readonly pilot: PilotScope;
    readonly limit: number;
  },
): PilotPreview {
  const exams = prepared<{ studyId: string }>(db, LIST_LAST_EXAMS).all({ siteId, digest: model.digest, limit });
  const studies = exams.flatMap(({ studyId }) => {
    const study = findStudyCard(db, studyId);
    if (study === null) return [];
    const { description, modality, receivedAtMs } = study;
    return {
      ...{ studyId: StudyId.parse(studyId), description, modality, receivedAtMs },
      outcome: pilotOutcome(pilot, model.manifest.id, study),
    };
  });
  return { studies, inPilot: studies.filter(({ outcome }) => outcome === 'shown').length };
}
