import { afterEach, beforeEach, expect, test } from 'vitest';
import { getStudyCard, mergePatients, moveStudy, undoIdentityChange } from '../archive/index.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { failNext, finish, finishNext, installed, startNext, type TestModel } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { followAll } from '../testing/ward.ts';
import { FIND_NEWEST, HAS_TOLD } from './correct-runs.ts';
import { aiStatus, askAnalysis, findAnalysis, listFindings } from './index.ts';
import { requestFor } from './run-request.ts';
import { findModel } from './models.ts';
import { getRun } from './run-rows.ts';
import { createFeedSettler } from './settle-feeds.ts';

const OLD_JOHN = { PatientName: 'Roe^John', PatientID: '99', PatientBirthDate: '19500505', PatientSex: 'M' };
const YOUNG_JIM = { PatientName: 'Roe^Jim', PatientID: '98', PatientBirthDate: '20200505', PatientSex: 'M' };
const CHEST = { BodyPartExamined: 'CHEST', StudyDescription: 'CT Chest', SeriesDescription: 'x' };
const actor: Actor = { kind: 'user', id: 'coordinator' };

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

const by = () => ({ siteId: clinic.north.siteId, reason: 'other' as const, actor, atMs: clinic.nowMs() });
async function patient(person: object, studyUid: string): Promise<string> {
  const id = await clinic.send([aSlice(1, { ...person, ...CHEST, StudyInstanceUID: studyUid })]);
  return getStudyCard(clinic.db, id).patient.patientId;
}
/** A head of somebody else than John, with these models at the site. */
async function readHead(...models: readonly TestModel[]) {
  installed(clinic, 'general', ...models);
  const john = await patient(OLD_JOHN, '1.2.20');
  const id = await clinic.send([1, 2, 3, 4, 5, 6, 7, 8].map((n) => aSlice(n)));
  followAll(clinic);
  return { id, john };
}
function move(studyId: string, patientId: string): string {
  clinic.pass(1);
  const moved = moveStudy(clinic.db, { ...by(), studyId, to: { patientId } });
  if (!moved.ok) throw new Error(moved.error.code);
  followAll(clinic);
  return moved.value.changeId;
}
function undo(changeId: string): void {
  clinic.pass(1);
  expect(undoIdentityChange(clinic.db, { ...by(), changeId })).toMatchObject({ ok: true });
  followAll(clinic);
}
type RunRow = { readonly runId: string; readonly model: string; readonly state: string; readonly told: string };
const runs = () =>
  clinic.db
    .prepare(
      `SELECT run_id AS runId, m.model_id AS model, r.state, r.told_patient AS told FROM runs r JOIN models m ON m.digest = r.model_digest
        ORDER BY m.model_id, r.round`,
    )
    .all() as RunRow[];
const statesOf = (model: string) =>
  runs()
    .filter((run) => run.model === model)
    .map(({ state }) => state);
const ageOf = (told: string) => (told === '' ? null : Math.floor((JSON.parse(told) as { ageYears: number }).ageYears));
const rowState = (id: string) => aiStatus(clinic.db, id).state;

test('of a study that is moved what a model said that was told the age is superseded and computed anew; what another said stands', async () => {
  const { id, john } = await readHead({ id: 'age', takesAge: true }, { id: 'plain' });
  finishNext(clinic, 0.1);
  finishNext(clinic, 0.1);
  followAll(clinic);
  expect(rowState(id)).toBe('no-flag');
  move(id, john);
  expect([statesOf('age'), statesOf('plain')]).toEqual([['superseded', 'queued'], ['finished']]);
  expect(rowState(id)).toBe('waiting');
  const run = startNext(clinic);
  followAll(clinic);
  expect(rowState(id)).toBe('running');
  const model = findModel(clinic.db, run.modelDigest);
  if (model === null) throw new Error('the model is on record');
  const { patient: given } = requestFor(clinic.db, run, model, null);
  finish(clinic, run, 0.1);
  followAll(clinic);
  expect([statesOf('age'), rowState(id)]).toEqual([['superseded', 'finished'], 'no-flag']);
  const [before, now] = runs();
  expect([before?.told, ageOf(now?.told ?? ''), given?.sex]).toEqual(['', Math.floor(given?.ageYears ?? -1), 'M']);
  expect(clinic.db.prepare('SELECT receipt IS NOT NULL FROM runs').pluck().all()).toEqual([1, 1, 1]);
});

test('a flag stands until the run of the right patient has ended, and a row says of it what that says', async () => {
  const { id, john } = await readHead({ id: 'age', takesAge: true });
  finishNext(clinic, 0.9);
  followAll(clinic);
  move(id, john);
  expect([statesOf('age'), rowState(id)]).toEqual([['superseded', 'queued'], 'flagged']);
  finishNext(clinic, 0.1);
  followAll(clinic);
  expect([rowState(id), listFindings(clinic.db, id).map(({ state }) => state)]).toEqual(['no-flag', ['superseded']]);
});

test('where the run of the right patient fails the row says so and never that nothing was flagged', async () => {
  const { id, john } = await readHead({ id: 'age', takesAge: true });
  finishNext(clinic, 0.1);
  move(id, john);
  failNext(clinic, 'not-decodable');
  followAll(clinic);
  expect(aiStatus(clinic.db, id)).toMatchObject({ state: 'not-run', reason: 'not-decodable' });
});

test('what is undone is computed as it was, and told so: nothing of the other patient stands', async () => {
  const { id, john } = await readHead({ id: 'age', takesAge: true });
  finishNext(clinic, 0.1);
  const change = move(id, john);
  finishNext(clinic, 0.1);
  undo(change);
  expect([statesOf('age'), rowState(id)]).toEqual([['superseded', 'superseded', 'queued'], 'waiting']);
  finishNext(clinic, 0.1);
  expect(runs().map(({ told }) => told === '')).toEqual([true, false, true]);
});

test('a merge of patients corrects as a move does; who has the same age and sex is computed once', async () => {
  const { id, john } = await readHead({ id: 'age', takesAge: true });
  finishNext(clinic, 0.1);
  const own = getStudyCard(clinic.db, id).patient.patientId;
  clinic.pass(1);
  expect(mergePatients(clinic.db, { ...by(), fromPatientId: own, toPatientId: john })).toMatchObject({ ok: true });
  followAll(clinic);
  expect(statesOf('age')).toEqual(['superseded', 'queued']);
  finishNext(clinic, 0.1);
  move(id, await patient({ ...OLD_JOHN, PatientID: '97', PatientName: 'Doe^Jack' }, '1.2.21'));
  expect(statesOf('age')).toEqual(['superseded', 'finished']);
});

test('a run that waits is told of whoever it is when it begins; one that computes of another says nothing, and who asked for it gets the new one', async () => {
  const { id, john } = await readHead({ id: 'age', takesAge: true });
  move(id, john);
  expect(statesOf('age')).toEqual(['queued']);
  const asked = askAnalysis(clinic.db, {
    ...{ siteId: clinic.north.siteId, studyId: id, modelId: 'age', priority: 'routine', key: 'k', actor },
    atMs: clinic.nowMs(),
  });
  const analysisId = asked.ok ? asked.value.analysis.analysisId : '';
  const run = startNext(clinic);
  move(id, await patient(YOUNG_JIM, '1.2.22'));
  finish(clinic, run, 0.9);
  followAll(clinic);
  expect([statesOf('age'), rowState(id), getRun(clinic.db, run.runId).state]).toEqual([
    ['superseded', 'queued'],
    'waiting',
    'superseded',
  ]);
  const next = finishNext(clinic, 0.1);
  expect(findAnalysis(clinic.db, analysisId, actor.id)?.runs.map(({ runId }) => runId)).toEqual([next.runId]);
});

test('what a model that was told the age fed is computed anew after it', async () => {
  const { id, john } = await readHead(
    { id: 'age', takesAge: true },
    { id: 'fed', feeds: [{ id: 'from', model: 'age' }] },
  );
  finishNext(clinic, 0.1);
  clinic.db.exec('UPDATE runs SET is_resting = 0, waits_for_feeds = 0');
  finishNext(clinic, 0.1);
  move(id, john);
  expect([statesOf('age'), statesOf('fed')]).toEqual([
    ['superseded', 'queued'],
    ['superseded', 'queued'],
  ]);
  expect(
    clinic.db.prepare("SELECT waits_for_feeds FROM runs WHERE state = 'queued' ORDER BY waits_for_feeds").pluck().all(),
  ).toEqual([0, 1]);
});

test('what a model said that is not made for the right patient stands no more, and one that is made for them reads the study', async () => {
  const { id, john } = await readHead(
    { id: 'adults', appliesTo: { population: { ageYears: { min: 18, max: 150 } } } },
    { id: 'children', appliesTo: { population: { ageYears: { min: 0, max: 17 } } } },
  );
  finishNext(clinic, 0.9);
  followAll(clinic);
  const jim = await patient(YOUNG_JIM, '1.2.22');
  const change = move(id, jim);
  expect([statesOf('adults'), statesOf('children')]).toEqual([['superseded'], ['queued']]);
  expect(listFindings(clinic.db, id).map(({ state }) => state)).toEqual(['superseded']);
  finishNext(clinic, 0.1);
  followAll(clinic);
  // One of two models that know the exam read nothing of it.
  expect(aiStatus(clinic.db, id)).toMatchObject({
    state: 'not-run',
    reason: 'no-eligible-series',
  });
  undo(change);
  expect([statesOf('adults'), statesOf('children')]).toEqual([['superseded', 'queued'], ['superseded']]);
  move(id, john);
  expect(statesOf('adults')).toEqual(['superseded', 'queued']);
});

test('what was made of the answer of a model that is not made for the right patient stands no more either', async () => {
  const { id } = await readHead(
    { id: 'adults', uses: ['mark'], appliesTo: { population: { ageYears: { min: 18, max: 150 } } } },
    { id: 'fed', feeds: [{ id: 'from', model: 'adults' }] },
    { id: 'beside' },
  );
  const settler = createFeedSettler(clinic.db);
  for (const _model of ['adults', 'fed', 'beside']) {
    const run = startNext(clinic);
    finish(clinic, run, findModel(clinic.db, run.modelDigest)?.manifest.id === 'fed' ? 0.9 : 0.1);
    settler.ofStudy(id, clinic.nowMs());
  }
  followAll(clinic);
  expect([statesOf('adults'), statesOf('fed'), statesOf('beside')]).toEqual([['finished'], ['finished'], ['finished']]);
  expect(rowState(id)).toBe('flagged');
  move(id, await patient(YOUNG_JIM, '1.2.22'));
  settler.ofStudy(id, clinic.nowMs());
  followAll(clinic);
  expect([statesOf('adults'), statesOf('fed'), statesOf('beside')]).toEqual([
    ['superseded'],
    ['superseded', 'failed'],
    ['finished'],
  ]);
  expect(listFindings(clinic.db, id).map(({ state }) => state)).toEqual(['superseded']);
  expect(aiStatus(clinic.db, id)).toMatchObject({ state: 'not-run', reason: 'feed-not-run' });
});

test('a study that is moved is read by no model that came to the site since', async () => {
  const { id, john } = await readHead({ id: 'plain' });
  finishNext(clinic, 0.1);
  installed(clinic, 'general', { id: 'new', takesAge: true });
  move(id, john);
  expect([statesOf('plain'), statesOf('new')]).toEqual([['finished'], []]);
});

test('owes nothing twice: replayed from the first event, runs stay as they are', async () => {
  const { id, john } = await readHead({ id: 'age', takesAge: true });
  finishNext(clinic, 0.1);
  move(id, john);
  finishNext(clinic, 0.1);
  followAll(clinic);
  const before = [runs(), clinic.events().length];
  clinic.db.exec("UPDATE cursors SET seq = 0 WHERE consumer = 'inference'");
  followAll(clinic);
  expect([runs(), clinic.events().length]).toEqual(before);
});

test.each([
  ['whether a run was told of somebody', HAS_TOLD],
  ['the newest run of a model', FIND_NEWEST],
])('%s is found by an index', (_what, sql) => {
  const plan = planOf(clinic.db, sql).join('\n');
  expect(plan).toMatch(/USING (COVERING )?INDEX (runs_by_study|sqlite_autoindex_runs)/);
  expect(plan).not.toContain('SCAN');
});
