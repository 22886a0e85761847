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
const FIND_DEMOGRAPHICS = 'SELECT name, birth_date_raw AS birthDateRaw, sex FROM patients WHERE patient_id = ?';
const INSERT_PATIENT = `
  INSERT INTO patients (patient_id, site_id, name, name_key, birth_date_raw, sex)
  VALUES (@patientId, @siteId, @name, @nameKey, @birthDateRaw, @sex)
`;
const INSERT_IDENTIFIER =
  'INSERT INTO patient_identifiers (site_id, value, issuer, type, patient_id) VALUES (?, ?, ?, ?, ?)';

/**
 * A medical record number (HL7 table 0203), the study itself where an object names no patient id, or a number that
 * somebody else had first, disputed for one study.
 */
type Identifier = {
  readonly value: string;
  readonly issuer: string;
  readonly type: 'MR' | 'STUDY' | `DISPUTED ${string}`;
};
type Demographics = Pick<StatedPatient, 'name' | 'birthDateRaw' | 'sex'>;

function identifierOf(stated: StatedPatient, studyUid: string): Identifier {
  const { patientId, issuer } = stated;
  return patientId === '' ? { value: studyUid, issuer: '', type: 'STUDY' } : { value: patientId, issuer, type: 'MR' };
}

/** The patient with this identifier of this issuer, or null. The same number of another issuer is another patient. */
function findPatientId(db: ReadableDb, siteId: string, { value, issuer, type }: Identifier): string | null {
  return prepared<{ patientId: string }>(db, FIND_BY_IDENTIFIER).get(siteId, value, issuer, type)?.patientId ?? null;
}

/**
 * The patient a new study belongs to, made when new. Nobody is joined by a guess: without a patient id every study is a
 * patient of its own, and so is one whose number was given to somebody who cannot be the same person.
 */
export function ensurePatient(db: WritableDb, siteId: string, stated: StatedPatient, studyUid: string): string {
  const stands = identifierOf(stated, studyUid);
  const known = findPatientId(db, siteId, stands);
  const person = known === null ? null : prepared<Demographics>(db, FIND_DEMOGRAPHICS).get(known);
  if (known !== null && person && !areTwoPeople(person, stated)) return known;
  const identifier = known === null ? stands : disputed(stands, studyUid);
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

/** The same number, worth something within one study only. */
function disputed(identifier: Identifier, studyUid: string): Identifier {
  return { ...identifier, type: `DISPUTED ${studyUid}` };
}

/**
 * Placeholder numbers ("UNKNOWN", "0") and mistyped ones are given to many people. A name alone may change or be spelled
 * otherwise, and counts only where no birth date confirms it.
 */
function areTwoPeople(one: Demographics, other: Demographics): boolean {
  const [oneBorn, otherBorn] = [one.birthDateRaw, other.birthDateRaw].map((raw) => (raw ?? '').replaceAll(/\D/g, ''));
  if (oneBorn && otherBorn && oneBorn !== otherBorn) return true;
  const sexes = new Set([one.sex, other.sex]);
  if (sexes.has('M') && sexes.has('F')) return true;
  const [oneName, otherName] = [nameKey(one.name), nameKey(other.name)];
  return !(oneBorn && otherBorn) && oneName !== '' && otherName !== '' && oneName !== otherName;
}

/** True when an object names the patient its study already has. */
export function isSamePatient(
  db: ReadableDb,
  siteId: string,
  stated: StatedPatient,
  studyUid: string,
  patientId: string,
): boolean {
  const identifier = identifierOf(stated, studyUid);
  return [identifier, disputed(identifier, studyUid)].some((one) => findPatientId(db, siteId, one) === patientId);
}
