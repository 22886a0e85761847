import { freshId } from '../platform/ids.ts';
import { PatientId } from '../../../shared/domain/ids.ts';
import { nameKey } from '../../../shared/domain/person-name.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';

/** Who an object says its patient is. */
export type StatedPatient = {
  readonly name: string;
  readonly patientId: string;
  readonly issuer: string;
  readonly birthDateRaw: string | null;
  readonly sex: string | null;
};

const FIND_BY_IDENTIFIER = `
  SELECT patient_id AS patientId FROM patient_identifiers WHERE site_id = ? AND value = ? AND issuer = ? AND type = 'MR'
`;
const INSERT_PATIENT = `
  INSERT INTO patients (patient_id, site_id, name, name_key, birth_date_raw, sex)
  VALUES (@patientId, @siteId, @name, @nameKey, @birthDateRaw, @sex)
`;
const INSERT_IDENTIFIER =
  "INSERT INTO patient_identifiers (site_id, value, issuer, type, patient_id) VALUES (?, ?, ?, 'MR', ?)";

/** The patient with this identifier of this issuer, or null. The same number of another issuer is another patient. */
export function findPatientId(db: WritableDb, siteId: string, stated: StatedPatient): string | null {
  return (
    prepared<{ patientId: string }>(db, FIND_BY_IDENTIFIER).get(siteId, stated.patientId, stated.issuer)?.patientId ??
    null
  );
}

/** The patient an object belongs to, made when new. Without a patient id every study is a patient of its own: nobody is joined by a guess. */
export function ensurePatient(db: WritableDb, siteId: string, stated: StatedPatient, studyUid: string): string {
  const identifier = stated.patientId === '' ? `study:${studyUid}` : stated.patientId;
  const known = findPatientId(db, siteId, { ...stated, patientId: identifier });
  if (known !== null) return known;
  const patientId = freshId(PatientId);
  prepared(db, INSERT_PATIENT).run({
    patientId,
    siteId,
    name: stated.name,
    nameKey: nameKey(stated.name),
    birthDateRaw: stated.birthDateRaw,
    sex: stated.sex,
  });
  prepared(db, INSERT_IDENTIFIER).run(siteId, identifier, stated.issuer, patientId);
  return patientId;
}

/** True when an object names the patient its study already has. */
export function isSamePatient(
  db: WritableDb,
  siteId: string,
  stated: StatedPatient,
  studyUid: string,
  patientId: string,
): boolean {
  const identifier = stated.patientId === '' ? `study:${studyUid}` : stated.patientId;
  return findPatientId(db, siteId, { ...stated, patientId: identifier }) === patientId;
}
