import { expect, test } from 'vitest';
import { EXPLICIT_LITTLE_ENDIAN } from '../transfer-syntaxes.ts';
import { describeInstance } from './describe-instance.ts';
import { toDicomJson } from './dicom-json.ts';
import type { ReadDataset } from './dataset.ts';
import { readDataset } from './read-dataset.ts';
import { type DicomRecord, encodeDataset } from './write-dataset.ts';

function written(record: DicomRecord): ReadDataset {
  const result = readDataset(encodeDataset(record), EXPLICIT_LITTLE_ENDIAN);
  if (!result.ok) throw new Error(result.error.code);
  return result.value;
}

const ct: DicomRecord = {
  SpecificCharacterSet: 'ISO_IR 192',
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  SOPInstanceUID: '1.2.3.4',
  StudyInstanceUID: '1.2.3',
  SeriesInstanceUID: '1.2.3.1',
  Modality: 'CT',
  StudyDate: '20260131',
  StudyTime: '0915',
  TimezoneOffsetFromUTC: '+0100',
  PatientName: 'Yamada^Tarou=山田^太郎=やまだ^たろう',
  PatientID: '  4711 ',
  IssuerOfPatientIDQualifiersSequence: [{ UniversalEntityID: '1.2.276' }],
  AccessionNumber: 'A1',
  IssuerOfAccessionNumberSequence: [{ LocalNamespaceEntityID: 'RIS' }],
  ImageType: ['ORIGINAL', 'PRIMARY'],
  InstanceNumber: 12,
  SliceThickness: 1.25,
  GantryDetectorTilt: '-15.5',
  ImagePositionPatient: [1, 2, 3],
  ImageOrientationPatient: [1, 0, 0, 0, 1],
  PixelSpacing: [0.5, 0.5],
  RescaleIntercept: -1024,
  RescaleSlope: 'not a number',
  WindowCenter: [40, 80],
  Rows: 2,
  Columns: 2,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  BitsAllocated: 16,
  BitsStored: 12,
  HighBit: 11,
  PixelRepresentation: 1,
  LossyImageCompression: '01',
  PixelData: new Int16Array(4),
};

test('renames what the archive indexes', () => {
  const described = describeInstance(written(ct));
  expect(described).toMatchObject({
    studyUid: '1.2.3',
    seriesUid: '1.2.3.1',
    sopUid: '1.2.3.4',
    modality: 'CT',
    patientName: { alphabetic: 'Yamada^Tarou', ideographic: '山田^太郎', phonetic: 'やまだ^たろう' },
    patientId: '4711',
    issuerOfPatientId: '1.2.276',
    issuerOfAccessionNumber: 'RIS',
    studyDate: '20260131',
    studyTime: '0915',
    timezoneOffset: '+0100',
    instanceNumber: 12,
    birthDate: null,
    hasPixelData: true,
    missing: [],
  });
  expect(described.image).toMatchObject({
    rows: 2,
    numberOfFrames: 1,
    pixelRepresentation: 1,
    imagePositionPatient: [1, 2, 3],
    imageOrientationPatient: null,
    sliceThicknessMm: 1.25,
    gantryTiltDegrees: -15.5,
    rescaleIntercept: -1024,
    rescaleSlope: null,
    windowCenter: [40, 80],
    isLossyCompressed: true,
  });
});

test('lists what is missing instead of throwing', () => {
  const { Rows: _rows, StudyInstanceUID: _study, ...rest } = ct;
  expect(describeInstance(written({ ...rest, Modality: '' })).missing).toEqual([
    'StudyInstanceUID',
    'Modality',
    'Rows',
  ]);
  const nothing = describeInstance(written({}));
  expect(nothing.missing).toEqual([
    'StudyInstanceUID',
    'SeriesInstanceUID',
    'SOPInstanceUID',
    'SOPClassUID',
    'Modality',
  ]);
});

test('writes DICOM JSON as PS3.18 Annex F has it', () => {
  const json = toDicomJson(
    written({
      SpecificCharacterSet: 'ISO_IR 100',
      PatientName: 'Müller^Eva',
      OtherPatientIDs: ['A', '', 'C'],
      PatientID: '',
      SliceThickness: 0.5,
      WindowCenter: ['40', 'x'],
      PixelRepresentation: 1,
      SmallestImagePixelValue: -3,
      FrameIncrementPointer: '00181063',
      ReferencedStudySequence: [{ ReferencedSOPInstanceUID: '1.2' }],
      ReferencedSeriesSequence: [],
      '00091001': { privateVr: 'OB', value: Uint8Array.of(1, 2) },
      BitsAllocated: 16,
      PixelData: new Int16Array(1),
    }),
    { pixelDataUri: 'http://here/bulk' },
  );
  expect(json).toEqual({
    '00080005': { vr: 'CS', Value: ['ISO_IR 192'] },
    '00081110': { vr: 'SQ', Value: [{ '00081155': { vr: 'UI', Value: ['1.2'] } }] },
    '00081115': { vr: 'SQ' },
    '00091001': { vr: 'OB', InlineBinary: 'AQI=' },
    '00100010': { vr: 'PN', Value: [{ Alphabetic: 'Müller^Eva' }] },
    '00100020': { vr: 'LO' },
    '00101000': { vr: 'LO', Value: ['A', null, 'C'] },
    '00180050': { vr: 'DS', Value: [0.5] },
    '00280009': { vr: 'AT', Value: ['00181063'] },
    '00280100': { vr: 'US', Value: [16] },
    '00280103': { vr: 'US', Value: [1] },
    '00280106': { vr: 'SS', Value: [-3] },
    '00281050': { vr: 'DS', Value: [40, 'x'] },
    '7FE00010': { vr: 'OW', BulkDataURI: 'http://here/bulk' },
  });
});

test('keeps what is wrong, marks it, and lets nothing hidden into a row', () => {
  const record = {
    ...ct,
    StudyInstanceUID: ['1.2.3', '1.2.4'],
    StudyDate: '2026.01.31',
    StudyTime: '09:15:00',
    PatientBirthDate: '19601301',
    StudyDescription: 'Head\u0007 with  noise',
    SeriesDescription: 'x'.repeat(2000),
  };
  // The writer knows no text without a set, but others do: the term is blanked.
  const bytes = Buffer.from(encodeDataset(record));
  bytes.fill(' ', bytes.indexOf('ISO_IR 192'), bytes.indexOf('ISO_IR 192') + 10);
  const result = readDataset(bytes, EXPLICIT_LITTLE_ENDIAN);
  if (!result.ok) throw new Error(result.error.code);
  const odd = result.value;
  const described = describeInstance(odd);
  expect(described).toMatchObject({
    studyUid: '1.2.3',
    studyDate: '20260131',
    studyTime: '091500',
    birthDate: '19601301',
    studyDescription: 'Head with noise',
    seriesDescription: 'x'.repeat(512),
  });
  expect(described.marks.toSorted()).toEqual([
    'character-set-missing',
    'date-not-valid',
    'text-has-controls',
    'text-shortened',
    'uid-has-several-values',
  ]);
});

test('takes out of a name what would turn it round', () => {
  const described = describeInstance(written({ ...ct, PatientName: 'Roe^\u202eenaJ\u202c' }));
  expect([described.patientName?.raw, described.marks]).toEqual(['Roe^ enaJ', ['text-has-controls']]);
});
