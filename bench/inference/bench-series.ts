import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { drawHeadCt } from '../../demo/phantoms/head-ct.ts';
import { phantomFrames } from '../../scripts/phantom-frames.ts';
import { encodeInstance } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import {
  openTestObjects,
  type PlacedFrame,
  sliceRecord,
  type TestObjects,
} from '../../src/main/station/inference/runner/test-series.ts';
import type { InstanceReference } from '../../src/main/station/inference/runner-protocol.ts';

/** Series of one length: the same pixels under other UIDs, so that no reader has seen any but the first. */
export type BenchSeries = {
  readonly slices: number;
  /** Sealed, as the station keeps them. */
  readonly stored: readonly (readonly InstanceReference[])[];
  /** A folder with the first of them as plain Part-10 files, for other makers' readers. */
  readonly plainFolder: string;
};

/** Objects of all series, and how to be rid of them. */
export type BenchObjects = TestObjects & { remove(): void };

/** How far slices of a series of so many lie apart: a routine head, or a thin one. */
const THICK_MM = 5;
const THIN_MM = 1;
const MOST_THICK = 64;
const MATRIX = 512;

/** Makes empty folders for objects. */
export function openBenchObjects(): BenchObjects {
  const objects = openTestObjects();
  return { ...objects, remove: () => rmSync(path.dirname(objects.objectsDir), { recursive: true, force: true }) };
}

/** Draws a head CT of so many slices of 512 × 512, and stores it `copies` times. */
export async function putSeries(objects: BenchObjects, slices: number, copies: number): Promise<BenchSeries> {
  const sliceMm = slices > MOST_THICK ? THIN_MM : THICK_MM;
  const bleed = { kind: 'intraparenchymal', volumeMl: 30 } as const;
  const phantom = drawHeadCt({ seed: 4711, bleed, matrix: MATRIX, slices, sliceMm, gantryTiltDegrees: 0 });
  const records = phantomFrames(phantom).map((frame) => sliceRecord(placed(frame)));
  const plainFolder = path.join(path.dirname(objects.objectsDir), `plain-${slices}`);
  mkdirSync(plainFolder, { recursive: true });
  for (const [index, record] of records.entries())
    writeFileSync(path.join(plainFolder, `${String(index).padStart(4, '0')}.dcm`), encodeInstance(record));
  const stored: (readonly InstanceReference[])[] = [];
  for (let copy = 0; copy < copies; copy += 1) {
    const renamed = records.map((record, index) => ({
      ...record,
      SOPInstanceUID: `2.25.${slices}${String(copy).padStart(3, '0')}${String(index + 1).padStart(6, '0')}`,
    }));
    stored.push(await objects.put(renamed));
  }
  return { slices, stored, plainFolder };
}

function placed(frame: ReturnType<typeof phantomFrames>[number]): PlacedFrame {
  const { place, pixelMm } = frame;
  if (place === null || pixelMm === null) throw new Error('a phantom has a place');
  return { ...frame, place: { ...place, frameOfReferenceUid: '2.25.3' }, pixelMm };
}
