import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { Dataset } from '../dicom/dataset/dataset.ts';
import { lookUpTag, type Tag, tagOf } from '../dicom/dataset/dictionary.ts';
import { texts } from '../dicom/dataset/values.ts';
import type { ServiceAnswer } from '../dicom/server-services.ts';
import type { InstanceKeys, TextRange } from './find-studies.ts';

/** What a query is of (PS3.4 §C.6). */
export const QUERY_LEVELS = ['PATIENT', 'STUDY', 'SERIES', 'IMAGE'] as const;
export type QueryLevel = (typeof QUERY_LEVELS)[number];

/** Which information model is asked: the patient root has patients above its studies (PS3.4 §C.6.1, §C.6.2). */
export type QueryRoot = 'patient' | 'study';

/** A query or retrieval as asked. */
export type ReadQuery = {
  readonly level: QueryLevel;
  readonly keys: InstanceKeys;
  /** Every keyword that the identifier holds: what the answers are to say. */
  readonly asked: readonly string[];
  /** Some keys are neither matched on nor answered. */
  readonly ignoresKeys: boolean;
  /** The character sets named, for the answers. */
  readonly characterSets: readonly string[];
};

type Part = Partial<InstanceKeys>;
/** How one key narrows what matches: null where its value cannot be. */
type Matcher = (values: readonly string[]) => Part | null;
type Key = { readonly level: QueryLevel; readonly match: Matcher };

const UID = /^[0-9.]{1,64}$/;
const key = (level: QueryLevel, match: Matcher): Key => ({ level, match });
const one = (narrow: (value: string) => Part) => (values: readonly string[]) => narrow(values.join('\\'));
const many = (narrow: (values: readonly string[]) => Part) => (values: readonly string[]) =>
  values.every((value) => UID.test(value)) ? narrow(values) : null;
const integer =
  (narrow: (value: number) => Part): Matcher =>
  ([value = '']) =>
    /^[+-]?\d{1,10}$/.test(value) ? narrow(Number(value)) : null;
const date =
  (narrow: (range: TextRange) => Part): Matcher =>
  ([value = '']) =>
    ranged(value.replaceAll('.', ''), /^\d{8}$/, narrow); // ACR-NEMA's dots: PS3.5 §6.2
const time =
  (narrow: (range: TextRange) => Part): Matcher =>
  ([value = '']) =>
    ranged(value.replaceAll(':', ''), /^\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?$/, narrow);

/** Every key that is matched on, by its keyword (PS3.4 Tables C.6-1 to C.6-5). */
const KEYS: Readonly<Record<string, Key>> = {
  PatientName: key(
    'PATIENT',
    one((patientName) => ({ patientName })),
  ),
  PatientID: key(
    'PATIENT',
    one((patientId) => ({ patientId })),
  ),
  IssuerOfPatientID: key(
    'PATIENT',
    one((issuerOfPatientId) => ({ issuerOfPatientId })),
  ),
  PatientBirthDate: key(
    'PATIENT',
    date((patientBirthDate) => ({ patientBirthDate })),
  ),
  PatientSex: key(
    'PATIENT',
    one((patientSex) => ({ patientSex })),
  ),
  StudyDate: key(
    'STUDY',
    date((studyDate) => ({ studyDate })),
  ),
  StudyTime: key(
    'STUDY',
    time((studyTime) => ({ studyTime })),
  ),
  AccessionNumber: key(
    'STUDY',
    one((accession) => ({ accession })),
  ),
  StudyID: key(
    'STUDY',
    one((dicomStudyId) => ({ dicomStudyId })),
  ),
  StudyInstanceUID: key(
    'STUDY',
    many((studyUids) => ({ studyUids })),
  ),
  StudyDescription: key(
    'STUDY',
    one((studyDescription) => ({ studyDescription })),
  ),
  ReferringPhysicianName: key(
    'STUDY',
    one((referringPhysician) => ({ referringPhysician })),
  ),
  ModalitiesInStudy: key('STUDY', (modalitiesInStudy) => ({ modalitiesInStudy })),
  SeriesInstanceUID: key(
    'SERIES',
    many((seriesUids) => ({ seriesUids })),
  ),
  Modality: key(
    'SERIES',
    one((modality) => ({ modality })),
  ),
  SeriesNumber: key(
    'SERIES',
    integer((seriesNumber) => ({ seriesNumber })),
  ),
  SeriesDescription: key(
    'SERIES',
    one((seriesDescription) => ({ seriesDescription })),
  ),
  BodyPartExamined: key(
    'SERIES',
    one((bodyPart) => ({ bodyPart })),
  ),
  PerformedProcedureStepStartDate: key(
    'SERIES',
    date((performedDate) => ({ performedDate })),
  ),
  PerformedProcedureStepStartTime: key(
    'SERIES',
    time((performedTime) => ({ performedTime })),
  ),
  SOPInstanceUID: key(
    'IMAGE',
    many((sopUids) => ({ sopUids })),
  ),
  SOPClassUID: key(
    'IMAGE',
    many((sopClassUids) => ({ sopClassUids })),
  ),
  InstanceNumber: key(
    'IMAGE',
    integer((instanceNumber) => ({ instanceNumber })),
  ),
};

/** What is answered, and never matched on. */
const ANSWERED: Readonly<Record<string, QueryLevel>> = {
  NumberOfStudyRelatedSeries: 'STUDY',
  NumberOfStudyRelatedInstances: 'STUDY',
  SOPClassesInStudy: 'STUDY',
  TimezoneOffsetFromUTC: 'STUDY',
  InstanceAvailability: 'PATIENT',
  RetrieveAETitle: 'PATIENT',
  NumberOfSeriesRelatedInstances: 'SERIES',
  NumberOfFrames: 'IMAGE',
  Rows: 'IMAGE',
  Columns: 'IMAGE',
  BitsAllocated: 'IMAGE',
};
/** Keys of the exchange itself. */
const CONTROLS = new Set(['QueryRetrieveLevel', 'SpecificCharacterSet']);
const UNIQUE: Readonly<Record<QueryLevel, string>> = {
  PATIENT: 'PatientID',
  STUDY: 'StudyInstanceUID',
  SERIES: 'SeriesInstanceUID',
  IMAGE: 'SOPInstanceUID',
};

/**
 * Reads the identifier of a C-FIND: the level, one value for the unique key of each level above it (PS3.4 §C.4.1.2.1), and
 * what matches. An empty key, or "*", matches everything; a key we do not match on is passed over and said to be.
 */
export function readQuery(identifier: Dataset, root: QueryRoot): Result<ReadQuery, ServiceAnswer & { code: 'misfit' }> {
  const level = levelOf(identifier, root);
  if (level === null) return misfit('QueryRetrieveLevel', 'The level is missing or not of this model');
  for (const above of levelsAbove(level, root)) {
    if (!isSingle(texts(identifier, UNIQUE[above]))) return misfit(UNIQUE[above], `${UNIQUE[above]} must be one value`);
  }
  const keys: Record<string, unknown> = {};
  const asked: string[] = [];
  let ignoresKeys = false;
  for (const tag of identifier.elements.keys()) {
    const keyword = lookUpTag(tag)?.keyword;
    if (keyword === undefined || (tag & 0xffff) === 0) {
      ignoresKeys ||= (tag & 0xffff) !== 0; // a group length is no key
      continue;
    }
    if (CONTROLS.has(keyword)) continue;
    const known = KEYS[keyword];
    const of = known?.level ?? ANSWERED[keyword];
    if (of === undefined || isBelow(of, level)) {
      ignoresKeys = true;
      continue;
    }
    asked.push(keyword);
    const values = texts(identifier, keyword).filter((value) => value !== '');
    if (known === undefined || values.every((value) => value === '*')) continue;
    const part = known.match(values);
    if (part === null) return misfit(keyword, `${keyword} has a value that cannot be matched`);
    Object.assign(keys, part);
  }
  ignoresKeys ||= [...identifier.elements.values()].some(
    (element) => element.items !== null && element.items.length > 0,
  );
  return ok({ level, keys, asked, ignoresKeys, characterSets: texts(identifier, 'SpecificCharacterSet') });
}

/** The objects that a C-MOVE or C-GET wants: by unique keys alone, which may be lists at its level (PS3.4 §C.4.2.1.4). */
export function readRetrieval(
  identifier: Dataset,
  root: QueryRoot,
): Result<{ readonly level: QueryLevel; readonly keys: InstanceKeys }, ServiceAnswer & { code: 'misfit' }> {
  const level = levelOf(identifier, root);
  if (level === null) return misfit('QueryRetrieveLevel', 'The level is missing or not of this model');
  const keys: Record<string, unknown> = {};
  for (const of of [...levelsAbove(level, root), level]) {
    const keyword = UNIQUE[of];
    const values = texts(identifier, keyword).filter((value) => value !== '');
    const isEnough = of === level ? values.length > 0 : isSingle(values);
    if (!isEnough) return misfit(keyword, `${keyword} is missing`);
    const part = values.some((value) => /[*?]/.test(value)) ? null : KEYS[keyword]?.match(values);
    if (!part) return misfit(keyword, `${keyword} has a value that names nothing`);
    Object.assign(keys, part);
  }
  return ok({ level, keys });
}

function levelOf(identifier: Dataset, root: QueryRoot): QueryLevel | null {
  const [value] = texts(identifier, 'QueryRetrieveLevel');
  const level = QUERY_LEVELS.find((name) => name === value) ?? null;
  return level === 'PATIENT' && root === 'study' ? null : level;
}

function levelsAbove(level: QueryLevel, root: QueryRoot): readonly QueryLevel[] {
  return QUERY_LEVELS.slice(root === 'study' ? 1 : 0, QUERY_LEVELS.indexOf(level));
}

function isBelow(one: QueryLevel, other: QueryLevel): boolean {
  return QUERY_LEVELS.indexOf(one) > QUERY_LEVELS.indexOf(other);
}

function isSingle(values: readonly string[]): boolean {
  return values.length === 1 && values[0] !== '' && !/[*?]/.test(values[0] ?? '');
}

function ranged(value: string, form: RegExp, narrow: (range: TextRange) => Part): Part | null {
  const dash = value.indexOf('-');
  const [from, to] = dash < 0 ? [value, value] : [value.slice(0, dash), value.slice(dash + 1)];
  if (from === '' && to === '') return null;
  if ([from, to].some((end) => end !== '' && !form.test(end))) return null;
  return narrow({ from: from === '' ? null : from, to: to === '' ? null : to });
}

/** A900: the identifier is not one of this model. The comment names the key, never its value. */
function misfit(keyword: string, errorComment: string): Result<never, ServiceAnswer & { code: 'misfit' }> {
  const offendingElements: readonly Tag[] = [tagOf(keyword)];
  return err({ code: 'misfit', status: 'data-set-does-not-match', errorComment, offendingElements });
}
