import { expect, test } from 'vitest';
import { describeInstance, type InstanceDescription } from '../../src/main/station/dicom/dataset/describe-instance.ts';
import { bytesReader } from '../../src/main/station/dicom/dataset/find-pixel-data.ts';
import { numbers } from '../../src/main/station/dicom/dataset/values.ts';
import { readPart10Header } from '../../src/main/station/dicom/part10.ts';
import { decodeFrame, type Pixels } from '../../src/main/station/dicom/pixel/decode-frame.ts';
import { openFrames } from '../../src/main/station/dicom/pixel/read-frames.ts';
import { PEOPLE } from '../people.ts';
import { drawHeadCt } from './head-ct.ts';
import { type HeadCtStudyWish, makeHeadCtStudy } from './head-ct-series.ts';
import type { DemoInstance } from './study-objects.ts';
import { VENDORS } from './vendors.ts';

const [ADA, , , , , , JOERG] = PEOPLE;
if (ADA === undefined || JOERG === undefined) throw new Error('the people are gone');
const WISH: HeadCtStudyWish = {
  seed: 77,
  atMs: Date.UTC(2026, 10, 21, 23, 59, 30),
  utcOffsetMinutes: -210,
  person: ADA,
  accession: 'ACC-77',
  accessionIssuer: 'DEMO-RIS',
  matrix: 64,
  slices: 6,
  bleed: { kind: 'small', volumeMl: 3 },
};

type Read = { readonly description: InstanceDescription; readonly pixels: Pixels; readonly padding: number | null };

async function read({ file }: DemoInstance): Promise<Read> {
  const header = readPart10Header(file);
  if (!header.ok) throw new Error(header.error.code);
  const bytes = file.subarray(header.value.dataSetOffset);
  const frames = await openFrames(bytesReader(bytes), header.value.transferSyntaxUid);
  if (!frames.ok) throw new Error(frames.error.code);
  const { dataset } = frames.value;
  const frame = await frames.value.read(0);
  const decoded = frame === null ? null : await decodeFrame(frame);
  if (!decoded?.ok) throw new Error(decoded?.error.code ?? 'no frame');
  const padding = numbers(dataset, 'PixelPaddingValue')?.[0] ?? null;
  return { description: describeInstance(dataset), pixels: decoded.value.pixels, padding };
}

test('the same wish gives the same bytes, another seed other UIDs', () => {
  const bytes = (wish: HeadCtStudyWish) =>
    makeHeadCtStudy(wish).series.flatMap(({ instances }) =>
      instances.map(({ file }) => Buffer.from(file).toString('base64')),
    );
  expect(bytes(WISH)).toEqual(bytes(WISH));
  expect(makeHeadCtStudy({ ...WISH, seed: 78 }).studyUid).not.toBe(makeHeadCtStudy(WISH).studyUid);
});

test.each(VENDORS)(
  '$manufacturer: stored values and rescale give back the HU of the phantom, in the maker’s order',
  async (vendor) => {
    const study = makeHeadCtStudy({ ...WISH, vendor });
    const ct = drawHeadCt({ seed: WISH.seed, matrix: 64, slices: 6, bleed: WISH.bleed ?? null });
    const lowest = vendor.isSigned ? -1024 : vendor.rescaleIntercept; // unsigned values cannot go below
    const main = study.series.find(({ seriesUid }) => seriesUid === study.mainSeriesUid);
    const byUid = new Map(main?.instances.map((instance) => [instance.sopUid, instance]));
    expect(byUid.size).toBe(6);
    for (const [slice, sopUid] of study.mainSopUids.entries()) {
      const { description, pixels, padding } = await read(byUid.get(sopUid) as DemoInstance);
      const { image } = description;
      expect(description.missing).toEqual([]);
      expect(description.instanceNumber).toBe(vendor.firstSlice === 'foot' ? slice + 1 : 6 - slice);
      expect(image.imagePositionPatient?.[2]).toBeCloseTo(ct.imagePositions[slice]?.[2] ?? 0, 4);
      expect(padding).toBe(vendor.padding?.isNamed ? vendor.padding.stored : null);
      const middle = 32 * 64 + 32;
      for (let pixel = middle - 20; pixel < middle + 20; pixel += 1) {
        const hu = (pixels[pixel] ?? 0) * (image.rescaleSlope ?? 1) + (image.rescaleIntercept ?? 0);
        expect(hu).toBe(Math.max(lowest, ct.hu[slice * 64 * 64 + pixel] ?? 0));
      }
      if (vendor.padding) expect(pixels[0]).toBe(vendor.padding.stored);
    }
  },
);

test('writes local time over midnight with its offset, and who the patient is', async () => {
  const study = makeHeadCtStudy({ ...WISH, person: JOERG });
  const { description } = await read(study.series[0]?.instances[0] as DemoInstance);
  expect(description).toMatchObject({
    studyDate: '20261121',
    studyTime: '202930.000',
    timezoneOffset: '-0330',
    patientId: JOERG.mrn,
    issuerOfPatientId: JOERG.issuer,
    patientName: { alphabetic: 'Übungsmann^Jörg' },
    accessionNumber: 'ACC-77',
  });
  expect(description.image.imageType).toContain('LOCALIZER');
});

test('a study may bring scout, soft tissue and thin bone series, so that choosing one matters', () => {
  const study = makeHeadCtStudy({ ...WISH, withThinBone: true });
  expect(study.series.map(({ instances }) => instances.length)).toEqual([1, 6, 12]);
  const uids = study.series.flatMap(({ seriesUid, instances }) => [
    seriesUid,
    ...instances.map(({ sopUid }) => sopUid),
  ]);
  expect(new Set(uids).size).toBe(uids.length);
  expect(uids.every((uid) => /^2\.25\.[1-9]\d{0,38}$/.test(uid))).toBe(true);
});

test('no two people share a record number, and twins and namesakes are among them', () => {
  expect(new Set(PEOPLE.map(({ mrn }) => mrn)).size).toBe(PEOPLE.length);
  const births = PEOPLE.map(({ birthDate }) => birthDate);
  const names = PEOPLE.map(({ name }) => name);
  expect([new Set(births).size < births.length, new Set(names).size < names.length]).toEqual([true, true]);
});
