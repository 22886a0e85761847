import { type DicomRecord, encodeDataset } from '../dicom/dataset/write-dataset.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../dicom/transfer-syntaxes.ts';
import type { receiveObject } from '../archive/index.ts';

type Arrival = Parameters<typeof receiveObject>[1];

/** CT Image Storage, the class of a test's slices. */
export const CT_CLASS = '1.2.840.10008.5.1.4.1.1.2';
/** Secondary Capture, Enhanced SR, MR and digital X-ray. */
export const OTHER_CLASSES = {
  capture: '1.2.840.10008.5.1.4.1.1.7',
  report: '1.2.840.10008.5.1.4.1.1.88.22',
  mr: '1.2.840.10008.5.1.4.1.1.4',
  dx: '1.2.840.10008.5.1.4.1.1.1.1',
} as const;

/** One slice of a head CT, number `n` of its series, 5 mm apart; whatever is given takes the place of what stands here. */
export function aSlice(n: number, changes: DicomRecord = {}): DicomRecord {
  const study = typeof changes.StudyInstanceUID === 'string' ? changes.StudyInstanceUID : '1.2.10';
  const series = typeof changes.SeriesInstanceUID === 'string' ? changes.SeriesInstanceUID : `${study}.1`;
  return {
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: CT_CLASS,
    StudyInstanceUID: study,
    SeriesInstanceUID: series,
    SOPInstanceUID: `${series}.${n}`,
    PatientName: 'Doe^Jane',
    PatientID: '4711',
    PatientBirthDate: '19600102',
    PatientSex: 'F',
    AccessionNumber: 'A1',
    StudyDate: '20260301',
    StudyTime: '101500',
    StudyDescription: 'CT Head',
    Modality: 'CT',
    SeriesNumber: 1,
    SeriesDescription: 'Head 5mm',
    BodyPartExamined: 'HEAD',
    InstanceNumber: n,
    ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    ImagePositionPatient: [0, 0, n * 5],
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    PixelSpacing: [0.5, 0.5],
    SliceThickness: 5,
    Rows: 4,
    Columns: 4,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    PixelData: new Uint16Array(16).fill(n),
    ...changes,
  };
}

/** The same without some attributes. */
export function without(record: DicomRecord, ...keywords: readonly string[]): DicomRecord {
  return Object.fromEntries(Object.entries(record).filter(([keyword]) => !keywords.includes(keyword)));
}

/** Bytes in pieces, as a network brings them. */
export async function* inPieces(bytes: Uint8Array, length = 97): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

/** A record as it arrives: its bytes in pieces, under the UIDs it names itself. */
export function arrivalOf(record: DicomRecord, bytes: Uint8Array = encodeDataset(record)): Arrival {
  return {
    sopClassUid: textOf(record, 'SOPClassUID'),
    sopInstanceUid: textOf(record, 'SOPInstanceUID'),
    transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
    body: inPieces(bytes),
  };
}

/** A record's text, empty where it has none. */
export function textOf(record: DicomRecord | undefined, keyword: string): string {
  const value = record?.[keyword];
  return typeof value === 'string' ? value : '';
}
