import { lookUpKeyword } from '../dicom/dataset/dictionary.ts';
import type { DicomRecord } from '../dicom/dataset/write-dataset.ts';
import type { InstanceMatch, SeriesMatch, StudyMatch } from './find-studies.ts';
import type { QueryLevel } from './query-key-table.ts';
import type { ReadQuery } from './query-keys.ts';

/** What is known of a match: of its study always, and of what is below as far as the level goes. */
export type QueryMatch = {
  readonly study: StudyMatch;
  readonly series?: SeriesMatch;
  readonly instance?: InstanceMatch;
  /** Only where it was asked for: it takes a look at every object. */
  readonly sopClasses?: readonly string[];
};

type Value = string | number | null | readonly string[] | undefined;

/** Every attribute that an answer can have; undefined is one that this match does not know. */
const ATTRIBUTES: Readonly<Record<string, (match: QueryMatch, retrieveAe: string) => Value>> = {
  PatientName: ({ study }) => study.patientName,
  PatientID: ({ study }) => study.patientId,
  IssuerOfPatientID: ({ study }) => study.issuer,
  PatientBirthDate: ({ study }) => study.birthDateRaw,
  PatientSex: ({ study }) => study.sex,
  StudyDate: ({ study }) => study.dateRaw,
  StudyTime: ({ study }) => study.timeRaw,
  TimezoneOffsetFromUTC: ({ study }) => study.zoneOffsetRaw,
  AccessionNumber: ({ study }) => study.accession,
  StudyID: ({ study }) => study.dicomStudyId,
  StudyInstanceUID: ({ study }) => study.studyUid,
  StudyDescription: ({ study }) => study.description,
  ReferringPhysicianName: ({ study }) => study.referringPhysician,
  ModalitiesInStudy: ({ study }) => study.modalities,
  NumberOfStudyRelatedSeries: ({ study }) => study.series,
  NumberOfStudyRelatedInstances: ({ study }) => study.instances,
  SOPClassesInStudy: ({ sopClasses }) => sopClasses,
  SeriesInstanceUID: ({ series }) => series?.seriesUid,
  Modality: ({ series }) => series?.modality,
  SeriesNumber: ({ series }) => series?.number,
  SeriesDescription: ({ series }) => series?.description,
  BodyPartExamined: ({ series }) => series?.bodyPart,
  PerformedProcedureStepStartDate: ({ series }) => series?.performedDateRaw,
  PerformedProcedureStepStartTime: ({ series }) => series?.performedTimeRaw,
  NumberOfSeriesRelatedInstances: ({ series }) => series?.instances,
  SOPInstanceUID: ({ instance }) => instance?.sopUid,
  SOPClassUID: ({ instance }) => instance?.sopClassUid,
  InstanceNumber: ({ instance }) => instance?.number,
  NumberOfFrames: ({ instance }) => instance?.frames,
  Rows: ({ instance }) => instance?.rows,
  Columns: ({ instance }) => instance?.columns,
  BitsAllocated: ({ instance }) => instance?.bitsAllocated,
  InstanceAvailability: ({ study, series, instance }) => (instance ?? series ?? study).availability,
  RetrieveAETitle: (_match, retrieveAe) => retrieveAe,
};
const PATIENT_LEVEL = new Set([
  'PatientName',
  'PatientID',
  'IssuerOfPatientID',
  'PatientBirthDate',
  'PatientSex',
  'RetrieveAETitle',
]);
/** Without these an answer leads nowhere, whether they were asked for or not (PS3.4 §C.4.1.1.3.2). */
const ALWAYS: Readonly<Record<QueryLevel, readonly string[]>> = {
  PATIENT: ['PatientID', 'RetrieveAETitle'],
  STUDY: ['StudyInstanceUID', 'RetrieveAETitle'],
  SERIES: ['StudyInstanceUID', 'SeriesInstanceUID', 'RetrieveAETitle'],
  IMAGE: ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID', 'RetrieveAETitle'],
};

/**
 * A match as C-FIND answers it: what was asked for, in the character set that was named where every letter has a place in it,
 * otherwise in UTF-8, which the answer then names (PS3.4 §C.4.1.1.3.2).
 */
export function answerRecord(match: QueryMatch, query: ReadQuery, retrieveAe: string): DicomRecord {
  const { level, asked } = query;
  const record: Record<string, string | number | readonly string[] | null> = { QueryRetrieveLevel: level };
  for (const keyword of new Set([...asked, ...ALWAYS[level]])) {
    if (level === 'PATIENT' && !PATIENT_LEVEL.has(keyword)) continue;
    const value = ATTRIBUTES[keyword]?.(match, retrieveAe);
    if (value !== undefined) record[keyword] = writable(keyword, value);
  }
  const characterSet = characterSetFor(Object.values(record), query.characterSets);
  return characterSet === null ? record : { SpecificCharacterSet: characterSet, ...record };
}

const TEXT_VRS = new Set(['LO', 'PN', 'SH', 'LT', 'ST', 'UT', 'UC']);
const LONGEST_TEXT = 1024;

/** Objects hold anything, answers only what DICOM can write: no letters where none may be, and nothing endless. */
function writable(keyword: string, value: Exclude<Value, undefined>): Exclude<Value, undefined> {
  if (typeof value !== 'string') return value;
  const isText = TEXT_VRS.has(lookUpKeyword(keyword)?.vr ?? '');
  return (isText ? value : value.replace(/[^\x20-\x7e]/g, '?')).slice(0, LONGEST_TEXT);
}

function characterSetFor(values: readonly unknown[], asked: readonly string[]): string | null {
  const text = values
    .flat()
    .filter((value) => typeof value === 'string')
    .join('');
  const [first = ''] = asked;
  if (!/\P{ASCII}/u.test(text)) return first === 'ISO_IR 100' || first === 'ISO_IR 192' ? first : null;
  return first === 'ISO_IR 100' && /^[\p{ASCII}\u00a0-\u00ff]*$/u.test(text) ? first : 'ISO_IR 192';
}
