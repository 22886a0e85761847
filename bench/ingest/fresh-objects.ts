import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { randomInt } from 'node:crypto';
import { v4 } from 'uuid';
import { encodeInstance } from '../../src/main/station/dicom/dataset/write-dataset.ts';

/** A kind of image to send: its class, its matrix, and how its values lie. */
export type ImageKind = {
  readonly modality: 'CT' | 'CR';
  readonly sopClassUid: string;
  readonly rows: number;
  readonly columns: number;
  readonly middle: number;
  readonly spread: number;
};

/** A CT slice of 512 × 512 × 16 bit, and a computed radiograph of 8 MiB. */
export const IMAGE_KINDS = {
  ct: {
    ...{ modality: 'CT', sopClassUid: '1.2.840.10008.5.1.4.1.1.2', rows: 512, columns: 512 },
    ...{ middle: 1064, spread: 40 },
  },
  cr: {
    ...{ modality: 'CR', sopClassUid: '1.2.840.10008.5.1.4.1.1.1', rows: 2048, columns: 2048 },
    ...{ middle: 2048, spread: 400 },
  },
} as const satisfies Readonly<Record<string, ImageKind>>;

const POOL_VALUES = 16 * 2 ** 20;
const pools = new Map<ImageKind, Uint16Array>();

/**
 * Writes `count` Part-10 files that nobody has seen before, new UIDs and new pixels, one study a folder; the folders are
 * what each association sends. Gives the bytes written.
 */
export function writeFreshObjects(kind: ImageKind, folders: readonly string[], count: number): number {
  let bytes = 0;
  for (const [index, folder] of folders.entries()) {
    mkdirSync(folder, { recursive: true });
    const study = { studyUid: freshUid(), seriesUid: freshUid(), patient: v4().slice(0, 8) };
    const own = Math.floor(count / folders.length) + (index < count % folders.length ? 1 : 0);
    for (let number = 1; number <= own; number += 1) {
      const file = freshObject(kind, study, number);
      writeFileSync(path.join(folder, `${String(number).padStart(5, '0')}.dcm`), file);
      bytes += file.byteLength;
    }
  }
  return bytes;
}

function freshObject(
  kind: ImageKind,
  study: { readonly studyUid: string; readonly seriesUid: string; readonly patient: string },
  number: number,
): Uint8Array {
  const size = kind.rows * kind.columns;
  const start = randomInt(POOL_VALUES - size);
  const pixels = poolOf(kind).slice(start, start + size);
  // Two stretches of one pool may coincide; these values never do.
  for (let index = 0; index < 16; index += 1) pixels[index] = randomInt(4096);
  return encodeInstance({
    ...{ SOPClassUID: kind.sopClassUid, SOPInstanceUID: freshUid() },
    ...{ StudyInstanceUID: study.studyUid, SeriesInstanceUID: study.seriesUid },
    ...{
      PatientName: `Bench^${study.patient}`,
      PatientID: study.patient,
      PatientBirthDate: '19700101',
      PatientSex: 'O',
    },
    ...{ StudyDate: '20260102', StudyTime: '101010', AccessionNumber: study.patient, StudyID: '1' },
    ...{ Modality: kind.modality, SeriesNumber: 1, InstanceNumber: number, StudyDescription: 'Bench' },
    ...{ ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'], Manufacturer: 'Wetread', BodyPartExamined: 'CHEST' },
    ImagePositionPatient: [-125, -125, number * 0.625],
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    ...{ PixelSpacing: [0.488, 0.488], SliceThickness: 0.625 },
    ...{ SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', Rows: kind.rows, Columns: kind.columns },
    ...{ BitsAllocated: 16, BitsStored: 12, HighBit: 11, PixelRepresentation: 0 },
    ...{ RescaleIntercept: -1024, RescaleSlope: 1, WindowCenter: 40, WindowWidth: 400 },
    PixelData: pixels,
  });
}

/** Values that lie around a middle as a scanner's noise does: they neither compress away nor repeat. */
function poolOf(kind: ImageKind): Uint16Array {
  const known = pools.get(kind);
  if (known !== undefined) return known;
  const pool = new Uint16Array(POOL_VALUES);
  let state = randomInt(1, 2 ** 31);
  for (let index = 0; index < pool.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    // The sum of four bytes of a random word is near enough to a bell.
    const bell = (state & 255) + ((state >>> 8) & 255) + ((state >>> 16) & 255) + (state >>> 24) - 510;
    pool[index] = kind.middle + Math.round((bell * kind.spread) / 148);
  }
  pools.set(kind, pool);
  return pool;
}

/** A UID made from a random UUID (PS3.5 §B.2). */
function freshUid(): string {
  return `2.25.${BigInt(`0x${v4().replaceAll('-', '')}`)}`;
}
