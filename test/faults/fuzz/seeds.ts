import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { type DicomRecord, encodeDataset } from '../../../src/main/station/dicom/dataset/write-dataset.ts';
import { readPart10Header } from '../../../src/main/station/dicom/part10.ts';
import {
  ACCEPTED_TRANSFER_SYNTAXES,
  DEFLATED_EXPLICIT_LITTLE_ENDIAN,
  EXPLICIT_LITTLE_ENDIAN,
  JPEG_2000_LOSSLESS,
  JPEG_BASELINE,
  JPEG_LOSSLESS_FIRST_ORDER,
  JPEG_LS_LOSSLESS,
  RLE_LOSSLESS,
} from '../../../src/main/station/dicom/transfer-syntaxes.ts';

/** A data set to start from, with the syntax it is in. */
export type Seed = { readonly bytes: Uint8Array; readonly transferSyntaxUid: string };

const CT = '1.2.840.10008.5.1.4.1.1.2';
const image: DicomRecord = {
  SpecificCharacterSet: 'ISO_IR 192',
  SOPClassUID: CT,
  SOPInstanceUID: '2.25.1001',
  StudyInstanceUID: '2.25.1002',
  SeriesInstanceUID: '2.25.1003',
  StudyDate: '20260131',
  Modality: 'CT',
  PatientName: 'Fuzz^Ed=山田',
  PatientID: 'F1',
  ...{ SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', Rows: 16, Columns: 16 },
  ...{ BitsAllocated: 16, BitsStored: 12, HighBit: 11, PixelRepresentation: 0 },
};
const enhanced: DicomRecord = {
  ...image,
  SOPClassUID: `${CT}.1`,
  NumberOfFrames: 2,
  SharedFunctionalGroupsSequence: [{ FrameVOILUTSequence: [{ WindowCenter: 40, WindowWidth: 400 }] }],
  PerFrameFunctionalGroupsSequence: [1, 2].map((intercept) => ({
    PixelValueTransformationSequence: [{ RescaleIntercept: intercept, RescaleSlope: 1 }],
  })),
  PixelData: new Uint16Array(512),
};
const palette: DicomRecord = {
  ...image,
  ...{ PhotometricInterpretation: 'PALETTE COLOR', BitsAllocated: 8, BitsStored: 8, HighBit: 7 },
  ...Object.fromEntries(
    ['Red', 'Green', 'Blue'].flatMap((colour) => [
      [`${colour}PaletteColorLookupTableDescriptor`, [4, 0, 16]],
      [`${colour}PaletteColorLookupTableData`, Uint16Array.of(0, 9000, 30000, 65535)],
    ]),
  ),
  PixelData: new Uint8Array(256),
};
const packed = (hexText: string): DicomRecord => ({
  ...image,
  ...{ BitsAllocated: 8, BitsStored: 8, HighBit: 7, Rows: 8, Columns: 8 },
  PixelData: { fragments: [Buffer.from(hexText, 'hex')] },
});
/** One grey block each, as the smallest streams of their kind. */
const JPEG = `ffd8ffdb004300${'01'.repeat(64)}ffc0000b080008000801011100ffc400140001${'00'.repeat(15)}03ffc400141001${'00'.repeat(15)}00ffda00080101000 03f0057ffd9`;
const JPEG_LS = 'ffd8fff7000b0800080008010111 00ffda0008010100000000 0ff7fbfdfeff7f00ffd9';
const JPEG_2000 = `ff4fff5100290000${'00000008'.repeat(2)}${'00000000'.repeat(2)}${'00000008'.repeat(2)}${'00000000'.repeat(2)}0001070101ff52000c00000001000104040001ff5c00042040ff90000a0000000000000001ff93ffd9`;
const clean = (text: string) => text.replaceAll(' ', '');

function generated(): readonly Seed[] {
  const seed = (record: DicomRecord, transferSyntaxUid = EXPLICIT_LITTLE_ENDIAN): Seed => ({
    bytes: encodeDataset(record),
    transferSyntaxUid,
  });
  const nested = Array.from({ length: 20 }).reduce<DicomRecord>(
    (inner) => ({ ContentSequence: [{ ...inner, TextValue: 'Finding' }] }),
    {},
  );
  const rle = Buffer.alloc(64 + 4);
  rle.writeUInt32LE(1, 0);
  rle.writeUInt32LE(64, 4);
  rle.set([0xc1, 7, 0xff, 7], 64);
  const plain = { ...image, PixelData: new Uint16Array(256) };
  return [
    seed(plain),
    seed(enhanced),
    seed(palette),
    seed({ ...image, ...nested, SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.33', Modality: 'SR' }),
    seed(packed(clean(JPEG)), JPEG_BASELINE),
    seed(packed(clean(JPEG).replace('ffc0', 'ffc3')), JPEG_LOSSLESS_FIRST_ORDER),
    seed(packed(clean(JPEG_LS)), JPEG_LS_LOSSLESS),
    seed(packed(clean(JPEG_2000)), JPEG_2000_LOSSLESS),
    seed(packed(rle.toString('hex')), RLE_LOSSLESS),
    { bytes: deflateRawSync(encodeDataset(plain)), transferSyntaxUid: DEFLATED_EXPLICIT_LITTLE_ENDIAN },
  ];
}

/** Longer files would only be cut at random in what is pixels. */
const LONGEST_REAL = 96 * 1024;
const KNOWN = new Set(ACCEPTED_TRANSFER_SYNTAXES.map(({ uid }) => uid));

/** Real and malformed files, where this machine has them. */
function real(): readonly Seed[] {
  const data = path.resolve(import.meta.dirname, '../../../../shared/data');
  return ['dicom-variety', 'dicom-fuzz']
    .map((set) => path.join(data, set))
    .filter(existsSync)
    .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted()
    .filter((file) => statSync(file).size <= LONGEST_REAL)
    .flatMap((file) => {
      const bytes = readFileSync(file);
      const header = readPart10Header(bytes);
      if (!header.ok || !KNOWN.has(header.value.transferSyntaxUid)) return [];
      const { dataSetOffset, transferSyntaxUid } = header.value;
      return [{ bytes: bytes.subarray(dataSetOffset), transferSyntaxUid }];
    });
}

/** What to start from; `isReal` adds the files of other toolkits, which a case's number then depends on. */
export function seedsOf(isReal: boolean): readonly Seed[] {
  return isReal ? [...generated(), ...real()] : generated();
}
