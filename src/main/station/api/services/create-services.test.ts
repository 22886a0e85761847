import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StationStatus } from '../../../../shared/contract/station.ts';
import { err, ok } from '../../../../shared/domain/result.ts';
import { Finding, StudyDetail, TimelineEntry } from '../../../../shared/contract/studies.ts';
import { WorklistCounts, WorklistWindow } from '../../../../shared/contract/worklist.ts';
import { createExportWorker, createImportWorker } from '../../archive/index.ts';
import { openReaderPool } from '../../platform/store/reader-pool.ts';
import { Config } from '../../platform/config.ts';
import type { READER_TASKS } from '../../reader.ts';
import { type Clinic, openClinic } from '../../testing/clinic.ts';
import { SHIPPED_POLICY } from '../../testing/deadlines.ts';
import { finish, installed, startNext } from '../../testing/models.ts';
import { aSlice } from '../../testing/objects.ts';
import { followAll } from '../../testing/ward.ts';
import { startTestStation, type TestStation } from '../test-station.ts';
import { createServices } from './create-services.ts';
import type { Readers } from './readers.ts';

const SLICES = [1, 2, 3, 4, 5, 6, 7, 8];
const PACKED = Buffer.alloc((SLICES.length * 16) / 8, 0b1010_0101);
const STUDY_UID = '1.2.10';
const SERIES = `/dicomweb/north/studies/${STUDY_UID}/series/${STUDY_UID}.1`;

let clinic: Clinic;
let readers: Readers;
let station: TestStation;
let studyId: string;
let theirs: string;
let token: string;

beforeAll(async () => {
  clinic = openClinic();
  const { db, archive, store } = clinic;
  installed(clinic, 'general', {});
  studyId = await clinic.send(SLICES.map((n) => aSlice(n)));
  const other = { StudyInstanceUID: '1.2.99', PatientName: 'Elsewhere^Eve', PatientID: '99', AccessionNumber: 'A99' };
  theirs = await clinic.send([aSlice(1, other)], 'SOUTH');
  clinic.pass(200_000);
  clinic.runJobs();
  followAll(clinic);
  await flag();
  followAll(clinic);
  readers = openReaderPool<typeof READER_TASKS>(new URL('../../reader.ts', import.meta.url), store.settings);
  const services = createServices({
    retrievals: { notify: () => undefined, cancel: () => false },
    media: {
      imports: createImportWorker(archive, [], clinic.log),
      exports: createExportWorker(archive, archive.objects, [], clinic.log),
    },
    deliveries: { notify: () => undefined },
    supervisor: { state: () => ({ state: 'stopped' }) },
    ...{ db, objects: archive.objects, clock: archive.clock, readers, checkpoints: '/nowhere', publicKeyPem: '' },
    coverage: { leastShare: 0.95, days: 7, leastStudies: 20 },
    driftSuspends: false,
    triagePolicy: SHIPPED_POLICY,
    keeping: {
      keeper: { lastRun: () => null, runRetention: () => ok(null), isDeleting: () => false },
      ...{ sites: [], disk: { freeBytes: 3, totalBytes: 9, state: 'enough' as const }, marks: Config.parse({}).disk },
    },
    atRest: {
      keys: { ids: clinic.keys.ids, madeAtMs: () => 0 },
      verifyEveryDays: 30,
      integrity: { verify: () => err({ code: 'verification-running' }) },
      rotation: { rotate: () => err({ code: 'rotation-running' }), latest: () => null },
      mainSiteId: '',
    },
    dicomweb: { archive, comparisonSenders: [], objectAnswered: () => undefined, log: clinic.log, threads: readers },
    status: (): StationStatus => {
      throw new Error('not asked for here');
    },
    health: () => ({ ready: true, reasons: [] }),
  });
  station = await startTestStation(services, archive.clock, { store, site: clinic.north });
  token = await station.token('radiologist');
});
afterAll(async () => {
  await readers.close();
  await station.stop();
  clinic.close();
});

type RunMask = NonNullable<Parameters<typeof finish>[3]>[number];

/** The model flags the study, with a mask that lies in the object store. */
async function flag(): Promise<void> {
  const bytes = gzipSync(PACKED);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const file = await clinic.archive.objects.receive();
  await file.write(bytes);
  await file.keep(digest);
  await file.discard();
  const sopUids = SLICES.map((n) => `${STUDY_UID}.1.${n}`);
  const mask: RunMask = {
    ...{
      tensor: 'mask',
      label: 'bleed',
      digest,
      sizeBytes: bytes.length,
      rows: 4,
      columns: 4,
      pixels: 64,
      volumeMl: 12,
    },
    ...{ parts: 1, cells: 64, peak: null },
    slices: sopUids.map((sopUid) => ({ sopUid, frameNumber: 1, pixels: 8, volumeMl: 1.5 })),
    largest: {
      ...{ centreMm: [1, 2, 20], volumeMl: 12, longest: null },
      keySopUid: `${STUDY_UID}.1.4`,
      keyFrameNumber: 1,
    },
  };
  finish(clinic, startNext(clinic), 0.9, [mask]);
}

const json = async (path: string, init?: Parameters<TestStation['ask']>[2]): Promise<unknown> => {
  const answer = await station.ask(token, path, init);
  expect([path, answer.status]).toEqual([path, 200]);
  return answer.json();
};
const search = (text: string) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ text }),
});

test('the worklist lists, counts and finds this site’s studies, and no other site’s', async () => {
  const window = WorklistWindow.parse(await json('/api/v1/worklist'));
  expect(window.rows.map((row) => [row.studyId, row.patient.name, row.urgency.level, row.ai.state])).toEqual([
    [studyId, 'Doe^Jane', 'critical', 'flagged'],
  ]);
  expect(WorklistCounts.parse(await json('/api/v1/worklist/counts'))).toMatchObject({ all: 1, critical: 1 });
  expect(await json('/api/v1/worklist/next')).toMatchObject({ studyId });
  const found = async (text: string) =>
    WorklistWindow.parse(await json('/api/v1/worklist/search', search(text))).rows.map((row) => row.studyId);
  expect([await found('doe jane'), await found('4711'), await found('Elsewhere')]).toEqual([[studyId], [studyId], []]);
});

test('a study opens with its series, its runs, its findings and its story; another site’s is not there', async () => {
  const detail = StudyDetail.parse(await json(`/api/v1/studies/${studyId}`));
  expect(detail).toMatchObject({
    dicomwebPath: '/dicomweb/north',
    series: [{ seriesUid: `${STUDY_UID}.1`, instances: 8, displayable: true }],
    runs: [{ state: 'finished', model: { id: 'bleed' } }],
  });
  const [finding, ...more] = Finding.array().parse(await json(`/api/v1/studies/${studyId}/findings`));
  expect(more).toEqual([]);
  expect(finding).toMatchObject({
    ...{ score: 0.9, seriesUid: `${STUDY_UID}.1`, keyImage: { sopUid: `${STUDY_UID}.1.4` } },
    ...{ standing: 'flagged', judgedBy: { score: 'probability', unit: null, stacks: 1, flagFrom: 0.5 } },
    parts: [
      {
        part: 1,
        keyImage: { sopUid: `${STUDY_UID}.1.4`, frameNumber: 1, centreMm: [1, 2, 20], frameOfReferenceUid: null },
        mask: {
          ...{ rows: 4, columns: 4 },
          frames: SLICES.map((n) => ({ sopUid: `${STUDY_UID}.1.${n}`, frameNumber: 1 })),
        },
      },
    ],
  });
  const story = TimelineEntry.array().parse(await json(`/api/v1/studies/${studyId}/timeline`));
  expect(story[0]).toMatchObject({ kind: 'instance-received', actor: { display: 'CT1' }, arrivals: { count: 8 } });
  expect(story.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['study-completed', 'run-queued', 'run-finished', 'urgency-set']),
  );
  for (const part of ['', '/findings', '/timeline', '/report'])
    expect((await station.ask(token, `/api/v1/studies/${theirs}${part}`)).status).toBe(404);
  expect(await json(`/api/v1/studies?studyUid=${STUDY_UID}`)).toMatchObject([{ studyId }]);
  expect(await json('/api/v1/studies?studyUid=1.2.99')).toEqual([]);
});

test('an opening shows in its own answer, before any follower has run', async () => {
  const opened = await json(`/api/v1/studies/${studyId}/openings`, { method: 'POST' });
  expect(opened).toMatchObject({ studyId, openedBy: { displayName: 'radiologist' } });
});

test('a mask comes as it was kept', async () => {
  const [finding] = Finding.array().parse(await json(`/api/v1/studies/${studyId}/findings`));
  const mask = await station.ask(token, finding?.parts[0]?.mask.href ?? '');
  expect(Buffer.from(await mask.arrayBuffer())).toEqual(PACKED);
});

test('DICOMweb finds the study, its series and its instances, and hands out their pixels', async () => {
  const uidsOf = async (path: string, tag: string) =>
    ((await json(path)) as Record<string, { Value?: unknown[] }>[]).map((match) => match[tag]?.Value?.[0]);
  expect(await uidsOf('/dicomweb/north/studies?PatientName=doe*', '0020000D')).toEqual([STUDY_UID]);
  expect((await station.ask(token, '/dicomweb/north/studies?PatientName=Elsewhere*')).status).toBe(204);
  expect(await uidsOf(`/dicomweb/north/studies/${STUDY_UID}/series`, '0020000E')).toEqual([`${STUDY_UID}.1`]);
  const sopUids = SLICES.map((n) => `${STUDY_UID}.1.${n}`);
  expect(await uidsOf(`${SERIES}/instances`, '00080018')).toEqual(sopUids);
  expect(await uidsOf(`${SERIES}/metadata`, '00080018')).toEqual(sopUids);
  for (const n of SLICES) {
    const frame = await station.ask(token, `${SERIES}/instances/${STUDY_UID}.1.${n}/frames/1`, {
      headers: { accept: 'application/octet-stream' },
    });
    expect(Buffer.from(await frame.arrayBuffer())).toEqual(Buffer.from(new Uint16Array(16).fill(n).buffer));
  }
  expect((await station.ask(token, '/dicomweb/north/studies/1.2.99/metadata')).status).toBe(404);
});
