import { nameKey } from '../../../shared/domain/person-name.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';

/** A number by which somebody knows a patient; without its issuer it says little. */
export type PatientNumber = {
  readonly value: string;
  readonly issuer: string;
  readonly type: string;
  /** Somebody else had the number first: it counts within one study only. */
  readonly isDisputed: boolean;
};

/** A patient as people compare one with another. */
export type PatientRecord = {
  readonly patientId: string;
  readonly siteId: string;
  readonly identityVersion: number;
  readonly name: string;
  readonly birthDateRaw: string | null;
  readonly sex: string | null;
  readonly numbers: readonly PatientNumber[];
  /** Studies with something to show. */
  readonly studies: number;
  /** Set where a person merged this patient into another. */
  readonly mergedInto: string | null;
};

type PatientRow = Omit<PatientRecord, 'numbers'>;

/** A study that shows nothing counts nowhere: hidden whole, split off and put back, or deleted. */
export const IS_SHOWN =
  's.deleted_at_ms IS NULL AND EXISTS (SELECT 1 FROM instances shown WHERE shown.study_id = s.study_id AND shown.is_hidden = 0)';
const FIND_PATIENT = `
  SELECT p.patient_id AS patientId, p.site_id AS siteId, p.identity_version AS identityVersion, p.name,
         p.birth_date_raw AS birthDateRaw, p.sex,
         (SELECT count(*) FROM studies s WHERE s.patient_id = p.patient_id AND ${IS_SHOWN}) AS studies,
         (SELECT l.to_patient_id FROM patient_links l WHERE l.from_patient_id = p.patient_id AND l.undone_at_ms IS NULL) AS mergedInto
    FROM patients p WHERE p.patient_id = ?
`;
/** Walks patient_identifiers_by_patient. */
export const LIST_NUMBERS = `
  SELECT value, issuer, type, disputed_in <> '' AS isDisputed FROM patient_identifiers
   WHERE patient_id = ? AND type <> 'STUDY' ORDER BY disputed_in, value
`;
/** Walks patients_by_name. */
export const LIST_BY_NAME =
  'SELECT patient_id AS patientId FROM patients WHERE site_id = ? AND name_key >= ? AND name_key < ? LIMIT ?';
/** Walks the primary key of patient_identifiers. */
export const LIST_BY_NUMBER =
  'SELECT DISTINCT patient_id AS patientId FROM patient_identifiers WHERE site_id = ? AND value = ? LIMIT ?';
const FIND_LINK =
  'SELECT to_patient_id AS survivor, link_id AS linkId FROM patient_links WHERE from_patient_id = ? AND undone_at_ms IS NULL';
const MOST_FOUND = 50;

/** A patient by id, or null. The caller holds the site against its own. */
export function findPatient(db: ReadableDb, patientId: string): PatientRecord | null {
  const row = prepared<PatientRow>(db, FIND_PATIENT).get(patientId);
  if (row === undefined) return null;
  const numbers = prepared<Omit<PatientNumber, 'isDisputed'> & { isDisputed: 0 | 1 }>(db, LIST_NUMBERS)
    .all(patientId)
    .map((number) => ({ ...number, isDisputed: number.isDisputed === 1 }));
  return { ...row, numbers };
}

/** Patients of a site by a whole number or the beginning of a name (family, then given), at most 50; merged ones stand behind. */
export function findPatients(db: ReadableDb, siteId: string, text: string): readonly PatientRecord[] {
  const [family = '', given = ''] =
    text.includes('^') || text.includes(',') ? text.split(/[\^,]/) : text.trim().split(/\s+/);
  const key = nameKey(`${family}^${given}`).replace(/\^$/, '');
  const byName =
    key === ''
      ? []
      : prepared<{ patientId: string }>(db, LIST_BY_NAME).all(siteId, key, `${key}\u{10FFFF}`, MOST_FOUND);
  const byNumber = prepared<{ patientId: string }>(db, LIST_BY_NUMBER).all(siteId, text.trim(), MOST_FOUND);
  return describe(db, [...byNumber, ...byName]);
}

/** Others who may be the same person: of the same or a similar name, or of the same number from whatever issuer. */
export function findSimilarPatients(db: ReadableDb, patientId: string): readonly PatientRecord[] {
  const patient = findPatient(db, patientId);
  if (patient === null) return [];
  const key = nameKey(patient.name);
  const byName =
    key === ''
      ? []
      : prepared<{ patientId: string }>(db, LIST_BY_NAME).all(patient.siteId, key, `${key}\u{1}`, MOST_FOUND);
  const byNumber = patient.numbers.flatMap(({ value }) =>
    prepared<{ patientId: string }>(db, LIST_BY_NUMBER).all(patient.siteId, value, MOST_FOUND),
  );
  return describe(db, [...byNumber, ...byName]).filter(
    (other) => other.patientId !== patientId && other.mergedInto === null,
  );
}

/** The patient this one was merged into, and by which merge; null for one who stands for themselves. */
export function findLink(
  db: ReadableDb,
  patientId: string,
): { readonly survivor: string; readonly linkId: string } | null {
  return prepared<{ survivor: string; linkId: string }>(db, FIND_LINK).get(patientId) ?? null;
}

/** Who stands for this patient now. */
export function survivorOf(db: ReadableDb, patientId: string): string {
  const link = findLink(db, patientId);
  return link === null ? patientId : survivorOf(db, link.survivor);
}

function describe(db: ReadableDb, found: readonly { readonly patientId: string }[]): readonly PatientRecord[] {
  return [...new Set(found.map(({ patientId }) => patientId))]
    .slice(0, MOST_FOUND)
    .flatMap((patientId) => findPatient(db, patientId) ?? [])
    .toSorted((one, other) => Number(one.mergedInto !== null) - Number(other.mergedInto !== null));
}
