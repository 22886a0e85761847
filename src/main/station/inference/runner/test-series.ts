import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DicomRecord, encodeInstance } from '../../dicom/dataset/write-dataset.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../../dicom/transfer-syntaxes.ts';
import { freshObjectKeys, type ObjectKeys } from '../../platform/objects/object-keys.ts';
import { openObjectStore, SEALED } from '../../platform/objects/object-store.ts';
import type { InstanceReference } from '../runner-protocol.ts';
import { objectDigest } from './object-digest.ts';
import type { SourceFrame } from './prepared-grid.ts';

/** For tests: directories of one runner, and a way to put objects where it reads them. */
export type TestObjects = {
  readonly objectsDir: string;
  readonly keys: ObjectKeys;
  readonly outboxDir: string;
  readonly put: (records: readonly DicomRecord[]) => Promise<readonly InstanceReference[]>;
};

/** Makes empty directories below the system's temporary one. */
export function openTestObjects(): TestObjects {
  const root = mkdtempSync(path.join(tmpdir(), 'wetread-runner-'));
  const objectsDir = path.join(root, 'objects');
  const outboxDir = path.join(root, 'outbox');
  mkdirSync(outboxDir);
  const keys = freshObjectKeys();
  const store = openObjectStore(objectsDir, keys);
  return {
    objectsDir,
    keys,
    outboxDir,
    async put(records) {
      const references: InstanceReference[] = [];
      for (const record of records) {
        const file = encodeInstance(record);
        const incoming = await store.receive();
        await incoming.write(file);
        const digest = objectDigest(file);
        if (digest === null) throw new Error('a slice has no header');
        await incoming.keep(digest);
        const { SOPInstanceUID: sopUid } = record;
        if (typeof sopUid !== 'string') throw new Error('a record needs its SOPInstanceUID');
        references.push({ sopUid, digest, encoding: SEALED, transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN });
      }
      return references;
    },
  };
}

/** A frame as one object of a CT holds it. */
export type PlacedFrame = SourceFrame & {
  readonly place: NonNullable<SourceFrame['place']>;
  readonly pixelMm: readonly [number, number];
};

/** A ball of a head with an 8 mm skull; a ball of blood of the given radius 25 mm to its left. Far simpler than the demo's phantoms. */
export function ballHead(options: {
  readonly bleedMm: number;
  readonly slices?: number;
  readonly matrix?: number;
}): readonly PlacedFrame[] {
  const { bleedMm, slices = 14, matrix = 128 } = options;
  const pixelMm = 224 / matrix;
  return Array.from({ length: slices }, (_, index) => {
    const z = (index - (slices - 1) / 2) * 5;
    const values = new Int16Array(matrix * matrix);
    for (let pixel = 0; pixel < values.length; pixel += 1) {
      const x = ((pixel % matrix) - (matrix - 1) / 2) * pixelMm;
      const y = (Math.floor(pixel / matrix) - (matrix - 1) / 2) * pixelMm;
      const radius = Math.hypot(x, y, z);
      const isBlood = Math.hypot(x - 25, y, z) < bleedMm;
      values[pixel] = isBlood ? 70 : radius < 72 ? 33 : radius < 80 ? 1100 : -1000;
    }
    const corner = (-(matrix - 1) / 2) * pixelMm;
    return {
      sopUid: `2.25.${1000 + index}`,
      frameNumber: 1,
      instanceNumber: index + 1,
      rows: matrix,
      columns: matrix,
      channels: 1,
      values,
      place: {
        position: [corner, corner, z],
        alongRow: [1, 0, 0],
        alongColumn: [0, 1, 0],
        thicknessMm: 5,
        frameOfReferenceUid: '2.25.3',
      },
      pixelMm: [pixelMm, pixelMm],
    };
  });
}

/** A frame as the data set of a CT image, unsigned 12 bits with intercept −1024. */
export function sliceRecord(slice: PlacedFrame): DicomRecord {
  const { place } = slice;
  return {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    SOPInstanceUID: slice.sopUid,
    StudyInstanceUID: '2.25.1',
    SeriesInstanceUID: '2.25.2',
    Modality: 'CT',
    ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    InstanceNumber: slice.instanceNumber,
    FrameOfReferenceUID: place.frameOfReferenceUid,
    ImagePositionPatient: [...place.position],
    ImageOrientationPatient: [...place.alongRow, ...place.alongColumn],
    PixelSpacing: [...slice.pixelMm],
    SliceThickness: place.thicknessMm,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: slice.rows,
    Columns: slice.columns,
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    RescaleIntercept: -1024,
    RescaleSlope: 1,
    PixelData: Int16Array.from(slice.values, (value) => value + 1024),
  };
}

/** A fresh run id; any UUID serves a test. */
export function testRunId(): string {
  return randomUUID();
}
