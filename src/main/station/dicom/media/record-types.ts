import { findStorageClass } from '../storage-classes.ts';

/** How a directory record's key is filled (PS3.3 §F.5): 1 must have a value, 2 may be empty, 1C stands where the object has it. */
export type KeyType = '1' | '2' | '1C';

/** The keys of one type of directory record, beside those every record of a file has. */
export type RecordType = {
  readonly name: string;
  readonly keys: readonly (readonly [keyword: string, type: KeyType])[];
};

const NUMBER = ['InstanceNumber', '1'] as const;
const CONTENT_DATE = ['ContentDate', '1'] as const;
const CONTENT_TIME = ['ContentTime', '1'] as const;
/** The Content Identification Macro (PS3.3 §10.9). */
const IDENTIFICATION = [
  NUMBER,
  ['ContentLabel', '1'],
  ['ContentDescription', '2'],
  ['ContentCreatorName', '2'],
] as const;

/** Keys of the records above the files (PS3.3 §F.5.1 to F.5.3). */
export const PATIENT: RecordType = {
  name: 'PATIENT',
  keys: [
    ['PatientName', '2'],
    ['PatientID', '1'],
    ['IssuerOfPatientID', '1C'],
    ['PatientBirthDate', '1C'],
    ['PatientSex', '1C'],
  ],
};
export const STUDY: RecordType = {
  name: 'STUDY',
  keys: [
    ['StudyDate', '1'],
    ['StudyTime', '1'],
    ['AccessionNumber', '2'],
    ['StudyDescription', '2'],
    ['StudyInstanceUID', '1'],
    ['StudyID', '1'],
  ],
};
export const SERIES: RecordType = {
  name: 'SERIES',
  keys: [
    ['Modality', '1'],
    ['SeriesInstanceUID', '1'],
    ['SeriesNumber', '1'],
    ['SeriesDescription', '1C'],
  ],
};

const IMAGE: RecordType = { name: 'IMAGE', keys: [NUMBER, ['ImageType', '1C'], ['NumberOfFrames', '1C']] };
const SR_DOCUMENT: RecordType = {
  name: 'SR DOCUMENT',
  keys: [
    ...[NUMBER, CONTENT_DATE, CONTENT_TIME],
    ['CompletionFlag', '1'],
    ['VerificationFlag', '1'],
    ['ConceptNameCodeSequence', '1'],
    ['ContentSequence', '1C'],
  ],
};
const KEY_OBJECT: RecordType = {
  name: 'KEY OBJECT DOC',
  keys: [NUMBER, CONTENT_DATE, CONTENT_TIME, ['ConceptNameCodeSequence', '1'], ['ContentSequence', '1C']],
};
const PRESENTATION: RecordType = {
  name: 'PRESENTATION',
  keys: [
    ['PresentationCreationDate', '1'],
    ['PresentationCreationTime', '1'],
    ...IDENTIFICATION,
    ['ReferencedSeriesSequence', '1C'],
    ['BlendingSequence', '1C'],
  ],
};
const WAVEFORM: RecordType = { name: 'WAVEFORM', keys: [NUMBER, CONTENT_DATE, CONTENT_TIME] };
const ENCAPSULATED: RecordType = {
  name: 'ENCAP DOC',
  keys: [
    ['ContentDate', '2'],
    ['ContentTime', '2'],
    NUMBER,
    ['DocumentTitle', '2'],
    ['HL7InstanceIdentifier', '1C'],
    ['ConceptNameCodeSequence', '2'],
    ['MIMETypeOfEncapsulatedDocument', '1'],
  ],
};
const identified = (name: string): RecordType => ({ name, keys: [CONTENT_DATE, CONTENT_TIME, ...IDENTIFICATION] });

/** By the part of the SOP Class UID below the storage root (PS3.3 Table F.4-1); what is not here is told by its kind. */
const BY_SUFFIX: ReadonlyMap<string, RecordType> = new Map<string, RecordType>(
  Object.entries({
    '11.1': PRESENTATION,
    '11.2': PRESENTATION,
    '11.3': PRESENTATION,
    '11.4': PRESENTATION,
    '11.8': PRESENTATION,
    '66': { name: 'RAW DATA', keys: [CONTENT_DATE, CONTENT_TIME, ['InstanceNumber', '2']] },
    '66.1': identified('REGISTRATION'),
    '66.2': identified('FIDUCIAL'),
    '66.3': identified('REGISTRATION'),
    '66.4': IMAGE,
    '66.5': identified('SURFACE'),
    '66.7': IMAGE,
    '67': identified('VALUE MAP'),
    '30': IMAGE,
    '4.2': { name: 'SPECTROSCOPY', keys: [['ImageType', '1'], CONTENT_DATE, CONTENT_TIME, NUMBER] },
    '88.59': KEY_OBJECT,
    '90.1': {
      name: 'ASSESSMENT',
      keys: [NUMBER, ['InstanceCreationDate', '1'], ['InstanceCreationTime', '2']],
    },
    '481.2': { name: 'RT DOSE', keys: [NUMBER, ['DoseSummationType', '1']] },
    '481.3': {
      name: 'RT STRUCTURE SET',
      keys: [NUMBER, ['StructureSetLabel', '1'], ['StructureSetDate', '2'], ['StructureSetTime', '2']],
    },
    '481.5': { name: 'RT PLAN', keys: [NUMBER, ['RTPlanLabel', '1'], ['RTPlanDate', '2'], ['RTPlanTime', '2']] },
    '481.8': { name: 'RT PLAN', keys: [NUMBER, ['RTPlanLabel', '1'], ['RTPlanDate', '2'], ['RTPlanTime', '2']] },
  }),
);
const BY_KIND = {
  image: IMAGE,
  overlay: IMAGE,
  report: SR_DOCUMENT,
  plan: IMAGE,
  document: ENCAPSULATED,
  waveform: WAVEFORM,
} as const;
const STORAGE_ROOT = '1.2.840.10008.5.1.4.1.1.';

/** The type of record that a directory lists an object of this SOP class by (PS3.3 Table F.4-1). */
export function recordTypeOf(sopClassUid: string): RecordType {
  const suffix = sopClassUid.startsWith(STORAGE_ROOT) ? sopClassUid.slice(STORAGE_ROOT.length) : '';
  const exact = BY_SUFFIX.get(suffix);
  if (exact !== undefined) return exact;
  if (/^9\.\d/.test(suffix)) return WAVEFORM;
  if (suffix.startsWith('88.')) return SR_DOCUMENT;
  if (suffix.startsWith('104.')) return ENCAPSULATED;
  return BY_KIND[findStorageClass(sopClassUid)?.kind ?? 'image'];
}

/** Media Storage Directory Storage: the SOP class of a DICOMDIR (PS3.4 §I.4). */
export const MEDIA_DIRECTORY = '1.2.840.10008.1.3.10';
