import { afterEach, beforeEach, expect, test } from 'vitest';
import { getStudyCard, hideObjects, listSeries, moveStudy, splitStudy, undoIdentityChange } from '../archive/index.ts';
import { aiStatus, listFindings, listModels, SETTLE_JOB, settleSome } from '../inference/index.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { standAt } from '../testing/governed.ts';
import { failNext, finish, finishNext, installed, startNext } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { followAll } from '../testing/ward.ts';
import { findUrgency } from '../triage/index.ts';
import { BUILD_ANEW_JOB, buildAnewJob, findRow } from './index.ts';

// What a model says goes with the images it read: to whoever they are of now, and to nobody else.

const JOHN = { PatientName: 'Roe^John', PatientID: '99', PatientBirthDate: '19500505', PatientSex: 'M' };
const [PREFERRED, OTHER] = ['1.2.10.1', '1.2.10.2'];
const actor: Actor = { kind: 'user', id: 'coordinator' };

let clinic: Clinic;
let janes: string;
let john: string;
beforeEach(async () => {
  clinic = openClinic();
  installed(clinic, 'general', {});
  const series = (SeriesInstanceUID: string, ConvolutionKernel: string) =>
    [1, 2, 3, 4, 5].map((n) =>
      aSlice(n, {
        ...{ StudyInstanceUID: '1.2.10', SeriesInstanceUID, ConvolutionKernel },
        SOPInstanceUID: `${SeriesInstanceUID}.${n}`,
      }),
    );
  janes = await clinic.send([...series(PREFERRED, 'H30s'), ...series(OTHER, 'H60s')]);
  const johns = await clinic.send(
    [1, 2].map((n) => aSlice(n, { ...JOHN, StudyInstanceUID: '1.2.20', BodyPartExamined: 'CHEST' })),
  );
  john = getStudyCard(clinic.db, johns).patient.patientId;
  followAll(clinic);
});
afterEach(() => clinic.close());

const by = () => ({ siteId: clinic.north.siteId, reason: 'other' as const, actor, atMs: clinic.nowMs() });
function made<T>(outcome: { ok: true; value: T } | { ok: false; error: { code: string } }): T {
  if (!outcome.ok) throw new Error(outcome.error.code);
  followAll(clinic);
  return outcome.value;
}
const seriesId = (uid: string) =>
  String(clinic.db.prepare('SELECT series_id FROM series WHERE series_uid = ?').pluck().get(uid));
const splitPreferred = () =>
  made(
    splitStudy(clinic.db, {
      ...{ ...by(), studyId: janes, seriesIds: [seriesId(PREFERRED)], sopUids: [], to: { patientId: john } },
    }),
  );
const ai = (id: string) => aiStatus(clinic.db, id).state;
const level = (id: string) => findUrgency(clinic.db, id)?.level;
const row = (id: string) => findRow(clinic.db, [clinic.north.siteId], id);

test('a study that is moved takes what was found in it along, and what computes meanwhile too', () => {
  const run = startNext(clinic);
  made(moveStudy(clinic.db, { ...by(), studyId: janes, to: { patientId: john } }));
  finish(clinic, run, 0.9);
  followAll(clinic);
  expect(row(janes)).toMatchObject({ patient: { name: 'Roe^John', mrn: '99' }, ai: { state: 'flagged' } });
  expect(clinic.events('run-finished').at(-1)).toMatchObject({ studyId: janes });
  const told = clinic.db.prepare("SELECT patient_id FROM events WHERE kind = 'run-finished'").pluck().get();
  expect(told).toBe(john);
});

test('the row of a study that is moved says what its models say of whom it is now: anew where they are told, and not run where they are made for others', async () => {
  installed(clinic, 'general', { id: 'age', takesAge: true });
  installed(clinic, 'general', { id: 'adults', appliesTo: { population: { ageYears: { min: 18, max: 120 } } } });
  const head = await clinic.send([1, 2, 3, 4, 5].map((n) => aSlice(n, { StudyInstanceUID: '1.2.30' })));
  const child = { ...JOHN, PatientID: '98', PatientName: 'Roe^Jim', PatientBirthDate: '20190505' };
  const other = await clinic.send([aSlice(1, { ...child, StudyInstanceUID: '1.2.31', BodyPartExamined: 'CHEST' })]);
  const { patientId } = getStudyCard(clinic.db, other).patient;
  followAll(clinic);
  while (clinic.db.prepare("SELECT 1 FROM runs WHERE state = 'queued'").get() !== undefined) finishNext(clinic, 0.1);
  followAll(clinic);
  expect(row(head)?.ai.state).toBe('no-flag');
  made(moveStudy(clinic.db, { ...by(), studyId: head, to: { patientId } }));
  expect(row(head)?.ai.state).toBe('waiting');
  finishNext(clinic, 0.1);
  followAll(clinic);
  expect(row(head)?.ai).toEqual({ state: 'not-run', reason: 'no-eligible-series' });
});

test('images that are split off leave their finding behind nowhere: they are read again where they are now', () => {
  finishNext(clinic, 0.9);
  followAll(clinic);
  expect(ai(janes)).toBe('flagged');
  const { newStudyId } = splitPreferred();
  // What is left is owed a run of its own; what left stands as urgent as it did until it is read.
  expect([ai(janes), listFindings(clinic.db, janes), ai(newStudyId)]).toEqual(['waiting', [], 'waiting']);
  expect(level(newStudyId)).toBe(level(janes));
  const read = [finishNext(clinic, 0.9), finishNext(clinic, 0.1)];
  const scores = Object.fromEntries(read.map(({ studyId }, place) => [studyId, place === 0 ? 'flagged' : 'no-flag']));
  followAll(clinic);
  expect([ai(janes), ai(newStudyId)]).toEqual([scores[janes], scores[newStudyId]]);
  expect(read.map(({ seriesId: of }) => of).toSorted()).toEqual([seriesId(PREFERRED), seriesId(OTHER)].toSorted());
  const flagged = newStudyId in scores && scores[newStudyId] === 'flagged' ? newStudyId : janes;
  expect(listFindings(clinic.db, flagged).map(({ studyId }) => studyId)).toEqual([flagged]);
});

test('a run that computes while its images are split off raises and flags the study they left by nothing', () => {
  const run = startNext(clinic);
  expect(run.seriesId).toBe(seriesId(PREFERRED));
  const { newStudyId } = splitPreferred();
  finish(clinic, run, 0.9);
  followAll(clinic);
  expect([ai(janes), level(janes), listFindings(clinic.db, janes)]).toEqual(['waiting', 'routine', []]);
  expect(row(janes)?.reasons.map(({ code }) => code)).not.toContain('ai-flag');
  expect(ai(newStudyId)).toBe('waiting');
  const again = [startNext(clinic), startNext(clinic)];
  for (const one of again) finish(clinic, one, one.studyId === newStudyId ? 0.9 : 0.1);
  followAll(clinic);
  expect([ai(janes), ai(newStudyId), level(janes), level(newStudyId)]).toEqual([
    ...['no-flag', 'flagged', 'routine', 'critical'],
  ]);
});

test('a split that is undone is read anew as it was, and what was said of the part says nothing of the whole', () => {
  const { changeId, newStudyId } = splitPreferred();
  // The run of before the split waits still; it reads what it was owed of, and says nothing.
  for (const _run of [1, 2, 3]) finishNext(clinic, 0.1);
  followAll(clinic);
  expect([ai(janes), ai(newStudyId)]).toEqual(['no-flag', 'no-flag']);
  made(undoIdentityChange(clinic.db, { siteId: clinic.north.siteId, changeId, actor, atMs: clinic.nowMs() }));
  expect([ai(janes), row(newStudyId)]).toEqual(['waiting', null]);
  const run = finishNext(clinic, 0.9);
  followAll(clinic);
  expect([run.studyId, run.seriesId, ai(janes)]).toEqual([janes, seriesId(PREFERRED), 'flagged']);
});

test('of images that are hidden nothing is said any more, and the study is read anew without them', () => {
  finishNext(clinic, 0.9);
  followAll(clinic);
  const hidden = { ...by(), reason: 'test-images' as const, studyId: janes, level: 'series' as const };
  made(hideObjects(clinic.db, { ...hidden, subjects: [seriesId(PREFERRED)] }));
  expect([ai(janes), listFindings(clinic.db, janes)]).toEqual(['waiting', []]);
  const run = startNext(clinic);
  expect([run.seriesId, listSeries(clinic.db, janes).map((one) => one.seriesId)]).toEqual([
    ...[seriesId(OTHER), [seriesId(OTHER)]],
  ]);
  finish(clinic, run, 0.1);
  followAll(clinic);
  expect(ai(janes)).toBe('no-flag');
});

test('a flag stands while later images are read, when that fails, and when its model is taken back', async () => {
  finishNext(clinic, 0.9);
  followAll(clinic);
  const raised = findUrgency(clinic.db, janes);
  await clinic.send([aSlice(6, { StudyInstanceUID: '1.2.10', ConvolutionKernel: 'H30s' })]);
  followAll(clinic);
  expect([ai(janes), row(janes)?.ai.state]).toEqual(['flagged', 'flagged']);
  failNext(clinic, 'uneven-spacing');
  followAll(clinic);
  expect([row(janes)?.ai.state, findUrgency(clinic.db, janes)]).toEqual(['flagged', raised]);
  const [model] = listModels(clinic.db);
  standAt(clinic, model?.digest ?? '', 'suspended');
  clinic.runJobs({ [SETTLE_JOB]: settleSome, [BUILD_ANEW_JOB]: buildAnewJob(() => undefined) });
  followAll(clinic);
  clinic.runJobs({ [SETTLE_JOB]: settleSome, [BUILD_ANEW_JOB]: buildAnewJob(() => undefined) });
  expect([row(janes)?.ai.state, findUrgency(clinic.db, janes)]).toEqual(['flagged', raised]);
  // Whoever reads it is told what became of the model.
  expect(listFindings(clinic.db, janes).map(({ stage, withdrawn }) => [stage, withdrawn])).toEqual([
    ['general', 'suspended'],
  ]);
});
