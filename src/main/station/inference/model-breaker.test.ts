import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { person, standAt } from '../testing/governed.ts';
import { aManifest, finish, installed, startNext, packageOf } from '../testing/models.ts';
import { sendHeadCt } from '../testing/ward.ts';
import { askProbe, describeBreaker } from './ask-probe.ts';
import { aiStatus, countPausedModels, installModels, listModels, recoverRuns } from './index.ts';
import {
  breakerOf,
  FAULTS_BEFORE_PAUSE,
  PROBE_AFTER_MS,
  PROBE_JOB,
  probeModel,
  queuePausedAnew,
} from './model-breaker.ts';
import { recordVerification } from './models.ts';
import { TOLERANCE_JOB } from './queue-runs.ts';
import { failRun, failRunsWithoutModel, markRunLate } from './record-run.ts';
import { nextQueuedRun, setRunPriority } from './run-order.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

async function sendStudies(from: number, to: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let n = from; n <= to; n += 1) ids.push(await sendHeadCt(clinic, n));
  return ids;
}
const digest = () => listModels(clinic.db)[0]?.digest ?? '';
const fail = (reason: 'bad-output' | 'uneven-spacing' | 'low-memory' | 'model-failed') =>
  failRun(clinic.db, startNext(clinic).runId, reason, clinic.nowMs());
const state = () => breakerOf(clinic.db, digest()).state;
const next = () => nextQueuedRun(clinic.db, clinic.nowMs());
const said = (ids: readonly string[]) => ids.map((id) => aiStatus(clinic.db, id));
const PAUSED = { state: 'not-run', reason: 'model-paused' };
async function paused(): Promise<readonly string[]> {
  installed(clinic, 'general', {});
  const ids = await sendStudies(1, FAULTS_BEFORE_PAUSE + 3);
  for (let fault = 0; fault < FAULTS_BEFORE_PAUSE; fault += 1) fail('bad-output');
  failRunsWithoutModel(clinic.db, clinic.nowMs());
  return ids.slice(FAULTS_BEFORE_PAUSE);
}
function probe(): void {
  clinic.runJobs({ [PROBE_JOB]: probeModel });
}

test('so many faults in a row pause a model: what waits says so at once, and so do studies that come', async () => {
  const waiting = await paused();
  expect([state(), countPausedModels(clinic.db), said(waiting)]).toEqual(['open', 1, [PAUSED, PAUSED, PAUSED]]);
  expect(clinic.events('model-paused')).toMatchObject([
    { payload: { digest: digest(), reason: 'bad-output', faults: FAULTS_BEFORE_PAUSE } },
  ]);
  const [later] = await sendStudies(100, 100);
  expect(next()).toBeNull();
  failRunsWithoutModel(clinic.db, clinic.nowMs());
  expect(said([later ?? ''])).toEqual([PAUSED]);
});

test('a success between them starts the count anew; what is wrong with images or the machine does not count', async () => {
  installed(clinic, 'general', {});
  await sendStudies(1, 20);
  for (let fault = 1; fault < FAULTS_BEFORE_PAUSE; fault += 1) fail('bad-output');
  finish(clinic, startNext(clinic), 0.1);
  for (let fault = 1; fault < FAULTS_BEFORE_PAUSE; fault += 1) fail('model-failed');
  fail('uneven-spacing');
  fail('low-memory');
  expect(state()).toBe('closed');
  fail('bad-output');
  expect(state()).toBe('open');
});

test('after the pause the most urgent of what was paused tries it, alone; it succeeds, and the others are queued again', async () => {
  const waiting = await paused();
  const [, urgent = '', last = ''] = waiting;
  setRunPriority(clinic.db, urgent, 'triage', 'stat', clinic.nowMs());
  clinic.pass(PROBE_AFTER_MS[0] - 1);
  probe();
  expect(state()).toBe('open');
  clinic.pass(1);
  probe();
  expect([state(), next()?.studyId]).toEqual(['half-open', urgent]);
  queuePausedAnew(clinic.db, clinic.nowMs());
  expect(said([last])).toEqual([PAUSED]); // not before it is known how the first one ends
  finish(clinic, startNext(clinic), 0.1);
  expect([state(), countPausedModels(clinic.db)]).toEqual(['closed', 0]);
  expect(clinic.events('model-resumed')).toMatchObject([{ payload: { digest: digest() } }]);
  queuePausedAnew(clinic.db, clinic.nowMs());
  while (next() !== null) finish(clinic, startNext(clinic), 0.1);
  expect(said(waiting).map((status) => status.state)).toEqual(['no-flag', 'no-flag', 'no-flag']);
});

test('a probe that fails pauses it again, for longer each time', async () => {
  const waiting = await paused();
  for (const [opening, pauseMs] of PROBE_AFTER_MS.slice(0, 2).entries()) {
    clinic.pass(pauseMs);
    probe();
    expect([opening, state()]).toEqual([opening, 'half-open']);
    fail('model-failed');
    failRunsWithoutModel(clinic.db, clinic.nowMs());
    expect(state()).toBe('open');
  }
  expect(said(waiting).map((status) => 'reason' in status && status.reason)).toEqual([
    ...['model-failed', 'model-failed', 'model-paused'],
  ]);
  const atMs = clinic
    .events('model-paused')
    .map(({ payload, atMs: saidAtMs }) => Number(payload['probeAtMs']) - saidAtMs);
  expect(atMs).toEqual(PROBE_AFTER_MS.slice(0, 3));
});

test('a restart forgives nothing, and golden cases that hold do not either', async () => {
  await paused();
  const [model] = listModels(clinic.db);
  if (model === undefined) throw new Error('no model');
  installModels(clinic.db, [packageOf(model.manifest, model.packagePath)], clinic.nowMs());
  recoverRuns(clinic.db, clinic.nowMs());
  recordVerification(
    clinic.db,
    model.digest,
    { holds: true, provider: 'cpu', goldenCases: 1, golden: [], code: null },
    clinic.nowMs(),
  );
  const [later = ''] = await sendStudies(200, 200);
  expect([state(), next()]).toEqual(['open', null]);
  failRunsWithoutModel(clinic.db, clinic.nowMs());
  expect(said([later])).toEqual([PAUSED]);
});

test('a paused model takes no flag of another away', async () => {
  installed(clinic, 'general', { id: 'one' }, { id: 'two' });
  const [id = ''] = await sendStudies(1, 1);
  finish(clinic, startNext(clinic), 0.9);
  const run = startNext(clinic);
  clinic.db
    .prepare("INSERT INTO model_breakers VALUES (?, 'closed', ?, 0, NULL, 0)")
    .run(run.modelDigest, FAULTS_BEFORE_PAUSE - 1);
  failRun(clinic.db, run.runId, 'bad-output', clinic.nowMs());
  expect(countPausedModels(clinic.db)).toBe(1);
  expect(aiStatus(clinic.db, id).state).toBe('flagged');
});

test.each(['suspended', 'silent'] as const)(
  'what a model paused on stays as it ended once the model is %s, also when it runs again',
  async (to) => {
    const waiting = await paused();
    clinic.pass(1);
    standAt(clinic, digest(), to);
    clinic.pass(PROBE_AFTER_MS[0]);
    probe();
    expect([state(), next()]).toEqual(['half-open', null]);
    standAt(clinic, digest(), 'general');
    clinic.pass(1);
    const [later = ''] = await sendStudies(100, 100);
    finish(clinic, startNext(clinic), 0.9);
    queuePausedAnew(clinic.db, clinic.nowMs());
    expect([state(), next(), aiStatus(clinic.db, later).state]).toEqual(['closed', null, 'flagged']);
    expect(said(waiting)).toEqual([PAUSED, PAUSED, PAUSED]);
  },
);

test('a person has a paused model tried now: one run waits at once, who asked stands on record, and it is not asked twice', async () => {
  const waiting = await paused();
  const atPause = describeBreaker(clinic.db, digest());
  expect(atPause).toEqual({
    ...{ state: 'open', faults: FAULTS_BEFORE_PAUSE, reason: 'bad-output' },
    ...{ sinceMs: clinic.nowMs(), probeAtMs: clinic.nowMs() + PROBE_AFTER_MS[0] },
  });
  const actor = person(clinic, 'owner');
  const act = () => ({ siteId: clinic.north.siteId, digest: digest(), actor, atMs: clinic.nowMs() });
  clinic.pass(5000);
  expect(askProbe(clinic.db, act())).toEqual({ ok: true, value: null });
  expect(describeBreaker(clinic.db, digest())).toMatchObject({ state: 'half-open', probeAtMs: null });
  expect(next()).not.toBeNull();
  expect(askProbe(clinic.db, act())).toEqual({ ok: false, error: { code: 'not-paused' } });
  expect(clinic.events('model-probe-asked')).toMatchObject([
    { siteId: clinic.north.siteId, payload: { digest: digest() } },
  ]);
  finish(clinic, startNext(clinic), 0.9);
  queuePausedAnew(clinic.db, clinic.nowMs());
  expect(describeBreaker(clinic.db, digest())).toEqual({
    ...{ state: 'closed', faults: 0, reason: null, sinceMs: null, probeAtMs: null },
  });
  expect(said(waiting).filter((status) => status.state === 'not-run')).toEqual([]);
  expect(askProbe(clinic.db, { ...act(), digest: 'f'.repeat(64) })).toMatchObject({
    error: { code: 'model-not-found' },
  });
});

test('a run that is queued again is told of, has a tolerance of its own, and is late when that is over', async () => {
  const [waiting = ''] = await paused();
  const run = () =>
    clinic.db.prepare('SELECT run_id AS runId, is_late AS isLate FROM runs WHERE study_id = ?').get(waiting) as {
      runId: string;
      isLate: number;
    };
  clinic.pass(PROBE_AFTER_MS[0]);
  // It had been late once already.
  clinic.db.prepare('UPDATE runs SET is_late = 1 WHERE study_id = ?').run(waiting);
  probe();
  expect([run().isLate, said([waiting])]).toEqual([0, [{ state: 'waiting' }]]);
  expect(clinic.events('run-queued').filter(({ studyId }) => studyId === waiting)).toHaveLength(2);
  clinic.pass(aManifest().toleranceMs - 1);
  clinic.runJobs({ [TOLERANCE_JOB]: markRunLate });
  expect(run().isLate).toBe(0);
  clinic.pass(1);
  clinic.runJobs({ [TOLERANCE_JOB]: markRunLate });
  expect([run().isLate, said([waiting])]).toEqual([1, [{ state: 'late', startedAtMs: null }]]);
});
