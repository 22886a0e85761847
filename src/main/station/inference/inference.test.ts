import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AiStatus, NotRunReason } from '../../../shared/domain/ai-status.ts';
import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import { getStudyCard, promoteStudy } from '../archive/index.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { type Consumer, followLedger } from '../platform/ledger/follow.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { finish, finishNext, installed, startNext, packageOf } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import {
  aiStatus,
  countOpenRuns,
  findFinding,
  inferenceConsumer,
  installModels,
  listFindings,
  listFlagsOfRun,
  listQualityRemarks,
  listModels,
  isSilentRun,
  listRuns,
  markRunLate,
  recoverRuns,
  setUses,
  TOLERANCE_JOB,
} from './index.ts';
import { exposeModels } from './expose-models.ts';
import { listExposedModels, recordVerification } from './models.ts';
import { packageDigest } from './package-digest.ts';
import { failRun, failRunsWithoutModel, startRun } from './record-run.ts';
import { supersedeOutdated } from './supersede-runs.ts';
import { nextQueuedRun } from './run-order.ts';

const digestOf = (manifest: ModelManifest | undefined) => (manifest === undefined ? '' : packageDigest(manifest));

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

const VOLUME = [1, 2, 3, 4, 5, 6, 7, 8];
const follow = () =>
  followLedger(clinic.db, [inferenceConsumer], { clock: clinic.archive.clock, log: clinic.log }).catchUp();
async function sendHead(callingAe: 'CT1' | 'PACS' | 'SOUTH' = 'CT1', changes = {}) {
  const id = await clinic.send(
    VOLUME.map((n) => aSlice(n, changes)),
    callingAe,
  );
  follow();
  return id;
}
const sendLate = async (n: number) => {
  await clinic.send([aSlice(n)]);
  follow();
};
const rows = (table: string) => clinic.db.prepare(`SELECT * FROM ${table}`).all();
const NO_FLAG = { state: 'no-flag', readSeries: 1, eligibleSeries: 1 };
const states = () =>
  clinic.db.prepare('SELECT study_revision AS revision, state FROM runs ORDER BY queued_at_ms, study_revision').all();
const fail = (runId: string, reason: NotRunReason) => failRun(clinic.db, runId, reason, clinic.nowMs());

test('a complete new study is owed one run of every model that fits it, with the reasons for its series', async () => {
  installed(clinic, 'general', { id: 'one' }, { id: 'two' }, { id: 'chest', appliesTo: { bodyParts: ['CHEST'] } });
  const id = await sendHead();
  expect(
    listRuns(clinic.db, id).map(({ model, state, revision, seriesChoice }) => [
      model.id,
      state,
      revision,
      seriesChoice[0],
    ]),
  ).toEqual([
    ['one', 'queued', 8, 'eligible 1 of 1 series'],
    ['two', 'queued', 8, 'eligible 1 of 1 series'],
  ]);
  expect(clinic.events('run-queued').map(({ studyId }) => studyId)).toEqual([id, id]);
  expect(countOpenRuns(clinic.db, true)).toEqual({ queued: 2, running: 0 });
});

test('owes nothing twice: replayed from the first event, rows and events stay as they are', async () => {
  installed(clinic, 'general', { id: 'one' });
  await sendHead();
  finishNext(clinic, 0.9);
  await sendLate(9);
  await sendHead('CT1', {
    StudyInstanceUID: '1.2.77',
    BodyPartExamined: 'CHEST',
    StudyDescription: 'CT Chest',
    SeriesDescription: 'x',
  });
  const before = ['runs', 'findings', 'study_applicability', 'jobs'].map(rows);
  const events = clinic.events().length;
  clinic.db.exec('UPDATE cursors SET seq = 0');
  follow();
  expect(['runs', 'findings', 'study_applicability', 'jobs'].map(rows)).toEqual(before);
  expect(clinic.events()).toHaveLength(events);
});

test('comparison studies are owed nothing until a person promotes them', async () => {
  installed(clinic, 'general', {});
  const id = await sendHead('PACS');
  expect([rows('runs'), aiStatus(clinic.db, id)]).toEqual([[], { state: 'not-applicable', reason: 'comparison' }]);
  promoteStudy(clinic.db, {
    siteId: clinic.north.siteId,
    studyId: id,
    actor: { kind: 'user', id: 'u' },
    atMs: clinic.nowMs(),
  });
  follow();
  expect([states(), aiStatus(clinic.db, id)]).toEqual([[{ revision: 8, state: 'queued' }], { state: 'waiting' }]);
});

test('a study reopened before its completion was consumed is owed its runs when it is complete again', async () => {
  installed(clinic, 'general', {});
  const id = await clinic.send(VOLUME.map((n) => aSlice(n)));
  const association = clinic.associate();
  await clinic.receive(association, aSlice(9));
  follow();
  expect([states(), aiStatus(clinic.db, id)]).toEqual([[], { state: 'awaiting-images' }]);
  clinic.end(association);
  clinic.pass(5000);
  clinic.runJobs();
  follow();
  expect(states()).toEqual([{ revision: 9, state: 'queued' }]);
});

test.each([
  [0.5, 1],
  [0.99, 1],
  [0.499, 0],
  [0, 0],
])('a probability of %d makes %i findings of a label flagged from 0.5 on', async (score, findings) => {
  installed(clinic, 'general', {});
  const id = await sendHead();
  const run = finishNext(clinic, score);
  expect(listFindings(clinic.db, id)).toHaveLength(findings);
  expect(clinic.events('run-finished')).toMatchObject([
    { payload: { runId: run.runId, provider: 'cpu', revision: 8 } },
  ]);
  expect(clinic.events('run-finished')[0]?.payload.findingIds).toHaveLength(findings);
  expect(aiStatus(clinic.db, id).state).toBe(findings === 1 ? 'flagged' : 'no-flag');
});

test('a finding says what the model said of which series and revision, and is unverified', async () => {
  installed(clinic, 'general', {});
  const id = await sendHead();
  const run = finishNext(clinic, 0.9);
  const [finding] = listFindings(clinic.db, id);
  expect(finding).toMatchObject({
    ...{ studyId: id, runId: run.runId, seriesId: run.seriesId, revision: 8, state: 'unverified', stage: 'general' },
    label: { code: '1386000', scheme: 'SCT', display: 'Blood' },
    ...{ category: 1, score: 0.9, threshold: 0.5, uses: ['flag', 'mark', 'measure'], keyImage: null, parts: [] },
    ...{
      standing: 'flagged',
      judgedBy: { score: 'probability', unit: null, stacks: 1, flagWhen: 'at-least', flagFrom: 0.5 },
    },
    measurements: [{ code: '118565006', display: 'Volume', value: 12.5, unit: 'mL' }],
  });
  expect(findFinding(clinic.db, finding?.findingId ?? '')).toEqual(finding);
});

test('what a silent model says is invisible: no finding, no flag, no run, no state of its own', async () => {
  installed(clinic, 'silent', {});
  const id = await sendHead();
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'no-model' });
  const run = finishNext(clinic, 0.9);
  const [stored] = rows('findings') as { finding_id: string }[];
  expect(stored).toBeDefined();
  expect(listFindings(clinic.db, id)).toEqual([]);
  expect(findFinding(clinic.db, stored?.finding_id ?? '')).toBeNull();
  expect(listFlagsOfRun(clinic.db, run.runId)).toEqual([]);
  expect(listRuns(clinic.db, id)).toEqual([]);
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'no-model' });
});

test('a silent model does not show by what it could not read, nor hide what a visible one could not', async () => {
  installed(clinic, 'silent', { id: 'silent', appliesTo: { slices: { min: 50, max: 100 } } });
  const unread = await sendHead();
  expect(aiStatus(clinic.db, unread)).toEqual({ state: 'no-model' });
  installed(clinic, 'silent', { id: 'silent-too' });
  installed(clinic, 'general', { id: 'visible', appliesTo: { slices: { min: 50, max: 100 } } });
  const second = await sendHead('CT1', { StudyInstanceUID: '1.2.78' });
  expect(aiStatus(clinic.db, second)).toEqual({ state: 'not-run', reason: 'no-eligible-series' });
});

test('a visible model made for the exam that found no series to read is said beside one that flagged nothing', async () => {
  installed(clinic, 'general', { id: 'reads' }, { id: 'cannot', appliesTo: { slices: { min: 50, max: 100 } } });
  const id = await sendHead();
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'waiting' });
  const run = finishNext(clinic, 0.1);
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'not-run', reason: 'no-eligible-series' });
  clinic.db.prepare("UPDATE runs SET state = 'running', receipt = NULL WHERE run_id = ?").run(run.runId);
  finish(clinic, run, 0.9);
  expect(aiStatus(clinic.db, id).state).toBe('flagged');
});

test('a silent model that found no series to read does not show by it', async () => {
  installed(clinic, 'general', { id: 'reads' });
  installed(clinic, 'silent', { id: 'cannot', appliesTo: { slices: { min: 50, max: 100 } } });
  const id = await sendHead();
  finishNext(clinic, 0.1);
  expect(aiStatus(clinic.db, id)).toEqual(NO_FLAG);
});

test('no flag says how many of the series that could be read were', async () => {
  installed(clinic, 'general', {});
  const second = VOLUME.map((n) =>
    aSlice(n, { SeriesInstanceUID: '1.2.10.2', SOPInstanceUID: `1.2.10.2.${n}`, SeriesNumber: 2 }),
  );
  const id = await clinic.send([...VOLUME.map((n) => aSlice(n)), ...second]);
  follow();
  finishNext(clinic, 0.1);
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'no-flag', readSeries: 1, eligibleSeries: 2 });
});

test('a complete study whose completion was set aside says that AI did not run, and before that that it waits', async () => {
  installed(clinic, 'general', {});
  const id = await clinic.send(VOLUME.map((n) => aSlice(n)));
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'waiting' });
  const failing = {
    ...inferenceConsumer,
    handle() {
      throw new Error('a bug');
    },
  };
  const changed: (string | null)[] = [];
  const watching: Consumer = {
    name: 'watching',
    startsFrom: 'beginning',
    handle: (_db, event) => void (event.kind === 'event-parked' && changed.push(event.studyId)),
  };
  followLedger(clinic.db, [failing, watching], { clock: clinic.archive.clock, log: clinic.log }).catchUp();
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'not-run', reason: 'internal' });
  // Its row is built anew by the news of it.
  expect(changed).toContain(id);
});

test('outside a demo nothing shows of a model for no clinical use, whatever stage stands on record', async () => {
  installed(clinic, 'general', {});
  const id = await sendHead();
  const run = finishNext(clinic, 0.9);
  expect([aiStatus(clinic.db, id).state, isSilentRun(clinic.db, run.runId)]).toEqual(['flagged', false]);
  exposeModels(clinic.db, clinic.north.siteId, false, 0);
  expect([listFindings(clinic.db, id), listRuns(clinic.db, id), listFlagsOfRun(clinic.db, run.runId)]).toEqual([
    [],
    [],
    [],
  ]);
  expect([aiStatus(clinic.db, id), isSilentRun(clinic.db, run.runId)]).toEqual([{ state: 'no-model' }, true]);
  expect(listExposedModels(clinic.db, clinic.north.siteId).map(({ stage }) => stage)).toEqual(['silent']);
});

test('what a newer package of a model says takes the place of what the older one said of an earlier revision', async () => {
  const [manifest] = installed(clinic, 'general', {});
  const id = await sendHead();
  finishNext(clinic, 0.9);
  if (manifest === undefined) throw new Error('no model');
  const newer = { ...manifest, version: '1.1.0' };
  installModels(clinic.db, [packageOf(newer)], 1);
  exposeModels(clinic.db, clinic.north.siteId, true, 1);
  recordVerification(clinic.db, digestOf(newer), { holds: true, provider: 'cpu', goldenCases: 1 }, 1);
  expect(listFindings(clinic.db, id).map((finding) => finding.model.version)).toEqual(['1.0.0']);
  await sendLate(9);
  finishNext(clinic, 0.1);
  expect(listFindings(clinic.db, id).map(({ state }) => state)).toEqual(['superseded']);
  expect(aiStatus(clinic.db, id)).toEqual(NO_FLAG);
});

test('a run that is queued when its study is complete at a newer revision is superseded instead of done', async () => {
  installed(clinic, 'general', {});
  await sendHead();
  const older = nextQueuedRun(clinic.db, clinic.nowMs());
  await sendLate(9);
  if (older === null) throw new Error('no run waits');
  expect([supersedeOutdated(clinic.db, older), supersedeOutdated(clinic.db, older)]).toEqual([true, false]);
  expect(states()).toEqual([
    { revision: 8, state: 'superseded' },
    { revision: 9, state: 'queued' },
  ]);
});

test('a model that may not flag makes findings that raise nobody', async () => {
  installed(clinic, 'general', { uses: ['measure'] });
  const id = await sendHead();
  const run = finishNext(clinic, 0.9);
  expect([listFindings(clinic.db, id).length, listFlagsOfRun(clinic.db, run.runId), aiStatus(clinic.db, id)]).toEqual([
    1,
    [],
    { state: 'no-model' },
  ]);
});

test('late images re-run the model, and what it says then takes the place of what it said before', async () => {
  installed(clinic, 'general', {});
  const id = await sendHead();
  finishNext(clinic, 0.9);
  await sendLate(9);
  expect(aiStatus(clinic.db, id).state).toBe('flagged');
  finishNext(clinic, 0.1);
  expect(listFindings(clinic.db, id).map(({ state, revision }) => [state, revision])).toEqual([['superseded', 8]]);
  expect([states(), aiStatus(clinic.db, id)]).toEqual([
    [
      { revision: 8, state: 'superseded' },
      { revision: 9, state: 'finished' },
    ],
    NO_FLAG,
  ]);
});

test('an older run that ends after the newer one says nothing any more', async () => {
  installed(clinic, 'general', {});
  const id = await sendHead();
  const older = startNext(clinic);
  await sendLate(9);
  finishNext(clinic, 0.1);
  finish(clinic, older, 0.9);
  expect(listFindings(clinic.db, id)).toEqual([]);
  expect(aiStatus(clinic.db, id)).toEqual(NO_FLAG);
});

test('a decided finding of an earlier revision is not superseded', async () => {
  installed(clinic, 'general', {});
  const id = await sendHead();
  finishNext(clinic, 0.9);
  clinic.db.exec("UPDATE findings SET state = 'accepted'");
  await sendLate(9);
  finishNext(clinic, 0.1);
  expect(listFindings(clinic.db, id).map(({ state }) => state)).toEqual(['accepted']);
});

test('a failure that a retry can help is tried twice more, then final; each attempt is an event', async () => {
  installed(clinic, 'general', {});
  const id = await sendHead();
  const run = startNext(clinic);
  fail(run.runId, 'runner-crashed');
  expect([states(), aiStatus(clinic.db, id)]).toEqual([[{ revision: 8, state: 'queued' }], { state: 'waiting' }]);
  startNext(clinic);
  fail(run.runId, 'runner-crashed');
  startNext(clinic);
  fail(run.runId, 'runner-crashed');
  expect([states(), aiStatus(clinic.db, id)]).toEqual([
    [{ revision: 8, state: 'failed' }],
    { state: 'not-run', reason: 'runner-crashed' },
  ]);
  expect(clinic.events('run-failed').map(({ payload }) => [payload.attempt, payload.final])).toEqual([
    [1, false],
    [2, false],
    [3, true],
  ]);
  fail(run.runId, 'internal');
  expect(clinic.events('run-failed')).toHaveLength(3);
});

test('a failure of the pixels is final at once', async () => {
  installed(clinic, 'general', {});
  const id = await sendHead();
  fail(startNext(clinic).runId, 'uneven-spacing');
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'not-run', reason: 'uneven-spacing' });
  expect(rows('jobs').filter((job) => (job as { kind: string }).kind === TOLERANCE_JOB)).toEqual([]);
});

test('runs that a killed station left running are owed again, and one that is left so each time is given up', async () => {
  installed(clinic, 'general', {});
  const id = await sendHead();
  for (const starts of [1, 2]) {
    startNext(clinic);
    recoverRuns(clinic.db, clinic.nowMs());
    expect([states(), countOpenRuns(clinic.db, true)]).toEqual([
      [{ revision: 8, state: 'queued' }],
      { queued: 1, running: 0 },
    ]);
    expect(nextQueuedRun(clinic.db, clinic.nowMs())).toMatchObject({ attempts: starts });
  }
  startNext(clinic);
  recoverRuns(clinic.db, clinic.nowMs());
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'not-run', reason: 'runner-crashed' });
  expect(nextQueuedRun(clinic.db, clinic.nowMs())).toBeNull();
  recoverRuns(clinic.db, clinic.nowMs());
  expect(clinic.events('run-failed').map(({ payload }) => [payload['attempt'], payload['final']])).toEqual([
    [1, false],
    [2, false],
    [3, true],
  ]);
});

test('runs of a model that is broken or gone say so instead of waiting for ever', async () => {
  const [manifest] = installed(clinic, 'general', {});
  const id = await sendHead();
  recordVerification(clinic.db, digestOf(manifest), { holds: false, provider: 'cpu', goldenCases: 1 }, 0);
  expect(nextQueuedRun(clinic.db, clinic.nowMs())).toBeNull();
  failRunsWithoutModel(clinic.db, clinic.nowMs());
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'not-run', reason: 'model-unavailable' });
  installModels(clinic.db, [], 0);
  expect(listModels(clinic.db).map(({ state }) => state)).toEqual(['gone']);
});

test('a model that is shown and whose package is gone is missed by studies that come, whatever another says of them', async () => {
  const [, other] = installed(clinic, 'general', { id: 'lost' }, { id: 'other' });
  installModels(clinic.db, other === undefined ? [] : [packageOf(other)], 0);
  recordVerification(clinic.db, digestOf(other), { holds: true, provider: 'cpu', goldenCases: 1 }, 0);
  const id = await sendHead();
  finishNext(clinic, 0.1);
  failRunsWithoutModel(clinic.db, clinic.nowMs());
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'not-run', reason: 'model-unavailable' });
});

test('no flag is said of models that may flag alone', async () => {
  const [, quality] = installed(clinic, 'general', { id: 'flags' }, { id: 'quality', uses: ['quality'] });
  const [first, second] = listModels(clinic.db);
  const flags = first?.digest === digestOf(quality) ? second : first;
  const act = { siteId: clinic.north.siteId, digest: flags?.digest ?? '', reason: 'a test', atMs: clinic.nowMs() };
  expect(setUses(clinic.db, { ...act, uses: ['measure'], actor: serviceActor('test') }).ok).toBe(true);
  const id = await sendHead();
  finishNext(clinic, 0.9);
  finishNext(clinic, 0.9);
  // Both found something, and neither may say so on the row: that is no word of having found nothing.
  expect(listFindings(clinic.db, id)).toMatchObject([{ uses: ['measure'] }]);
  expect(listQualityRemarks(clinic.db, id, null)).toMatchObject([{ standing: 'remark', uses: ['quality'] }]);
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'no-model' });
  setUses(clinic.db, { ...act, uses: ['flag', 'measure'], actor: serviceActor('test') });
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'no-model' });
});

test('a model for quality alone neither flags nor keeps the row from its word', async () => {
  installed(clinic, 'general', { id: 'flags' }, { id: 'quality', uses: ['quality'] });
  const id = await sendHead();
  for (const _ of [1, 2]) {
    const run = startNext(clinic);
    const isQuality = listModels(clinic.db).some(
      ({ digest, manifest }) => digest === run.modelDigest && manifest.id === 'quality',
    );
    if (isQuality) failRun(clinic.db, run.runId, 'uneven-spacing', clinic.nowMs());
    else finish(clinic, run, 0.1);
  }
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'no-flag', readSeries: 1, eligibleSeries: 1 });
});

test('a run waits for its model to be verified', async () => {
  const [manifest] = installed(clinic, 'general', {});
  await sendHead();
  installModels(clinic.db, manifest === undefined ? [] : [packageOf(manifest)], 0);
  expect(nextQueuedRun(clinic.db, clinic.nowMs())).toBeNull();
  recordVerification(clinic.db, digestOf(manifest), { holds: true, provider: 'cpu', goldenCases: 1 }, 0);
  expect(nextQueuedRun(clinic.db, clinic.nowMs())).not.toBeNull();
});

test('a run is started once', async () => {
  installed(clinic, 'general', {});
  await sendHead();
  const run = nextQueuedRun(clinic.db, clinic.nowMs());
  if (run === null) throw new Error('no run waits');
  expect([startRun(clinic.db, run, 1), startRun(clinic.db, run, 2)]).toEqual([true, false]);
  expect(clinic.events('run-started')).toHaveLength(1);
});

test('past its tolerance the row stands unflagged while the run goes on, and a flag still comes', async () => {
  installed(clinic, 'general', {});
  const id = await sendHead();
  const run = startNext(clinic);
  const startedAtMs = clinic.nowMs();
  clinic.pass(9999);
  clinic.runJobs({ [TOLERANCE_JOB]: markRunLate });
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'running', startedAtMs });
  clinic.pass(501);
  clinic.runJobs({ [TOLERANCE_JOB]: markRunLate });
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'late', startedAtMs });
  expect(clinic.events('run-late')).toMatchObject([
    { studyId: id, payload: { runId: run.runId }, atMs: clinic.nowMs() },
  ]);
  finish(clinic, run, 0.9);
  expect(aiStatus(clinic.db, id).state).toBe('flagged');
});

test('a run that ended in time is never late', async () => {
  installed(clinic, 'general', {});
  const id = await sendHead();
  finishNext(clinic, 0.1);
  clinic.pass(20_000);
  clinic.runJobs({ [TOLERANCE_JOB]: markRunLate });
  expect([clinic.events('run-late'), aiStatus(clinic.db, id)]).toEqual([[], NO_FLAG]);
});

/** Every state of two runs of one study, and what the row says: never "no flag" while one is open or failed. */
type RunState = 'queued' | 'running' | 'late' | 'unflagged' | 'flagged' | 'failed';
const SAID: Readonly<Record<RunState, Readonly<Record<RunState, AiStatus['state']>>>> = {
  queued: {
    queued: 'waiting',
    running: 'running',
    late: 'late',
    unflagged: 'waiting',
    flagged: 'flagged',
    failed: 'waiting',
  },
  running: {
    queued: 'running',
    running: 'running',
    late: 'late',
    unflagged: 'running',
    flagged: 'flagged',
    failed: 'running',
  },
  late: { queued: 'late', running: 'late', late: 'late', unflagged: 'late', flagged: 'flagged', failed: 'late' },
  unflagged: {
    queued: 'waiting',
    running: 'running',
    late: 'late',
    unflagged: 'no-flag',
    flagged: 'flagged',
    failed: 'not-run',
  },
  flagged: {
    queued: 'flagged',
    running: 'flagged',
    late: 'flagged',
    unflagged: 'flagged',
    flagged: 'flagged',
    failed: 'flagged',
  },
  failed: {
    queued: 'waiting',
    running: 'running',
    late: 'late',
    unflagged: 'not-run',
    flagged: 'flagged',
    failed: 'not-run',
  },
};

test('the row says what two models together allow, for every pair of states', async () => {
  installed(clinic, 'general', { id: 'one' }, { id: 'two' });
  const id = await sendHead();
  const runs = [startNext(clinic), startNext(clinic)] as const;
  const reset = "UPDATE runs SET state = 'running', receipt = NULL, reason = NULL, is_late = 0; DELETE FROM findings";
  const bring: Readonly<Record<RunState, (run: (typeof runs)[number]) => void>> = {
    queued: ({ runId }) =>
      clinic.db.prepare("UPDATE runs SET state = 'queued', started_at_ms = NULL WHERE run_id = ?").run(runId),
    running: ({ runId }) => clinic.db.prepare('UPDATE runs SET started_at_ms = 5 WHERE run_id = ?').run(runId),
    late: ({ runId }) => clinic.db.prepare('UPDATE runs SET is_late = 1 WHERE run_id = ?').run(runId),
    unflagged: (run) => finish(clinic, run, 0.1),
    flagged: (run) => finish(clinic, run, 0.9),
    failed: ({ runId }) => fail(runId, 'model-failed'),
  };
  const said: Record<string, Record<string, string>> = {};
  for (const one of Object.keys(bring) as RunState[]) {
    for (const two of Object.keys(bring) as RunState[]) {
      clinic.db.exec(reset);
      bring[one](runs[0]);
      bring[two](runs[1]);
      (said[one] ??= {})[two] = aiStatus(clinic.db, id).state;
    }
  }
  expect(said).toEqual(SAID);
});

test('before images are complete, and without a model, the row says so', async () => {
  installed(clinic, 'general', {});
  const association = clinic.associate();
  await clinic.receive(association, aSlice(1));
  const id = String(clinic.events('instance-received')[0]?.studyId);
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'awaiting-images' });
  const chest = await sendHead('CT1', {
    StudyInstanceUID: '1.2.79',
    BodyPartExamined: 'CHEST',
    StudyDescription: 'CT Chest',
    SeriesDescription: 'x',
  });
  expect(aiStatus(clinic.db, chest)).toEqual({ state: 'no-model' });
  expect(clinic.events('run-not-queued')).toMatchObject([
    { studyId: chest, payload: { reason: 'no-model', revision: 8 } },
  ]);
});

test('models are exposed site by site, silent unless this is a demo, and what a person decided stays', () => {
  const [manifest] = installed(clinic, 'silent', {});
  const stages = () =>
    [clinic.north, clinic.south].map(({ siteId }) => listExposedModels(clinic.db, siteId).map(({ stage }) => stage));
  expect(stages()).toEqual([['silent'], ['silent']]);
  clinic.db.prepare("UPDATE model_exposures SET stage = 'suspended' WHERE site_id = ?").run(clinic.north.siteId);
  exposeModels(clinic.db, clinic.north.siteId, true, 0);
  expect(stages()).toEqual([[], ['silent']]);
  expect(clinic.events('model-exposed')).toHaveLength(2);
  expect(clinic.events('model-installed')).toMatchObject([{ siteId: null, payload: { digest: digestOf(manifest) } }]);
});

test('a study of another site is read by that site’s models only', async () => {
  installed(clinic, 'general', {});
  clinic.db.prepare('DELETE FROM model_exposures WHERE site_id = ?').run(clinic.south.siteId);
  const south = await sendHead('SOUTH');
  expect(getStudyCard(clinic.db, south).siteId).toBe(clinic.south.siteId);
  expect([rows('runs'), aiStatus(clinic.db, south)]).toEqual([[], { state: 'no-model' }]);
});
