import { freshId } from '../platform/ids.ts';
import { PatientId } from '../../../shared/domain/ids.ts';
import { canBeOneName, isSameName, nameKey } from '../../../shared/domain/person-name.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { survivorOf } from './find-patients.ts';

/** Who an object says its patient is. */
export type StatedPatient = {
  readonly name: string;
  readonly patientId: string;
  readonly issuer: string;
  /** Who issues what its sender sends without an issuer; empty where nobody knows. */
  readonly usualIssuer: string;
  /** Whether the object itself names the issuer. */
  readonly statesIssuer: boolean;
  readonly birthDateRaw: string | null;
  readonly sex: string | null;
  /** The day of the exam: a birth date of that day may have been made up at the modality. */
  readonly examDateRaw: string | null;
};

const FIND_BY_IDENTIFIER = `
  SELECT patient_id AS patientId FROM patient_identifiers
   WHERE site_id = ? AND value = ? AND issuer = ? AND type = ? AND disputed_in = ?
`;
const FIND_DEMOGRAPHICS = 'SELECT name, birth_date_raw AS birthDateRaw, sex FROM patients WHERE patient_id = ?';
const INSERT_PATIENT = `
  INSERT INTO patients (patient_id, site_id, name, name_key, birth_date_raw, sex)
  VALUES (@patientId, @siteId, @name, @nameKey, @birthDateRaw, @sex)
`;
const INSERT_IDENTIFIER = `
  INSERT INTO patient_identifiers (site_id, value, issuer, type, disputed_in, patient_id) VALUES (?, ?, ?, ?, ?, ?)
`;
/** What a study's objects say of its patient; where none says it, what the patient's other studies say. */
const FIND_STATED = `
  SELECT coalesce(a.object_patient_id, s.patient_id) AS patientId, s.patient_id AS shownPatientId,
         iif(a.study_id IS NULL, s.stated_name, a.object_name) AS ownName,
         coalesce(nullif(iif(a.study_id IS NULL, s.stated_name, a.object_name), ''), p.name) AS name,
         coalesce(iif(a.study_id IS NULL, s.stated_birth_date_raw, a.object_birth_date_raw), p.birth_date_raw) AS birthDateRaw,
         coalesce(iif(a.study_id IS NULL, s.stated_sex, a.object_sex), p.sex) AS sex,
         p.name AS personName, p.birth_date_raw AS personBirthDateRaw,
         iif(a.study_id IS NULL, s.stated_birth_date_raw, a.object_birth_date_raw) IS NULL AS lacksBirthDate,
         iif(a.study_id IS NULL, s.stated_sex, a.object_sex) IS NULL AS lacksSex, s.is_stated_otherwise AS isStatedOtherwise,
         s.stated_issuer AS statedIssuer
    FROM studies s LEFT JOIN study_assignments a ON a.study_id = s.study_id
    JOIN patients p ON p.patient_id = coalesce(a.object_patient_id, s.patient_id) WHERE s.study_id = ?
`;
const NOTE_STATED = `
  UPDATE studies SET stated_name = coalesce(nullif(stated_name, ''), @name),
         stated_birth_date_raw = coalesce(stated_birth_date_raw, @birthDateRaw), stated_sex = coalesce(stated_sex, @sex),
         stated_issuer = coalesce(stated_issuer, @issuer), is_stated_otherwise = max(is_stated_otherwise, @isOtherwise)
   WHERE study_id = @studyId
`;
/** The same for a study that a person gave to another patient: that one is shown, and this stays aside. */
const NOTE_STATED_ASIDE = `
  UPDATE study_assignments SET object_name = coalesce(nullif(object_name, ''), @name),
         object_birth_date_raw = coalesce(object_birth_date_raw, @birthDateRaw), object_sex = coalesce(object_sex, @sex)
   WHERE study_id = @studyId
`;
const NOTE_OTHERWISE = 'UPDATE studies SET is_stated_otherwise = max(is_stated_otherwise, ?) WHERE study_id = ?';

/** A medical record number (HL7 table 0203), or the study itself where an object names no patient id. */
type Identifier = {
  readonly value: string;
  readonly issuer: string;
  readonly type: 'MR' | 'STUDY';
  /** The only study in which the number counts, where somebody else had it first; empty elsewhere. */
  readonly disputedIn: string;
};
type Demographics = Pick<StatedPatient, 'name' | 'birthDateRaw' | 'sex'>;
type StatedDemographics = Demographics & Pick<StatedPatient, 'examDateRaw'>;

/** Written into a field that must not be empty, for whoever cannot be asked: the same for many people. */
const PLACEHOLDER_NUMBER =
  /^(0*|X+|9{6,}|UNKNOWN|UNKNOWNID|UNK|UNBEKANNT|INCONNU|NONE|NULL|NIL|NA|NOID|NOTAVAILABLE|ANON|ANONYMOUS|ANONYMIZED|ANONYMISED|TRAUMA|EMERGENCY)$/;
const PLACEHOLDER_BIRTH_DATES = new Set(['', '00000000', '00010101', '19000101']);

function identifierOf(stated: StatedPatient, studyUid: string): Identifier {
  const { patientId, issuer } = stated;
  return patientId === ''
    ? { value: studyUid, issuer: '', type: 'STUDY', disputedIn: '' }
    : { value: patientId, issuer, type: 'MR', disputedIn: '' };
}

/**
 * The patient with this identifier of this issuer, or null. The same number of another issuer is another patient, and one of none
 * is nobody's.
 */
function findPatientId(db: ReadableDb, siteId: string, identifier: Identifier): string | null {
  const { value, issuer, type, disputedIn } = identifier;
  const found = prepared<{ patientId: string }>(db, FIND_BY_IDENTIFIER).get(siteId, value, issuer, type, disputedIn);
  return found?.patientId ?? null;
}

/**
 * The patient a new study belongs to, made when new. Nobody is joined by a guess: without a patient id every study is a
 * patient of its own, and so is one whose number was given to somebody who cannot be the same person, or says nothing unless name
 * and birth date say the same.
 */
export function ensurePatient(db: WritableDb, siteId: string, stated: StatedPatient, studyUid: string): string {
  const stands = identifierOf(stated, studyUid);
  const known = findPatientId(db, siteId, stands) ?? findBeforeIssuerWasKnown(db, siteId, stated);
  const person = known === null ? null : prepared<Demographics>(db, FIND_DEMOGRAPHICS).get(known);
  const canBe = isPlaceholder(stated.patientId) ? isSurelyOne : canBeOne;
  if (known !== null && person && canBe(person, stated)) return known;
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
  const { value, issuer, type, disputedIn } = identifier;
  prepared(db, INSERT_IDENTIFIER).run(siteId, value, issuer, type, disputedIn, patientId);
  return patientId;
}

/** Who has the number without an issuer, from before it was configured who issues such: by name and birth date the same. */
function findBeforeIssuerWasKnown(db: ReadableDb, siteId: string, stated: StatedPatient): string | null {
  const { patientId: value, issuer, usualIssuer } = stated;
  if (value === '' || issuer === '' || issuer !== usualIssuer) return null;
  const patientId = findPatientId(db, siteId, { value, issuer: '', type: 'MR', disputedIn: '' });
  const person = patientId === null ? null : prepared<Demographics>(db, FIND_DEMOGRAPHICS).get(patientId);
  if (!person || nameKey(person.name) === '' || nameKey(person.name) !== nameKey(stated.name)) return null;
  return isBirthDateShared(person, stated) && canBeOne(person, stated) ? patientId : null;
}

/** The same number, worth something within one study only. */
function disputed(identifier: Identifier, studyUid: string): Identifier {
  return { ...identifier, disputedIn: studyUid };
}

/** Whether a patient number is none, and stands for "nobody asked". */
function isPlaceholder(patientId: string): boolean {
  return patientId !== '' && PLACEHOLDER_NUMBER.test(patientId.toUpperCase().replaceAll(/[^\p{L}\p{N}]/gu, ''));
}

/**
 * False where two descriptions under one number are of two people: numbers are mistyped. A name may change or be spelled otherwise,
 * and counts as a whole where no birth date confirms it; where one does, something of the name has to stay.
 */
function canBeOne(one: Demographics, other: StatedDemographics): boolean {
  const [oneBorn, otherBorn] = [bornOn(one), bornOn(other)];
  if (oneBorn && otherBorn && oneBorn !== otherBorn) return false;
  const sexes = new Set([one.sex, other.sex]);
  if (sexes.has('M') && sexes.has('F')) return false;
  if (isBirthDateShared(one, other)) return canBeOneName(one.name, other.name);
  const [oneName, otherName] = [nameKey(one.name), nameKey(other.name)];
  return oneName === '' || otherName === '' || oneName === otherName;
}

/** The same name and birth date, whatever the number says. */
function isSurelyOne(one: Demographics, other: StatedDemographics): boolean {
  return isSameName(one.name, other.name) && isBirthDateShared(one, other) && canBeOne(one, other);
}

/** The same birth date, and a real one as far as can be told. */
function isBirthDateShared(one: Demographics, other: StatedDemographics): boolean {
  const born = bornOn(other);
  return bornOn(one) === born && !PLACEHOLDER_BIRTH_DATES.has(born) && born !== digitsOf(other.examDateRaw);
}

/** The digits of a birth date: ACR-NEMA wrote it with dots. */
function bornOn({ birthDateRaw }: Pick<Demographics, 'birthDateRaw'>): string {
  return digitsOf(birthDateRaw);
}

function digitsOf(date: string | null): string {
  return (date ?? '').replaceAll(/\D/g, '');
}

/** Walks patient_identifiers_by_patient. */
const HAS_NUMBER_OF_UNKNOWN_ISSUER = `
  SELECT 1 FROM patient_identifiers WHERE patient_id = ? AND type = 'MR' AND value = ? AND (issuer = '' OR ? = 0) LIMIT 1
`;

/**
 * Whether an object names a patient by their number where one of the two leaves out whose number it is, and contradicts them in
 * nothing else. Good enough within a study, whose UID they share already; nobody is joined to another study by it.
 */
function isSameButForIssuer(db: ReadableDb, patientId: string, person: Demographics, stated: StatedPatient): boolean {
  if (!canBeOne(person, stated) || isSaidOtherwise(person, stated)) return false;
  const values = [patientId, stated.patientId, stated.statesIssuer ? 1 : 0];
  return prepared(db, HAS_NUMBER_OF_UNKNOWN_ISSUER).get(...values) !== undefined;
}

/**
 * True when an object names the patient that a study already has: the number, and a person who can be the same; who issued the
 * number one of them may leave out. A study that a person gave to somebody else has two: whom its objects name, and whom a
 * corrected object may name by now.
 */
export function isSamePatient(
  db: ReadableDb,
  siteId: string,
  stated: StatedPatient,
  studyUid: string,
  studyId: string,
): boolean {
  const known = knownOf(db, studyId);
  const identifier = identifierOf(stated, studyUid);
  const stands = findPatientId(db, siteId, identifier);
  const canBe = canBeOne(known, stated);
  if (stands === known.patientId && canBe) return true;
  const named = [stands, findPatientId(db, siteId, disputed(identifier, studyUid))];
  if (named.includes(known.patientId) && canBe) return true;
  // Two that both name the issuer contradict each other, also where the one that came first named none.
  const isOtherIssuer = stated.statesIssuer && known.statedIssuer !== null && known.statedIssuer !== stated.issuer;
  if (!isOtherIssuer && isSameButForIssuer(db, known.patientId, known, stated)) return true;
  const shown = prepared<Demographics>(db, FIND_DEMOGRAPHICS).get(known.shownPatientId);
  if (shown === undefined || known.shownPatientId === known.patientId) return false;
  const isShown = named.some((patientId) => patientId !== null && survivorOf(db, patientId) === known.shownPatientId);
  if (isShown && canBeOne(shown, stated)) return true;
  return isSameButForIssuer(db, known.shownPatientId, shown, stated);
}

/**
 * Keeps what a study's objects say of the patient, and whether they say two things, or another than the patient's other
 * studies. True where the study had no name of its own and has one now. With `adds` false it lends the study nothing, and may
 * only contradict it.
 */
export function noteStated(db: WritableDb, studyId: string, stated: StatedPatient, adds = true): boolean {
  const known = knownOf(db, studyId);
  const person = { name: known.personName, birthDateRaw: known.personBirthDateRaw };
  const { name, birthDateRaw, sex } = adds ? stated : { name: '', birthDateRaw: null, sex: null };
  const isOtherwise = [known, person].some((one) => isSaidOtherwise(one, stated)) ? 1 : 0;
  const isNamedAnew = known.ownName === '' && name !== '';
  // Of most objects nothing is news after the first.
  const isNews =
    isNamedAnew || (known.lacksBirthDate === 1 && birthDateRaw !== null) || (known.lacksSex === 1 && sex !== null);
  if (known.patientId === known.shownPatientId) {
    const issuer = adds && stated.statesIssuer ? stated.issuer : null;
    const isIssuerNews = known.statedIssuer === null && issuer !== null;
    if (isNews || isIssuerNews || isOtherwise > known.isStatedOtherwise)
      prepared(db, NOTE_STATED).run({ studyId, name, birthDateRaw, sex, issuer, isOtherwise });
    return isNamedAnew;
  }
  if (isNews) prepared(db, NOTE_STATED_ASIDE).run({ studyId, name, birthDateRaw, sex });
  const shown = prepared<Demographics>(db, FIND_DEMOGRAPHICS).get(known.shownPatientId) ?? person;
  // A corrected object that names the patient shown is no news; one that names neither is.
  prepared(db, NOTE_OTHERWISE).run(isOtherwise === 1 && isSaidOtherwise(shown, stated) ? 1 : 0, studyId);
  return false;
}

/** The same person perhaps, under another name or birth date: for people to look at. What one side leaves out is no difference. */
function isSaidOtherwise(one: Omit<Demographics, 'sex'>, other: Demographics): boolean {
  const differs = (a: string, b: string) => a !== '' && b !== '' && a !== b;
  return differs(nameKey(one.name), nameKey(other.name)) || differs(bornOn(one), bornOn(other));
}

type Known = Demographics & {
  /** Whom the study's own objects name, and who is shown: another only where a person said so. */
  readonly patientId: string;
  readonly shownPatientId: string;
  readonly ownName: string;
  /** What its objects did not say so far. */
  readonly lacksBirthDate: 0 | 1;
  readonly lacksSex: 0 | 1;
  readonly isStatedOtherwise: 0 | 1;
  /** Who issued their number, where one of its objects says so. */
  readonly statedIssuer: string | null;
  /** The patient, as the first study said. */
  readonly personName: string;
  readonly personBirthDateRaw: string | null;
};

function knownOf(db: ReadableDb, studyId: string): Known {
  const known = prepared<Known>(db, FIND_STATED).get(studyId);
  if (known === undefined) throw new Error(`study ${studyId} is not in the archive`);
  return known;
}
