import { freshId } from '../platform/ids.ts';
import { PatientId } from '../../../shared/domain/ids.ts';
import { nameKey } from '../../../shared/domain/person-name.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';

/** Who an object says its patient is. */
export type StatedPatient = {
  readonly name: string;
  readonly patientId: string;
  readonly issuer: string;
  readonly birthDateRaw: string | null;
  readonly sex: string | null;
};

const FIND_BY_IDENTIFIER = `
  SELECT patient_id AS patientId FROM patient_identifiers WHERE site_id = ? AND value = ? AND issuer = ? AND type = ?
`;
const INSERT_PATIENT = `
  INSERT INTO patients (patient_id, site_id, name, name_key, birth_date_raw, sex)
  VALUES (@patientId, @siteId, @name, @nameKey, @birthDateRaw, @sex)
`;
const INSERT_IDENTIFIER =
  'INSERT INTO patient_identifiers (site_id, value, issuer, type, patient_id) VALUES (?, ?, ?, ?, ?)';

/** A medical record number (HL7 table 0203), or the study itself where an object names no patient id. */
type Identifier = { readonly value: string; readonly issuer: string; readonly type: 'MR' | 'STUDY' };

function identifierOf(stated: StatedPatient, studyUid: string): Identifier {
  const { patientId, issuer } = stated;
  return patientId === '' ? { value: studyUid, issuer: '', type: 'STUDY' } : { value: patientId, issuer, type: 'MR' };
}

/** The patient with this identifier of this issuer, or null. The same number of another issuer is another patient. */
function findPatientId(db: ReadableDb, siteId: string, { value, issuer, type }: Identifier): string | null {
  return prepared<{ patientId: string }>(db, FIND_BY_IDENTIFIER).get(siteId, value, issuer, type)?.patientId ?? null;
}

/** The patient an object belongs to, made when new. Without a patient id every study is a patient of its own: nobody is joined by a guess. */
export function ensurePatient(db: WritableDb, siteId: string, stated: StatedPatient, studyUid: string): string {
  const identifier = identifierOf(stated, studyUid);
  const known = findPatientId(db, siteId, identifier);
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
  prepared(db, INSERT_IDENTIFIER).run(siteId, identifier.value, identifier.issuer, identifier.type, patientId);
  return patientId;
}

/** True when an object names the patient its study already has. */
export function isSamePatient(
  db: ReadableDb,
  siteId: string,
  stated: StatedPatient,
  studyUid: string,
  patientId: string,
): boolean {
  return findPatientId(db, siteId, identifierOf(stated, studyUid)) === patientId;
}
