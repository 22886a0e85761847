import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { findLink } from './find-patients.ts';
import { indexStudyNames } from './study-names.ts';

/** To whom a study belonged, as undoing a correction restores it. */
export type StudyOwner = {
  readonly studyId: string;
  readonly patientId: string;
  /** The correction that gave the study to this patient; null where its own objects name them. */
  readonly assignedBy: string | null;
  readonly isStatedOtherwise: 0 | 1;
  readonly isConfirmed: 0 | 1;
};

const FIND_OWNER = `
  SELECT s.study_id AS studyId, s.patient_id AS patientId, a.change_id AS assignedBy, s.is_stated_otherwise AS isStatedOtherwise,
         s.identity_confirmed AS isConfirmed
    FROM studies s LEFT JOIN study_assignments a ON a.study_id = s.study_id WHERE s.study_id = ?
`;
const FIND_OBJECT_PATIENT = 'SELECT object_patient_id AS patientId FROM study_assignments WHERE study_id = ?';
/** What the objects say is kept aside once, at the first assignment; later ones leave it. */
const KEEP_OBJECTS_WORD = `
  INSERT INTO study_assignments (study_id, change_id, object_patient_id, object_name, object_birth_date_raw, object_sex)
  SELECT study_id, @changeId, patient_id, stated_name, stated_birth_date_raw, stated_sex FROM studies WHERE study_id = @studyId
  ON CONFLICT (study_id) DO UPDATE SET change_id = excluded.change_id
`;
const SHOW_PATIENT = `
  UPDATE studies SET patient_id = p.patient_id, stated_name = p.name, stated_birth_date_raw = p.birth_date_raw, stated_sex = p.sex,
         is_stated_otherwise = @isStatedOtherwise, identity_confirmed = @isConfirmed
    FROM patients p WHERE p.patient_id = @patientId AND studies.study_id = @studyId
`;
const SHOW_OBJECTS_WORD = `
  UPDATE studies SET patient_id = a.object_patient_id, stated_name = a.object_name, stated_birth_date_raw = a.object_birth_date_raw,
         stated_sex = a.object_sex, is_stated_otherwise = @isStatedOtherwise, identity_confirmed = @isConfirmed
    FROM study_assignments a WHERE a.study_id = studies.study_id AND studies.study_id = @studyId
`;
const FORGET_ASSIGNMENT = 'DELETE FROM study_assignments WHERE study_id = ?';
const RISE_IDENTITY = 'UPDATE patients SET identity_version = identity_version + 1 WHERE patient_id = ?';
/** Walks study_assignments_by_change. */
export const LIST_ASSIGNED_BY = 'SELECT study_id AS studyId FROM study_assignments WHERE change_id = ?';

/** To whom a study belongs now; a study that is not here is a bug. */
export function ownerOf(db: ReadableDb, studyId: string): StudyOwner {
  const owner = prepared<StudyOwner>(db, FIND_OWNER).get(studyId);
  if (owner === undefined) throw new Error(`study ${studyId} is not in the archive`);
  return owner;
}

/** Whom a study's own objects name, whomever it is assigned to. */
export function objectPatientOf(db: ReadableDb, studyId: string): string {
  return (
    prepared<{ patientId: string }>(db, FIND_OBJECT_PATIENT).get(studyId)?.patientId ?? ownerOf(db, studyId).patientId
  );
}

/** Gives a study to another patient, who is shown from now on; what its own objects say stays on record, and doubts are over. */
export function assignStudy(db: WritableDb, studyId: string, patientId: string, changeId: string): void {
  prepared(db, KEEP_OBJECTS_WORD).run({ studyId, changeId });
  prepared(db, SHOW_PATIENT).run({ studyId, patientId, isStatedOtherwise: 0, isConfirmed: 0 });
  indexStudyNames(db, studyId);
}

/** Gives a study whose objects name a merged patient to whoever stands for them, one merge after another. */
export function followMerges(db: WritableDb, studyId: string): void {
  for (let link = findLink(db, ownerOf(db, studyId).patientId); link !== null; link = findLink(db, link.survivor))
    assignStudy(db, studyId, link.survivor, link.linkId);
}

/** Gives a study back to whom it belonged. */
export function restoreOwner(db: WritableDb, owner: StudyOwner): void {
  const { studyId, patientId, assignedBy, isStatedOtherwise, isConfirmed } = owner;
  if (assignedBy === null) {
    prepared(db, SHOW_OBJECTS_WORD).run({ studyId, isStatedOtherwise, isConfirmed });
    prepared(db, FORGET_ASSIGNMENT).run(studyId);
  } else {
    prepared(db, KEEP_OBJECTS_WORD).run({ studyId, changeId: assignedBy });
    prepared(db, SHOW_PATIENT).run({ studyId, patientId, isStatedOtherwise, isConfirmed });
  }
  indexStudyNames(db, studyId);
}

/** The studies that this correction gave to their patient, those that arrived after it included. */
export function listAssignedBy(db: ReadableDb, changeId: string): readonly string[] {
  return prepared<{ studyId: string }>(db, LIST_ASSIGNED_BY)
    .all(changeId)
    .map(({ studyId }) => studyId);
}

/** Who the patient is was changed: what was made from an earlier version can tell. */
export function riseIdentityVersion(db: WritableDb, patientId: string): void {
  prepared(db, RISE_IDENTITY).run(patientId);
}
