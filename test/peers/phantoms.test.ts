import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { PEOPLE } from '../../demo/people.ts';
import { PEOPLE_ABROAD } from '../../demo/people-abroad.ts';
import { makeBrainMr } from '../../demo/phantoms/brain-mr.ts';
import { makeChestCtStudy } from '../../demo/phantoms/chest-ct-series.ts';
import { makeChestRadiograph } from '../../demo/phantoms/chest-radiograph.ts';
import { makeHandRadiograph } from '../../demo/phantoms/hand-radiograph.ts';
import { makeHeadCtStudy } from '../../demo/phantoms/head-ct-series.ts';
import { makeMammogram } from '../../demo/phantoms/mammogram.ts';
import { makePetCt } from '../../demo/phantoms/pet-ct.ts';
import type { DemoStudy, StudyWish } from '../../demo/phantoms/study-objects.ts';
import { makeUltrasound } from '../../demo/phantoms/ultrasound.ts';
import { VENDORS } from '../../demo/phantoms/vendors.ts';
import { readDataset } from '../../src/main/station/dicom/dataset/read-dataset.ts';
import { readPart10Header } from '../../src/main/station/dicom/part10.ts';
import { temporaryFolder } from '../system/support/start-station.ts';
import { havePeers, runPeer } from './support/run-peer.ts';

const person = PEOPLE[2];
if (person === undefined) throw new Error('the people are gone');
const WISH: StudyWish = { seed: 5, atMs: Date.UTC(2026, 0, 15, 9), person, accession: 'T5' };
const CHEST = { ...WISH, matrix: 32, sliceMm: 5, fromToMm: [0, 10] } as const;
const HEAD = { ...WISH, matrix: 64, slices: 4, bleed: null } as const;
const MR = { ...WISH, matrix: 32, slices: 4 } as const;

/**
 * What it says of what is right or wanted so: it takes the second byte of a kanji for a backslash (PS3.5 §6.1.2.5.3), and its US
 * module no longer has the uncompressed YBR_FULL that older machines still send.
 */
const WANTED = [/Value Multiplicity.*<PatientName>/, /Unrecognized enumerated value <YBR_FULL>/];

const MADE: readonly (readonly [string, () => Promise<DemoStudy<unknown>>])[] = [
  ['a chest CT', () => makeChestCtStudy({ ...CHEST, withBalls: false })],
  ...PEOPLE_ABROAD.map(
    (one) => [`a chest CT in ${one.characterSet.join('/')}`, () => makeChestCtStudy({ ...CHEST, ...one })] as const,
  ),
  ...VENDORS.map(
    (vendor) => [`a head CT of ${vendor.model}`, async () => makeHeadCtStudy({ ...HEAD, vendor })] as const,
  ),
  ['a chest CT in JPEG-LS', () => makeChestCtStudy({ ...CHEST, transferSyntaxUid: '1.2.840.10008.1.2.4.80' })],
  ['an enhanced chest CT', () => makeChestCtStudy({ ...CHEST, isEnhanced: true })],
  ['a chest radiograph', () => makeChestRadiograph({ ...WISH, matrix: 48 })],
  ['a chest radiograph stored inverse', () => makeChestRadiograph({ ...WISH, matrix: 48, isInverse: true })],
  ['a hand radiograph', () => makeHandRadiograph({ ...WISH, rows: 96 })],
  ['a mammogram', () => makeMammogram({ ...WISH, rows: 64, mass: { side: 'L', diameterMm: 20 } })],
  ['a brain MR', () => makeBrainMr({ ...MR, lesionMm: 20 })],
  ['an enhanced brain MR', () => makeBrainMr({ ...MR, isEnhanced: true })],
  ['a duplex ultrasound', () => makeUltrasound({ ...WISH, columns: 64, frames: 3 })],
  ['one in full-range YCbCr', () => makeUltrasound({ ...WISH, columns: 64, frames: 3, colour: 'YBR_FULL' })],
  [
    'one in baseline JPEG',
    () => makeUltrasound({ ...WISH, columns: 64, frames: 3, transferSyntaxUid: '1.2.840.10008.1.2.4.50' }),
  ],
  ['a PET/CT', () => makePetCt({ ...WISH, matrix: 32, fromToMm: [-40, 40] })],
];

test.skipIf(!havePeers('dciodvfy')).each(MADE)(
  'dciodvfy finds no error in %s of the pretend hospital',
  async (_, make) => {
    const folder = temporaryFolder();
    const { series } = await make();
    const files = series.flatMap(({ instances }) => {
      // The first of a series and its last: what is between is written the same way.
      return instances.filter((_one, index) => index === 0 || index === instances.length - 1);
    });
    const outputs = await Promise.all(
      files.map(async ({ file }, index) => {
        const name = path.join(folder, `${index}.dcm`);
        writeFileSync(name, file);
        return (await runPeer('dciodvfy', [name])).output;
      }),
    );
    expect(outputs.length).toBeGreaterThan(0);
    const errors = outputs.flatMap((output) => output.split('\n').filter((line) => line.startsWith('Error')));
    expect(errors.filter((line) => !WANTED.some((wanted) => wanted.test(line)))).toEqual([]);
  },
);

/** Who decodes what: DCMTK has no JPEG 2000. */
const DECODERS = [
  ['dcmdrle', '1.2.840.10008.1.2.5'],
  ['dcmdjpeg', '1.2.840.10008.1.2.4.70'],
  ['dcmdjpls', '1.2.840.10008.1.2.4.80'],
] as const;

test.skipIf(!havePeers('dcmdrle', 'dcmdjpeg', 'dcmdjpls')).each(DECODERS)(
  '%s decodes what the hospital stored in %s to the values that were drawn, signed and unsigned',
  async (program, transferSyntaxUid) => {
    const folder = temporaryFolder();
    for (const [index, vendor] of VENDORS.entries()) {
      const [plain, stored] = await Promise.all([
        makeChestCtStudy({ ...CHEST, vendor }),
        makeChestCtStudy({ ...CHEST, vendor, transferSyntaxUid }),
      ]);
      const [from, to] = [path.join(folder, `${index}.dcm`), path.join(folder, `${index}.plain.dcm`)];
      writeFileSync(from, stored.series[0]?.instances[0]?.file ?? '');
      expect(await runPeer(program, [from, to])).toMatchObject({ exitCode: 0 });
      expect(pixelsOf(readFileSync(to))).toEqual(pixelsOf(plain.series[0]?.instances[0]?.file ?? new Uint8Array()));
    }
  },
);

function pixelsOf(file: Uint8Array): Buffer {
  const header = readPart10Header(file);
  if (!header.ok) throw new Error(header.error.code);
  const read = readDataset(file.subarray(header.value.dataSetOffset), header.value.transferSyntaxUid);
  const place = read.ok ? read.value.pixelData : null;
  if (place === null || place.length === null) throw new Error('no plain pixels');
  const start = header.value.dataSetOffset + place.offset;
  return Buffer.from(file.subarray(start, start + place.length));
}
