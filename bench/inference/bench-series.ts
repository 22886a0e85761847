import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { drawChestCt } from '../../demo/phantoms/chest-ct.ts';
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

/** What a series shows. */
export type BenchBody = 'head' | 'chest';

/** Series of one length: the same pixels under other UIDs, so that no reader has seen any but the first. */
export type BenchSeries = {
  readonly body: BenchBody;
  readonly slices: number;
  /** Sealed, as the station keeps them. */
  readonly stored: readonly (readonly InstanceReference[])[];
  /** A folder with the first of them as plain Part-10 files, for other makers' readers. */
  readonly plainFolder: string;
};

/** Objects of series, how to be rid of them, and of everything. */
export type BenchObjects = TestObjects & { empty(): void; remove(): void };

const MATRIX = 512;
const SEED = 4711;
/** A few slices are thick, and many thin: a head as far as its neck, a chest from below the lungs to above them. */
const HEAD_MM = 5;
const THIN_HEAD_MM = 1;
const MOST_THICK = 64;
const CHEST_MM = 300;

const DRAW: Readonly<Record<BenchBody, (slices: number) => Parameters<typeof phantomFrames>[0]>> = {
  head: (slices) =>
    drawHeadCt({
      ...{ seed: SEED, matrix: MATRIX, slices, sliceMm: slices > MOST_THICK ? THIN_HEAD_MM : HEAD_MM },
      ...{ bleed: { kind: 'intraparenchymal', volumeMl: 30 }, gantryTiltDegrees: 0 },
    }),
  chest: (slices) =>
    drawChestCt({
      ...{ seed: SEED, matrix: MATRIX, fromToMm: [-CHEST_MM / 2, CHEST_MM / 2], sliceMm: CHEST_MM / slices },
      nodules: [{ kind: 'isolated', diameterMm: 9 }],
    }),
};

/** Makes empty folders for objects. */
export function openBenchObjects(): BenchObjects {
  const objects = openTestObjects();
  const root = path.dirname(objects.objectsDir);
  const remove = (folder: string) => rmSync(folder, { recursive: true, force: true });
  return {
    ...objects,
    empty() {
      for (const name of readdirSync(root)) if (name.startsWith('plain-')) remove(path.join(root, name));
      for (const name of readdirSync(objects.objectsDir))
        if (name.length === 2)
          for (const file of readdirSync(path.join(objects.objectsDir, name)))
            remove(path.join(objects.objectsDir, name, file));
    },
    remove: () => remove(root),
  };
}

/** Draws a CT of so many slices of 512 × 512, and stores it `copies` times. */
export async function putSeries(
  objects: BenchObjects,
  body: BenchBody,
  slices: number,
  copies: number,
): Promise<BenchSeries> {
  const records = phantomFrames(DRAW[body](slices)).map((frame) => sliceRecord(placed(frame)));
  const plainFolder = path.join(path.dirname(objects.objectsDir), `plain-${body}-${slices}`);
  mkdirSync(plainFolder, { recursive: true });
  for (const [index, record] of records.entries())
    writeFileSync(path.join(plainFolder, `${String(index).padStart(4, '0')}.dcm`), encodeInstance(record));
  const stored: (readonly InstanceReference[])[] = [];
  for (let copy = 0; copy < copies; copy += 1) {
    const renamed = records.map((record, index) => ({
      ...record,
      SOPInstanceUID: `2.25.${body === 'head' ? 1 : 2}${slices}${String(copy).padStart(3, '0')}${String(index + 1).padStart(6, '0')}`,
    }));
    stored.push(await objects.put(renamed));
  }
  return { body, slices, stored, plainFolder };
}

function placed(frame: ReturnType<typeof phantomFrames>[number]): PlacedFrame {
  const { place, pixelMm } = frame;
  if (place === null || pixelMm === null) throw new Error('a phantom has a place');
  return { ...frame, place: { ...place, frameOfReferenceUid: '2.25.3' }, pixelMm };
}
