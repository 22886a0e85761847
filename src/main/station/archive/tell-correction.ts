import type { CorrectionReason } from '../../../shared/domain/correction.ts';
import type { EventPayload } from '../../../shared/domain/event-kinds.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';

/** Who corrects what, why and when; the site is the corrector's own. */
export type Correction = {
  readonly siteId: string;
  readonly reason: CorrectionReason;
  readonly actor: Actor;
  readonly atMs: number;
};

/** Kinds of events that tell of a correction; each is told of every study that changes. */
type CorrectionEvent =
  | 'study-moved'
  | 'study-split'
  | 'patients-merged'
  | 'instances-hidden'
  | 'identity-confirmed'
  | 'identity-undone';
type StudyRow = {
  readonly siteId: string;
  readonly patientId: string;
  readonly correlationId: string;
  readonly revision: number;
  readonly completeness: string;
};

const FIND_STUDY = `
  SELECT site_id AS siteId, patient_id AS patientId, correlation_id AS correlationId, study_revision AS revision, completeness
    FROM studies WHERE study_id = ?
`;
/** What is complete stays so: a person took something away or put it back, and nothing is waited for. */
const CHANGE_CONTENT = `
  UPDATE studies SET study_revision = max(study_revision, @atLeast) + 1,
         complete_revision = iif(completeness = 'receiving', complete_revision, max(study_revision, @atLeast) + 1)
   WHERE study_id = @studyId RETURNING study_revision AS revision
`;

/** A study of this site, or null. */
export function findOwnStudy(db: ReadableDb, siteId: string, studyId: string): StudyRow | null {
  const study = prepared<StudyRow>(db, FIND_STUDY).get(studyId);
  return study === undefined || study.siteId !== siteId ? null : study;
}

/** Raises a study's revision because its content changed, above `atLeast` too, and gives the new one. */
export function changeContent(db: WritableDb, studyId: string, atLeast = 0): number {
  const changed = prepared<{ revision: number }>(db, CHANGE_CONTENT).get({ studyId, atLeast });
  if (changed === undefined) throw new Error(`study ${studyId} is not in the archive`);
  return changed.revision;
}

/** Tells of a correction as it concerns one study, in the transaction that makes it. */
export function tellCorrection<Kind extends CorrectionEvent>(
  db: WritableDb,
  kind: Kind,
  payload: EventPayload<Kind>,
  about: { readonly studyId: string; readonly actor: Actor; readonly atMs: number },
): void {
  const study = prepared<StudyRow>(db, FIND_STUDY).get(about.studyId);
  if (study === undefined) throw new Error(`study ${about.studyId} is not in the archive`);
  const { siteId, patientId, correlationId } = study;
  const { studyId, actor, atMs } = about;
  appendEvent(db, { kind, payload, siteId, studyId, patientId, actor, correlationId, atMs });
}
