import { afterEach, beforeEach, expect, test } from 'vitest';
import { createJobRunner } from '../platform/jobs/jobs.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice, OTHER_CLASSES, without } from '../testing/objects.ts';
import { completenessJobs, findStudyIdByUid, getStudyCard, promoteStudy, waitAnew } from './index.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

const slices = (...numbers: readonly number[]) => numbers.map((n) => aSlice(n));
const VOLUME = [1, 2, 3, 4, 5, 6, 7, 8] as const;
/** An association that others of the study may follow. */
async function sendPart(...records: readonly ReturnType<typeof aSlice>[]): Promise<void> {
  const association = clinic.associate();
  await clinic.receive(association, ...records);
  clinic.end(association);
}
const study = () => getStudyCard(clinic.db, findStudyIdByUid(clinic.db, clinic.north.siteId, '1.2.10') ?? '');
const completed = () => clinic.events('study-completed').map(({ payload }) => [payload.completeness, payload.revision]);
const QUIET_CT_MS = 180_000;
const SETTLE_MS = 5000;

test('a gapless CT volume is complete when its association ends normally, and the evidence says why', async () => {
  const association = clinic.associate();
  await clinic.receive(association, ...slices(...VOLUME));
  expect(study().completeness).toBe('receiving');
  clinic.pass(50);
  clinic.end(association);
  expect(study()).toMatchObject({
    completeness: 'complete',
    completeAtMs: clinic.nowMs(),
    completeRevision: 8,
    evidence: {
      rule: 'association-ended-gapless-volume',
      instances: 8,
      series: 1,
      quietForMs: null,
      associationsReleased: 1,
      associationsBroken: 0,
      gaps: 0,
    },
  });
  clinic.pass(QUIET_CT_MS * 2);
  clinic.runJobs();
  expect(completed()).toEqual([['complete', 8]]);
});

test.each<[string, readonly ReturnType<typeof aSlice>[], 'released' | 'aborted' | 'failed']>([
  ['a volume with a gap', slices(1, 2, 3, 5, 6, 7, 8), 'released'],
  ['a volume whose association was aborted', slices(...VOLUME), 'aborted'],
  ['a volume whose association failed', slices(...VOLUME), 'failed'],
  ['too few slices to tell', slices(1, 2), 'released'],
  ['slices without geometry', VOLUME.map((n) => without(aSlice(n), 'ImagePositionPatient')), 'released'],
])('%s waits for quiet time, and is then complete as assumed', async (_what, records, how) => {
  const association = clinic.associate();
  await clinic.receive(association, ...records);
  clinic.end(association, how);
  expect(study().completeness).toBe('receiving');
  clinic.pass(QUIET_CT_MS - 1);
  clinic.runJobs();
  expect(study().completeness).toBe('receiving');
  clinic.pass(1);
  clinic.runJobs();
  expect(study()).toMatchObject({ completeness: 'assumed', evidence: { rule: 'quiet-time', quietForMs: QUIET_CT_MS } });
  expect(completed()).toEqual([['assumed', records.length]]);
});

test('every arrival starts quiet time anew', async () => {
  const association = clinic.associate();
  await clinic.receive(association, aSlice(1));
  clinic.pass(QUIET_CT_MS - 1000);
  await clinic.receive(association, aSlice(2));
  clinic.pass(2000);
  clinic.runJobs();
  expect(study().completeness).toBe('receiving');
});

test('each modality has its own quiet time, and one not named has the common one', async () => {
  const one = (modality: string, uid: string, sopClass: string) =>
    aSlice(1, { StudyInstanceUID: uid, Modality: modality, SOPClassUID: sopClass });
  const dx = await clinic.send([one('DX', '1.2.20', OTHER_CLASSES.dx)]);
  const mr = await clinic.send([one('MR', '1.2.21', OTHER_CLASSES.mr)]);
  clinic.pass(300_000);
  clinic.runJobs();
  expect([dx, mr].map((id) => getStudyCard(clinic.db, id).completeness)).toEqual(['assumed', 'receiving']);
  clinic.pass(300_000);
  clinic.runJobs();
  expect(getStudyCard(clinic.db, mr).completeness).toBe('assumed');
});

test('a gapless volume of another modality is not complete by its association alone', async () => {
  const id = await clinic.send(
    VOLUME.map((n) => aSlice(n, { StudyInstanceUID: '1.2.30', Modality: 'MR', SOPClassUID: OTHER_CLASSES.mr })),
  );
  expect(getStudyCard(clinic.db, id).completeness).toBe('receiving');
});

test('is not complete while another association of the study is open', async () => {
  const [one, two] = [clinic.associate(), clinic.associate()];
  await clinic.receive(one, ...slices(1, 2, 3, 4));
  await clinic.receive(two, ...slices(5, 6, 7, 8));
  clinic.end(one);
  expect(study().completeness).toBe('receiving');
  clinic.end(two);
  clinic.pass(SETTLE_MS);
  clinic.runJobs();
  expect(study().completeness).toBe('complete');
});

test('one association a slice: complete once, when no further one followed', async () => {
  for (const n of VOLUME) {
    await sendPart(...slices(n));
    clinic.pass(SETTLE_MS - 1);
    clinic.runJobs();
  }
  expect([study().completeness, completed()]).toEqual(['receiving', []]);
  clinic.pass(1);
  clinic.runJobs();
  expect(study()).toMatchObject({
    ...{ completeness: 'complete', completeRevision: 8, completeAtMs: clinic.nowMs() },
    evidence: { rule: 'association-ended-gapless-volume', associationsReleased: 8, gaps: 0, quietForMs: null },
  });
  clinic.pass(QUIET_CT_MS);
  clinic.runJobs();
  expect(completed()).toEqual([['complete', 8]]);
});

test('does not settle while a further association is open, nor after one that broke', async () => {
  await sendPart(...slices(1, 2, 3, 4));
  await sendPart(...slices(5, 6, 7));
  const third = clinic.associate();
  await clinic.receive(third, ...slices(7));
  clinic.pass(SETTLE_MS);
  clinic.runJobs();
  expect(study().completeness).toBe('receiving');
  clinic.end(third, 'aborted');
  clinic.pass(SETTLE_MS);
  clinic.runJobs();
  expect(study().completeness).toBe('receiving');
});

test('a station that was down has not heard the silence: quiet time starts anew when it listens again', async () => {
  await clinic.send(slices(1, 2));
  clinic.pass(QUIET_CT_MS * 10);
  const sinceMs = clinic.nowMs();
  waitAnew(clinic.db, clinic.archive.quiet, sinceMs);
  const jobs = createJobRunner(clinic.db, completenessJobs(clinic.archive.quiet), {
    clock: clinic.archive.clock,
    log: clinic.log,
  });
  clinic.pass(QUIET_CT_MS - 1);
  jobs.runDue();
  expect(study().completeness).toBe('receiving');
  clinic.pass(1);
  jobs.runDue();
  expect(study()).toMatchObject({ completeness: 'assumed', evidence: { quietForMs: QUIET_CT_MS } });
});

test('a study that was settling when the station went down settles anew', async () => {
  await sendPart(...slices(1, 2, 3, 4));
  await sendPart(...slices(5, 6, 7));
  clinic.pass(QUIET_CT_MS * 10);
  waitAnew(clinic.db, clinic.archive.quiet, clinic.nowMs());
  clinic.runJobs();
  expect(study().completeness).toBe('receiving');
  clinic.pass(SETTLE_MS);
  clinic.runJobs();
  expect(study().completeness).toBe('complete');
});

test('a job done late says when it was done, not when it was due', async () => {
  await clinic.send(slices(1, 2));
  clinic.pass(QUIET_CT_MS + 777);
  clinic.runJobs();
  expect(clinic.events('study-completed').map(({ atMs }) => atMs)).toEqual([clinic.nowMs()]);
  expect(study()).toMatchObject({ completeAtMs: clinic.nowMs(), evidence: { quietForMs: QUIET_CT_MS + 777 } });
});

test('a late image reopens the study, raises the revision and completes it anew; the first completion keeps its time', async () => {
  const id = await clinic.send(slices(...VOLUME));
  const first = study().completeAtMs;
  clinic.pass(60_000);
  const association = clinic.associate();
  await clinic.receive(association, aSlice(9));
  expect(study()).toMatchObject({ completeness: 'receiving', revision: 9, completeRevision: 8, completeAtMs: first });
  clinic.end(association);
  clinic.pass(SETTLE_MS);
  clinic.runJobs();
  expect(getStudyCard(clinic.db, id)).toMatchObject({
    completeness: 'complete',
    completeRevision: 9,
    completeAtMs: first,
  });
  expect(completed()).toEqual([
    ['complete', 8],
    ['complete', 9],
  ]);
});

test('the same image sent again changes nothing of a complete study', async () => {
  await clinic.send(slices(...VOLUME));
  await clinic.send(slices(1, 2));
  expect(study()).toMatchObject({ completeness: 'complete', revision: 8 });
  expect(completed()).toHaveLength(1);
});

test.each([
  [
    'report',
    without(
      aSlice(1, {
        SOPClassUID: OTHER_CLASSES.report,
        Modality: 'SR',
        SeriesInstanceUID: '1.2.10.99',
        SOPInstanceUID: '1.2.10.99.1',
      }),
      'PixelData',
      'Rows',
      'Columns',
    ),
  ],
  [
    'capture',
    aSlice(1, {
      SOPClassUID: OTHER_CLASSES.capture,
      Modality: 'OT',
      SeriesInstanceUID: '1.2.10.98',
      SOPInstanceUID: '1.2.10.98.1',
    }),
  ],
])('a late %s attaches to a complete study, raises its revision and asks for nothing again', async (_what, record) => {
  await clinic.send(slices(...VOLUME));
  await clinic.send([record]);
  expect(study()).toMatchObject({
    completeness: 'complete',
    revision: 9,
    completeRevision: 8,
    images: 9,
    modality: 'CT',
  });
  clinic.pass(QUIET_CT_MS * 4);
  clinic.runJobs();
  expect(completed()).toHaveLength(1);
});

test('a study is called by its images, also where a report or a capture came first', async () => {
  await clinic.send([
    aSlice(1, {
      SOPClassUID: OTHER_CLASSES.capture,
      Modality: 'OT',
      SeriesInstanceUID: '1.2.10.98',
      SOPInstanceUID: '1.2.10.98.1',
    }),
  ]);
  expect(study().modality).toBe('OT');
  await clinic.send(slices(1));
  expect(study().modality).toBe('CT');
});

test('comparison studies are complete like others, and say in the event that they are only that', async () => {
  const id = await clinic.send(slices(...VOLUME), 'PACS');
  expect(getStudyCard(clinic.db, id)).toMatchObject({ intent: 'comparison', completeness: 'complete' });
  expect(clinic.events('study-completed').map(({ payload }) => payload.intent)).toEqual(['comparison']);
});

test('a person promotes a comparison study once, at its own site only', async () => {
  const id = await clinic.send(slices(...VOLUME), 'PACS');
  const promote = (siteId: string) =>
    promoteStudy(clinic.db, { siteId, studyId: id, actor: { kind: 'user', id: 'u' }, atMs: clinic.nowMs() });
  expect(promote(clinic.south.siteId)).toEqual({ ok: false, error: { code: 'study-not-found' } });
  expect(promote(clinic.north.siteId)).toEqual({ ok: true, value: null });
  expect(promote(clinic.north.siteId)).toEqual({ ok: false, error: { code: 'already-new' } });
  expect(getStudyCard(clinic.db, id).intent).toBe('new');
  expect(clinic.events('study-promoted')).toMatchObject([
    { studyId: id, payload: { from: 'comparison', because: 'person' } },
  ]);
});
