import { EXPLICIT_LITTLE_ENDIAN } from '../../src/main/station/dicom/transfer-syntaxes.ts';
import { encodeDataset } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import type { receiveObject } from '../../src/main/station/archive/index.ts';

type Arrival = Parameters<typeof receiveObject>[1];

/** As many as make a million instances of twenty thousand studies. */
export const SLICES_A_STUDY = 50;
const CT_CLASS = '1.2.840.10008.5.1.4.1.1.2';
/** With the header around them about 4 KB. */
const SIDE = 40;
const ROOT = '1.2.826.0.1.3680043.10.1111';
const FAMILIES = ['Archer', 'Baker', 'Carter', 'Dyer', 'Fisher', 'Mason', 'Miller', 'Potter', 'Smith', 'Weaver'];

/** UIDs and keys of a study by its number: always the same, each like a scanner's. */
export function keysOf(study: number) {
  const day = new Date(Date.UTC(2020, 0, 1 + (study % 2000)));
  return {
    studyUid: `${ROOT}.${100_000 + study}.20260102101010`,
    patientId: `P${String(study >> 1).padStart(7, '0')}`,
    patientName: `${FAMILIES[(study >> 1) % FAMILIES.length]}^${(study >> 1).toString(36).toUpperCase()}`,
    accession: `A${String(study).padStart(8, '0')}`,
    date: day.toISOString().slice(0, 10).replaceAll('-', ''),
  };
}

/** The slices of a study by its number, as they arrive. */
export function* studyOf(study: number): Generator<Arrival> {
  const keys = keysOf(study);
  for (let number = 1; number <= SLICES_A_STUDY; number += 1) {
    const sopInstanceUid = `${keys.studyUid}.${1 + (number % 2)}.${number}`;
    const pixels = new Uint16Array(SIDE * SIDE).fill(number);
    pixels[0] = study;
    pixels[1] = study >>> 16;
    const bytes = encodeDataset({
      ...{ SOPClassUID: CT_CLASS, SOPInstanceUID: sopInstanceUid, StudyInstanceUID: keys.studyUid },
      SeriesInstanceUID: `${keys.studyUid}.${1 + (number % 2)}`,
      ...{ PatientName: keys.patientName, PatientID: keys.patientId, PatientBirthDate: '19600102', PatientSex: 'F' },
      ...{ AccessionNumber: keys.accession, StudyDate: keys.date, StudyTime: '101010', StudyID: String(study) },
      ...{ StudyDescription: 'CT Head', ReferringPhysicianName: 'Referrer^Rita', Modality: 'CT' },
      ...{ SeriesNumber: 1 + (number % 2), SeriesDescription: 'Head 5mm', BodyPartExamined: 'HEAD' },
      ...{ InstanceNumber: number, ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'], ConvolutionKernel: 'H30s' },
      ...{ ImagePositionPatient: [0, 0, number * 2.5], ImageOrientationPatient: [1, 0, 0, 0, 1, 0] },
      ...{ PixelSpacing: [0.5, 0.5], SliceThickness: 2.5, Rows: SIDE, Columns: SIDE, SamplesPerPixel: 1 },
      ...{ PhotometricInterpretation: 'MONOCHROME2', BitsAllocated: 16, BitsStored: 12, HighBit: 11 },
      ...{ PixelRepresentation: 0, RescaleIntercept: -1024, RescaleSlope: 1, PixelData: pixels },
    });
    yield {
      ...{ sopClassUid: CT_CLASS, sopInstanceUid, transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN },
      body: once(bytes),
    };
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
