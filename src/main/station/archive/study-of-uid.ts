import { prepared, type ReadableDb } from '../platform/store/database.ts';

const FIND_STUDY = `
  SELECT study_id AS studyId, patient_id AS patientId, correlation_id AS correlationId FROM studies
   WHERE site_id = ? AND study_uid = ?
`;

/** The subject of an event about a study that somebody names by its UID; null while nothing of it is here. */
export function findStudyOfUid(
  db: ReadableDb,
  siteId: string,
  studyUid: string,
): { readonly studyId: string; readonly patientId: string; readonly correlationId: string } | null {
  return (
    prepared<{ studyId: string; patientId: string; correlationId: string }>(db, FIND_STUDY).get(siteId, studyUid) ??
    null
  );
}
