import { describe, expect, test } from 'vitest';
import type { Dataset, ReadDataset } from '../../src/main/station/dicom/dataset/dataset.ts';
import { describeInstance } from '../../src/main/station/dicom/dataset/describe-instance.ts';
import { bytesReader } from '../../src/main/station/dicom/dataset/find-pixel-data.ts';
import { numbers } from '../../src/main/station/dicom/dataset/values.ts';
import { readPart10Header } from '../../src/main/station/dicom/part10.ts';
import { decodeFrame, type Pixels } from '../../src/main/station/dicom/pixel/decode-frame.ts';
import { openFrames } from '../../src/main/station/dicom/pixel/read-frames.ts';
import { PEOPLE } from '../people.ts';
import { PEOPLE_ABROAD } from '../people-abroad.ts';
import { makeBrainMr } from './brain-mr.ts';
import { makeChestCtStudy, makeGrowingNodule } from './chest-ct-series.ts';
import { makeChestRadiograph } from './chest-radiograph.ts';
import { DEMO_TRANSFER_SYNTAXES } from './compress-record.ts';
import { makeHandRadiograph } from './hand-radiograph.ts';
import type { KnownMeasure, PixelPoint } from './known-measures.ts';
import { makeMammogram } from './mammogram.ts';
import { makePetCt } from './pet-ct.ts';
import type { DemoInstance, DemoStudy, StudyWish } from './study-objects.ts';
import { makeUltrasound } from './ultrasound.ts';

const [, , JON] = PEOPLE;
if (JON === undefined) throw new Error('the people are gone');
const WISH: StudyWish = { seed: 5, atMs: Date.UTC(2026, 0, 15, 9), person: JON, accession: 'T5' };
const SMALL_CHEST = { matrix: 96, sliceMm: 5, kernel: 'soft', noiseHu: 8 } as const;
const JPEG_BASELINE = '1.2.840.10008.1.2.4.50';

type Read = { readonly dataset: ReadDataset; readonly pixels: Pixels; readonly columns: number; readonly rows: number };

async function read({ file }: DemoInstance, frame = 1): Promise<Read> {
  const header = readPart10Header(file);
  if (!header.ok) throw new Error(header.error.code);
  const opened = await openFrames(
    bytesReader(file.subarray(header.value.dataSetOffset)),
    header.value.transferSyntaxUid,
  );
  if (!opened.ok) throw new Error(opened.error.code);
  const encoded = await opened.value.read(frame - 1);
  if (encoded === null) throw new Error('no frame');
  const decoded = await decodeFrame(encoded);
  if (!decoded.ok) throw new Error(decoded.error.code);
  return { dataset: opened.value.dataset, pixels: decoded.value.pixels, columns: encoded.columns, rows: encoded.rows };
}

const instancesOf = (study: DemoStudy<unknown>) => study.series.flatMap(({ instances }) => instances);
const bySop = (study: DemoStudy<unknown>, sopUid: string) => {
  const found = instancesOf(study).find((one) => one.sopUid === sopUid);
  if (found === undefined) throw new Error('the truth names an object that was not made');
  return found;
};
const number = (dataset: Dataset, keyword: string) => numbers(dataset, keyword)?.[0] ?? Number.NaN;

/** A length, an angle or a mean as an object's header and pixels have it. */
async function measured(study: DemoStudy<unknown>, measure: KnownMeasure, spacing: string): Promise<number> {
  const { dataset, pixels, columns, rows } = await read(bySop(study, measure.sopUid), measure.frame);
  switch (measure.kind) {
    case 'length': {
      const [across, down] = measure.to.map((to, axis) => to - (measure.from[axis] ?? 0)) as [number, number];
      const [rowMm, columnMm] = (numbers(dataset, spacing) ?? []) as [number, number];
      return Math.hypot(across * columnMm, down * rowMm);
    }
    case 'angle': {
      const [one, vertex, other] = measure.points;
      const way = (to: PixelPoint) => Math.atan2(to[1] - vertex[1], to[0] - vertex[0]);
      const turn = Math.abs(((way(one) - way(other)) * 180) / Math.PI);
      return Math.min(turn, 360 - turn);
    }
    case 'mean': {
      const inside: number[] = [];
      for (let at = 0; at < columns * rows; at += 1) {
        const away = Math.hypot((at % columns) - measure.centre[0], Math.floor(at / columns) - measure.centre[1]);
        if (away <= measure.radiusPixels) inside.push(pixels[at] ?? 0);
      }
      const mean = inside.reduce((sum, value) => sum + value, 0) / inside.length;
      return mean * number(dataset, 'RescaleSlope') + number(dataset, 'RescaleIntercept');
    }
  }
}

test('a chest CT has its balls, nodules and HU where it says; the prior’s nodule is as much smaller as it says', async () => {
  const growing = await makeGrowingNodule({
    ...{
      ...WISH,
      ...SMALL_CHEST,
      fromToMm: [-10, 70],
      withBalls: true,
      diameterMm: 22,
      doublingDays: 120,
      daysBetween: 240,
    },
    priorAccession: 'T4',
  });
  const { current, prior } = growing;
  expect(growing.doublingDays).toBeGreaterThan(100);
  expect(growing.doublingDays).toBeLessThan(140);
  const [now, before] = [current.truth.nodules[0], prior.truth.nodules[0]];
  expect((now?.volumeMl ?? 0) / (before?.volumeMl ?? 1)).toBeCloseTo(2 ** (240 / growing.doublingDays), 6);
  expect(prior.studyUid).not.toBe(current.studyUid);
  for (const study of [current, prior]) {
    expect(study.truth.measures.map(({ kind }) => kind)).toEqual(['length', 'length', 'angle', 'mean']);
    for (const measure of study.truth.measures) {
      const value = await measured(study, measure, 'PixelSpacing');
      if (measure.kind === 'length') expect(value).toBeCloseTo(measure.mm, 3);
      if (measure.kind === 'angle') expect(value).toBeCloseTo(measure.degrees, 3);
      if (measure.kind === 'mean') expect(Math.abs(value - measure.value)).toBeLessThan(measure.tolerance);
    }
    // The balls are drawn there: steel at their middles.
    const [row] = study.truth.measures;
    if (row?.kind !== 'length') throw new Error('no ball');
    const { pixels, columns, dataset } = await read(bySop(study, row.sopUid));
    for (const [column, at] of [row.from, row.to]) {
      const stored = pixels[Math.round(at) * columns + Math.round(column)] ?? 0;
      expect(stored * number(dataset, 'RescaleSlope') + number(dataset, 'RescaleIntercept')).toBeGreaterThan(2000);
    }
  }
});

test('radiographs and mammograms say how large things are, and how large their shadows', async () => {
  const studies = [
    await makeChestRadiograph({ ...WISH, matrix: 96, noduleMm: 20 }),
    await makeHandRadiograph({ ...WISH, rows: 192 }),
    await makeMammogram({ ...WISH, rows: 160, mass: { side: 'L', diameterMm: 30 }, magnification: 1.8 }),
  ];
  for (const study of studies) {
    expect(study.truth.measures.length).toBeGreaterThan(1);
    for (const measure of study.truth.measures) {
      const value = await measured(study, measure, 'ImagerPixelSpacing');
      if (measure.kind === 'angle') expect(value).toBeCloseTo(measure.degrees, 3);
      if (measure.kind !== 'length') continue;
      expect(value).toBeCloseTo(measure.atDetectorMm ?? 0, 2);
      const { dataset } = await read(bySop(study, measure.sopUid));
      expect(value / number(dataset, 'EstimatedRadiographicMagnificationFactor')).toBeCloseTo(measure.mm, 2);
    }
  }
});

test('stored the other way round, a radiograph has the complement of each value', async () => {
  const [plain, inverse] = await Promise.all(
    [false, true].map(async (isInverse) => {
      const study = await makeChestRadiograph({ ...WISH, matrix: 64, isInverse });
      return read(instancesOf(study)[0] as DemoInstance);
    }),
  );
  expect(inverse?.pixels).toEqual(plain?.pixels.map((value) => 4095 - value));
});

test('a mammogram’s four views name side and view, and the chest walls face each other', async () => {
  const study = await makeMammogram({ ...WISH, rows: 96 });
  expect(study.truth.views.map(({ side, view }) => `${side} ${view}`)).toEqual(['R CC', 'L CC', 'R MLO', 'L MLO']);
  for (const { side, sopUid } of study.truth.views) {
    const { pixels, columns, rows } = await read(bySop(study, sopUid));
    const line = Math.floor(rows / 2) * columns;
    const [left, right] = [pixels[line + 1] ?? 0, pixels[line + columns - 2] ?? 0];
    expect(side === 'R' ? right > left : left > right).toBe(true);
  }
});

test.each([false, true])(
  'a brain MR’s lesion is as wide as it says, its frames in enhanced objects: %s',
  async (isEnhanced) => {
    const study = await makeBrainMr({ ...WISH, matrix: 96, slices: 10, lesionMm: 30, withBalls: true, isEnhanced });
    expect(study.series).toHaveLength(4);
    expect(instancesOf(study)).toHaveLength(isEnhanced ? 4 : 35);
    const across = study.truth.measures.filter(({ name }) => name.startsWith('lesion'));
    expect(across).toHaveLength(3);
    for (const measure of across) {
      if (measure.kind !== 'length') throw new Error('a lesion has a length');
      const { pixels, columns } = await read(bySop(study, measure.sopUid), measure.frame);
      const line = Math.round(measure.from[1]) * columns;
      const middle = pixels[line + Math.round((measure.from[0] + measure.to[0]) / 2)] ?? 0;
      // Alike from edge to edge, and unlike beyond.
      const isLesion = (column: number) => Math.abs((pixels[line + Math.round(column)] ?? 0) - middle) < 90;
      expect([measure.from[0] + 1, measure.to[0] - 1].every(isLesion)).toBe(true);
      expect([measure.from[0] - 2, measure.to[0] + 2].some(isLesion)).toBe(false);
      if (!isEnhanced) expect(await measured(study, measure, 'PixelSpacing')).toBeCloseTo(30, 3);
    }
  },
);

test('an ultrasound’s artery is as wide as its calibration says, in every frame', async () => {
  const study = await makeUltrasound({ ...WISH, columns: 160, frames: 6 });
  const { regions, sopUid, measures } = study.truth;
  expect(regions.map(({ units }) => units)).toEqual([
    { x: 'cm', y: 'cm' },
    { x: 's', y: 'cm/s' },
  ]);
  expect(measures).toHaveLength(6);
  for (const measure of measures) {
    if (measure.kind !== 'length') throw new Error('an artery has a width');
    expect((measure.to[1] - measure.from[1]) * (regions[0]?.perPixel.y ?? 0) * 10).toBeCloseTo(measure.mm, 6);
    const { pixels, columns } = await read(bySop(study, sopUid), measure.frame);
    const grey = (row: number) => pixels[(Math.round(row) * columns + measure.from[0]) * 3 + 2];
    expect(grey((measure.from[1] + measure.to[1]) / 2)).toBeLessThan(10);
    expect(grey(measure.from[1] - 1)).toBeGreaterThan(40);
  }
});

test('a PET’s SUV follows from its header: dose, its decay, weight', async () => {
  const study = await makePetCt({ ...WISH, matrix: 64, noduleMm: 40, noduleSuv: 7.5, fromToMm: [-40, 60] });
  const [measure] = study.truth.measures;
  if (measure?.kind !== 'mean') throw new Error('no hot nodule');
  const { dataset } = await read(bySop(study, measure.sopUid));
  const { doseBq, weightKg, injectedBeforeScanSeconds } = study.truth;
  const decayed = doseBq * 0.5 ** (injectedBeforeScanSeconds / 6586.2);
  const bqPerMl = await measured(study, measure, 'PixelSpacing');
  expect(Math.abs((bqPerMl * weightKg * 1000) / decayed - 7.5)).toBeLessThan(measure.tolerance);
  expect(number(dataset, 'PatientWeight')).toBe(weightKg);
});

describe('as other machines store it', () => {
  const wish = { ...WISH, ...SMALL_CHEST, matrix: 64, fromToMm: [0, 15] } as const;

  test.each(DEMO_TRANSFER_SYNTAXES.filter((uid) => uid !== JPEG_BASELINE))('%s holds the same values', async (uid) => {
    for (const isEnhanced of [false, true]) {
      const plain = await makeChestCtStudy({ ...wish, isEnhanced });
      const other = await makeChestCtStudy({ ...wish, isEnhanced, transferSyntaxUid: uid });
      const [one, two] = [plain, other].map((study) => instancesOf(study).at(-1) as DemoInstance);
      expect(two?.transferSyntaxUid).toBe(uid);
      const frame = isEnhanced ? 3 : 1;
      expect((await read(two as DemoInstance, frame)).pixels).toEqual((await read(one as DemoInstance, frame)).pixels);
    }
  });

  test('signed and coloured ones too', async () => {
    const [, signed] = (await import('./vendors.ts')).VENDORS;
    const plain = await makeChestCtStudy({ ...wish, ...(signed && { vendor: signed }) });
    const colour = await makeUltrasound({ ...WISH, columns: 64, frames: 2 });
    for (const transferSyntaxUid of DEMO_TRANSFER_SYNTAXES) {
      if (transferSyntaxUid === JPEG_BASELINE) continue;
      const grey = await makeChestCtStudy({ ...wish, ...(signed && { vendor: signed }), transferSyntaxUid });
      expect((await read(instancesOf(grey)[0] as DemoInstance)).pixels).toEqual(
        (await read(instancesOf(plain)[0] as DemoInstance)).pixels,
      );
      if (transferSyntaxUid === '1.2.840.10008.1.2.4.70') continue; // grey alone
      const other = await makeUltrasound({ ...WISH, columns: 64, frames: 2, transferSyntaxUid });
      expect((await read(instancesOf(other)[0] as DemoInstance, 2)).pixels).toEqual(
        (await read(instancesOf(colour)[0] as DemoInstance, 2)).pixels,
      );
    }
  });

  test.each(PEOPLE_ABROAD)('$person.mrn is written in $characterSet and read as written', async (abroad) => {
    const study = await makeChestCtStudy({ ...wish, ...abroad });
    const { dataset } = await read(instancesOf(study)[0] as DemoInstance);
    expect(describeInstance(dataset).patientName?.raw).toBe(abroad.person.name);
  });
});

test('the same wish gives the same bytes', async () => {
  const make = () => makeChestRadiograph({ ...WISH, matrix: 64, transferSyntaxUid: '1.2.840.10008.1.2.5' });
  expect(await make()).toEqual(await make());
});
