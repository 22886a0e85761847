import { randomInt } from 'node:crypto';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { echo } from '../../src/main/station/dicom/scu.ts';
import { type Asker, openSocket, rowOf, signInFirst } from './support/ask-station.ts';
import { endEverything, type RunningStation, startStation } from './support/start-station.ts';
import { storedObjects } from './support/stored-files.ts';
import { notStoredAsSent } from './support/stored-objects.ts';
import {
  dataSetOf,
  notAccepted,
  type PhantomStudy,
  phantomStudy,
  realHeadCt,
  remoteOf,
  sendObjects,
} from './support/studies.ts';

let station: RunningStation;
let administrator: Asker;

beforeAll(async () => {
  station = await startStation();
  administrator = await signInFirst(station);
});

afterAll(async () => {
  await station.stop();
  await endEverything();
});

const small = (seed: number): PhantomStudy => phantomStudy({ seed, matrix: 64, slices: 12 });

/** Every file below a folder. */
function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

describe('byte for byte', () => {
  test('the real head CT is stored and answered as it was sent', async (context) => {
    const real = await realHeadCt();
    if (real === null) return context.skip();
    const startedAt = performance.now();
    expect(notAccepted(await sendObjects(remoteOf(station), real.objects))).toEqual([]);
    console.log(
      `${real.objects.length} real slices sent and acknowledged in ${Math.round(performance.now() - startedAt)} ms`,
    );
    expect(await notStoredAsSent(administrator, 'main', real.objects)).toEqual([]);
    const onDisk = new Set(storedObjects(station.data).map((file) => dataSetOf(file).toString()));
    for (const { file } of real.objects) expect(onDisk.has(dataSetOf(file).toString())).toBe(true);
  });

  test.each([
    ['one PDV a PDU', () => 1, () => 4000],
    ['several PDVs a PDU', () => 4, () => 3000],
    ['odd pieces of every length, several a PDU', () => randomInt(1, 9), () => randomInt(1, 6000)],
  ])('phantoms are, cut into %s', async (what, nextFragmentCount, nextFragmentLength) => {
    const study = small(100 + what.length);
    const splitting = { nextFragmentCount, nextFragmentLength };
    expect(notAccepted(await sendObjects(remoteOf(station, { splitting }), study.objects))).toEqual([]);
    expect(await notStoredAsSent(administrator, 'main', study.objects)).toEqual([]);
  });

  test('several associations at once do not mix their objects', async () => {
    const studies = [201, 202, 203, 204, 205, 206].map(small);
    const outcomes = await Promise.all(
      studies.map(({ objects }, index) =>
        sendObjects(remoteOf(station, { callingAe: index % 2 === 0 ? 'MODALITY1' : 'MODALITY2' }), objects),
      ),
    );
    expect(notAccepted(outcomes.flat())).toEqual([]);
    expect(
      await notStoredAsSent(
        administrator,
        'main',
        studies.flatMap(({ objects }) => objects),
      ),
    ).toEqual([]);
  });

  test('what is sent twice is kept once, and both times answered with success', async () => {
    const study = small(301);
    await sendObjects(remoteOf(station), study.objects);
    const isAllHere = ({ images }: { readonly images: { readonly received: number } }) =>
      images.received === study.objects.length;
    const row = await rowOf(administrator, study.studyUid, isAllHere);
    const files = filesBelow(path.join(station.data, 'objects')).length;
    expect(notAccepted(await sendObjects(remoteOf(station), study.objects))).toEqual([]);
    expect(filesBelow(path.join(station.data, 'objects'))).toHaveLength(files);
    expect(await rowOf(administrator, study.studyUid)).toMatchObject({ revision: row.revision });
  });
});

describe('who may send', () => {
  test('an unknown peer is refused, and so is one that calls us by another name or in other letters', async () => {
    const rejected = (reason: string) => ({ ok: false, error: { code: 'rejected', reason } });
    expect(await echo(remoteOf(station))).toEqual({ ok: true, value: 0 });
    expect(await echo(remoteOf(station, { callingAe: 'STRANGER' }))).toMatchObject(
      rejected('calling-ae-not-recognized'),
    );
    expect(await echo(remoteOf(station, { callingAe: 'modality1' }))).toMatchObject(
      rejected('calling-ae-not-recognized'),
    );
    expect(await echo(remoteOf(station, { calledAe: 'OTHER' }))).toMatchObject(rejected('called-ae-not-recognized'));
    const study = small(302);
    const outcomes = await sendObjects(remoteOf(station, { callingAe: 'STRANGER' }), study.objects);
    expect(outcomes.every(({ state }) => state === 'never-left')).toBe(true);
    const found = await administrator.fetch(`/api/v1/studies?studyUid=${study.studyUid}`);
    expect(JSON.parse(found.text)).toEqual([]);
    const events = await administrator.fetch('/api/v1/audit/events?kind=association-refused');
    // One for each address and reason; what follows within the minute is counted.
    expect(JSON.parse(events.text).events.length).toBeGreaterThanOrEqual(2);
  });

  test('a comparison peer brings studies without deadline, inference or a place among the new', async () => {
    const study = small(303);
    await sendObjects(remoteOf(station, { callingAe: 'OLDPACS' }), study.objects);
    const [found] = JSON.parse((await administrator.fetch(`/api/v1/studies?studyUid=${study.studyUid}`)).text);
    const detail = await administrator.study(found.studyId);
    expect(detail).toMatchObject({ runs: [], row: { intent: 'comparison', openByAtMs: null, reportByAtMs: null } });
    const { rows } = await administrator.worklist('comparison');
    expect(rows.map(({ studyUid }) => studyUid)).toContain(study.studyUid);
  });
});

describe('the worklist', () => {
  test('hears of a study by a hint, and shows it complete with the evidence', async () => {
    const study = small(401);
    const { client, close } = await openSocket(administrator);
    const hints = await client.station.hints();
    expect((await hints.next()).value).toMatchObject({ type: 'reset' });
    const heard = (async () => {
      for (;;) {
        const { value, done } = await hints.next();
        if (done === true) throw new Error('the hints ended');
        if (value.type !== 'changed') continue;
        const { rows } = await client.worklist.list({});
        const row = rows.find(({ studyUid }) => studyUid === study.studyUid);
        if (row?.images.completeness === 'complete') return { row, studyIds: value.studyIds };
      }
    })();
    await sendObjects(remoteOf(station), study.objects);
    const { row, studyIds } = await heard;
    await hints.return();
    close();
    expect(studyIds).toContain(row.studyId);
    expect(row).toMatchObject({
      ...{ intent: 'new', images: { received: study.objects.length, completeness: 'complete' } },
      exam: { modality: 'CT', description: 'CT HEAD WITHOUT CONTRAST', bodyPart: 'HEAD' },
    });
    const { completeness } = await administrator.study(row.studyId);
    expect(completeness).toEqual({
      ...{ rule: 'association-ended-gapless-volume', instances: 13, series: 2, quietForMs: null },
      ...{ associationsReleased: 1, associationsBroken: 0, gaps: 0 },
      ...{ named: 0, awaited: 0, sources: [], marks: [] },
    });
  });

  test('shows a study with a missing slice as receiving, then as assumed after quiet time', async () => {
    const study = small(402);
    const withGap = study.objects.filter(({ sopUid }) => sopUid !== study.mainSopUids[5]);
    await sendObjects(remoteOf(station), withGap);
    expect(await rowOf(administrator, study.studyUid)).toMatchObject({ images: { completeness: 'receiving' } });
    const row = await rowOf(administrator, study.studyUid, ({ images }) => images.completeness !== 'receiving');
    expect(row.images.completeness).toBe('assumed');
    const { completeness } = await administrator.study(row.studyId);
    expect(completeness).toMatchObject({ rule: 'quiet-time', gaps: 1, instances: 12 });
    expect(completeness?.quietForMs).toBeGreaterThanOrEqual(2000);
  });
});

describe('DICOMweb', () => {
  test('finds studies, series and instances by QIDO-RS, as the objects say they are', async () => {
    const study = small(501);
    await sendObjects(remoteOf(station), study.objects);
    const query = async (path: string) => {
      const answer = await administrator.fetch(`/dicomweb/main${path}`, {
        headers: { accept: 'application/dicom+json' },
      });
      expect(answer.status).toBe(200);
      return JSON.parse(answer.text) as Readonly<Record<string, { readonly vr: string; readonly Value?: unknown[] }>>[];
    };
    const studies = await query(`/studies?StudyInstanceUID=${study.studyUid}`);
    expect(studies.map((one) => one['0020000D']?.Value)).toEqual([[study.studyUid]]);
    expect(studies[0]).toMatchObject({
      '00201206': { Value: [2] },
      '00201208': { Value: [13] },
      '00080061': { Value: ['CT'] },
    });
    const series = await query(`/studies/${study.studyUid}/series`);
    expect(new Set(series.map((one) => one['0020000E']?.Value?.[0]))).toEqual(
      new Set(study.objects.map(({ seriesUid }) => seriesUid)),
    );
    const { seriesUid } = study.objects.at(-1) ?? { seriesUid: '' };
    const metadata = await query(`/studies/${study.studyUid}/series/${seriesUid}/metadata`);
    expect(new Set(metadata.map((one) => one['00080018']?.Value?.[0]))).toEqual(new Set(study.mainSopUids));
    expect(await administrator.fetch('/dicomweb/main/studies?StudyInstanceUID=2.25.404')).toMatchObject({
      status: 204,
    });
  });

  test('answers one frame with exactly its pixels', async () => {
    const [object] = small(502).objects.slice(-1);
    if (object === undefined) throw new Error('no object');
    await sendObjects(remoteOf(station), [object]);
    const { studyUid, seriesUid, sopUid } = object;
    const answer = await administrator.fetch(
      `/dicomweb/main/studies/${studyUid}/series/${seriesUid}/instances/${sopUid}/frames/1`,
      { headers: { accept: 'application/octet-stream; transfer-syntax=*' } },
    );
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const pixels = 64 * 64 * 2;
    expect(Buffer.compare(answer.bytes, object.file.subarray(object.file.length - pixels))).toBe(0);
  });
});

test('what an association that broke off had begun leaves no half file', async () => {
  const study = small(601);
  const cut = new AbortController();
  let answered = 0;
  await sendObjects(remoteOf(station, { signal: cut.signal }), study.objects, () => {
    answered += 1;
    if (answered === 3) cut.abort();
  });
  await expect.poll(() => readdirSync(path.join(station.data, 'objects/incoming'))).toEqual([]);
  const row = await rowOf(administrator, study.studyUid, ({ images }) => images.received >= 3);
  expect(row.images.completeness).toBe('receiving');
});
