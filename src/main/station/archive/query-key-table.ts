import type { InstanceKeys, TextRange } from './find-studies.ts';

/** What a query is of (PS3.4 §C.6). */
export const QUERY_LEVELS = ['PATIENT', 'STUDY', 'SERIES', 'IMAGE'] as const;
export type QueryLevel = (typeof QUERY_LEVELS)[number];

type Part = Partial<InstanceKeys>;
/** How one key narrows what matches: null where its value cannot be. */
type Matcher = (values: readonly string[]) => Part | null;
type Key = { readonly level: QueryLevel; readonly match: Matcher };

const UID = /^[0-9.]{1,64}$/;
/** Longer text is no key, in characters; no attribute matched on may be as long (PS3.5 §6.2). */
export const LONGEST_KEY = 1_024;
const key = (level: QueryLevel, match: Matcher): Key => ({ level, match });
const one = (narrow: (value: string) => Part) => (values: readonly string[]) => {
  const value = values.join('\\');
  return value.length > LONGEST_KEY ? null : narrow(value);
};
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
export const KEYS: Readonly<Record<string, Key>> = {
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
  ModalitiesInStudy: key('STUDY', (modalitiesInStudy) =>
    modalitiesInStudy.join('\\').length > LONGEST_KEY ? null : { modalitiesInStudy },
  ),
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
export const ANSWERED: Readonly<Record<string, QueryLevel>> = {
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

function ranged(value: string, form: RegExp, narrow: (range: TextRange) => Part): Part | null {
  const dash = value.indexOf('-');
  const [from, to] = dash < 0 ? [value, value] : [value.slice(0, dash), value.slice(dash + 1)];
  if (from === '' && to === '') return null;
  if ([from, to].some((end) => end !== '' && !form.test(end))) return null;
  return narrow({ from: from === '' ? null : from, to: to === '' ? null : to });
}
