import { afterEach, beforeEach, expect, test } from 'vitest';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { finish, installed, startNext } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { followInference, sendHeadCt } from '../testing/ward.ts';
import { findFed, keepForOthers, LIST_FEEDERS } from './feeding-runs.ts';
import { findModel, listModels } from './models.ts';
import { TOLERANCE_JOB } from './queue-runs.ts';
import { failRun, failRunsWithoutModel, markRunLate } from './record-run.ts';
import { nextQueuedRun, setRunPriority } from './run-order.ts';
import { getRun, type Run } from './run-rows.ts';
import { aiStatus } from './study-ai-status.ts';
import {
  createFeedSettler,
  type FeedSettler,
  LIST_LEFT_UNFED,
  LIST_LEFT_UNFED_OF,
  LIST_WAITING,
  LIST_WAITING_OF,
} from './settle-feeds.ts';

let clinic: Clinic;
let feeds: FeedSettler;
beforeEach(() => {
  clinic = openClinic();
  feeds = createFeedSettler(clinic.db);
});
afterEach(() => clinic.close());

const FEEDS = [{ id: 'lungs', model: 'feeder', versions: { from: '1.0.0', below: '2.0.0' } }];
const manifestOf = (digest: string) => findModel(clinic.db, digest)?.manifest ?? null;
const settle = () => feeds.some(clinic.nowMs());
const next = () => nextQueuedRun(clinic.db, clinic.nowMs());
const nameOf = (run: Pick<Run, 'modelDigest'>) =>
  listModels(clinic.db).find(({ digest }) => digest === run.modelDigest)?.manifest.id;
const runOf = (model: string) =>
  getRun(
    clinic.db,
    (
      clinic.db
        .prepare('SELECT run_id AS runId FROM runs r JOIN models m ON m.digest = r.model_digest WHERE m.model_id = ?')
        .get(model) as { runId: string }
    ).runId,
  );
const nextFedOf = (studyId: string) =>
  clinic.db
    .prepare(
      "SELECT r.state FROM runs r JOIN models m ON m.digest = r.model_digest WHERE r.study_id = ? AND m.model_id = 'fed'",
    )
    .pluck()
    .get(studyId);
const receiptOf = (runId: string) =>
  JSON.parse(
    (
      clinic.db.prepare('SELECT receipt FROM run_attempts WHERE run_id = ? ORDER BY ordinal DESC').get(runId) as {
        receipt: string;
      }
    ).receipt,
  ) as { reason: string; needs?: string[] };

async function owe(): Promise<void> {
  await sendHeadCt(clinic, 1);
  followInference(clinic);
}

test('a model waits for the one that feeds it, whatever is more urgent, and is given its scores by the run', async () => {
  installed(clinic, 'general', { id: 'fed', category: 1, feeds: FEEDS }, { id: 'feeder', category: 3 });
  await owe();
  expect(settle()).toBe(false);
  const first = next() as Run;
  expect(nameOf(first)).toBe('feeder');
  finish(clinic, startNext(clinic), 0.25);
  expect(next()).toBeNull();
  expect(settle()).toBe(true);
  const second = next() as Run;
  expect(nameOf(second)).toBe('fed');
  expect(findFed(clinic.db, second, { feeds: manifestOf(second.modelDigest)?.feeds ?? [] })).toEqual([
    {
      ...{ id: 'lungs', runId: first.runId, isOfSameSeries: true },
      ...{ scores: [{ label: 'bleed', score: 0.25 }], masks: [], boxes: [], features: [] },
    },
  ]);
});

test('of the boxes kept for others no label is crowded out by another; where one is missing altogether none are told', async () => {
  installed(clinic, 'general', { id: 'fed', feeds: FEEDS }, { id: 'feeder' });
  await owe();
  const box = (label: string, score: number) => ({
    ...{ tensor: 'boxes', label, score, sizeMm: [null, null, null] as [null, null, null], diameterMm: null },
    key: { sopUid: '1.2', frameNumber: 1, centreMm: null },
    frames: [{ sopUid: '1.2', frameNumber: 1, left: 0, top: 0, right: 1, bottom: 1 }],
    volumeMl: null,
  });
  const many = [...Array.from({ length: 250 }, () => box('lump', 0.9)), box('spot', 0.2), box('spot', 0.6)];
  const count = (label: string) => ({ label, count: 2, best: 0.9 });
  const run = next() as Run;
  const kept = (boxLabels: ReturnType<typeof count>[]) => {
    clinic.db.exec('DELETE FROM run_feeds');
    const model = manifestOf(run.modelDigest);
    if (model === null) throw new Error('no model');
    keepForOthers(clinic.db, run, model, { masks: [], boxes: many, boxLabels });
    const text = clinic.db.prepare('SELECT kept FROM run_feeds').pluck().get() as string;
    return (JSON.parse(text) as { boxes?: { label: string; score: number }[] }).boxes;
  };
  const whole = kept([count('lump'), count('spot')]);
  expect(whole).toHaveLength(200);
  expect(whole?.filter(({ label }) => label === 'spot').map(({ score }) => score)).toEqual([0.6]);
  expect(kept([count('lump'), count('spot'), count('dot')])).toBeUndefined();
});

test('where the feeding model has no result the fed one is not run and says which it needs; it is owed anew once there is one', async () => {
  installed(clinic, 'general', { id: 'fed', feeds: FEEDS }, { id: 'feeder' });
  await owe();
  const feeder = startNext(clinic);
  failRun(clinic.db, feeder.runId, 'bad-output', clinic.nowMs());
  expect(settle()).toBe(true);
  const { runId } = runOf('fed');
  expect(getRun(clinic.db, runId).state).toBe('failed');
  expect(receiptOf(runId)).toMatchObject({ reason: 'feed-not-run', needs: ['feeder'] });
  expect(settle()).toBe(false);
  clinic.db.prepare("UPDATE runs SET state = 'queued', reason = NULL WHERE run_id = ?").run(feeder.runId);
  finish(clinic, startNext(clinic), 0.4);
  expect(settle()).toBe(true);
  expect(next()?.runId).toBe(runId);
});

test('one that is not installed, or of another version, feeds nothing', async () => {
  installed(
    clinic,
    'general',
    { id: 'fed', feeds: [{ id: 'lungs', model: 'feeder', versions: { from: '1.0.1', below: '2.0.0' } }] },
    { id: 'feeder' },
  );
  await owe();
  finish(clinic, startNext(clinic), 0.4);
  settle();
  expect(receiptOf(runOf('fed').runId)).toMatchObject({ needs: ['feeder'] });
});

test.each([
  ['general', 'silent', 'none'],
  ['silent', 'general', 'fed'],
  ['silent', 'silent', 'fed'],
  ['general', 'general', 'fed'],
] as const)('a %s run fed by a %s one: %s', async (stage, feeding, expected) => {
  installed(clinic, 'general', { id: 'fed', feeds: FEEDS }, { id: 'feeder' });
  await owe();
  finish(clinic, startNext(clinic), 0.4);
  const set = clinic.db.prepare('UPDATE runs SET stage = ? WHERE run_id = ?');
  set.run(stage, runOf('fed').runId);
  set.run(feeding, runOf('feeder').runId);
  settle();
  expect(getRun(clinic.db, runOf('fed').runId).state).toBe(expected === 'fed' ? 'queued' : 'failed');
});

test('what a pilot shows to some feeds only what shows to no one else', async () => {
  installed(clinic, 'general', { id: 'fed', feeds: FEEDS }, { id: 'feeder' });
  await owe();
  finish(clinic, startNext(clinic), 0.4);
  const set = clinic.db.prepare('UPDATE runs SET audience = ? WHERE run_id = ?');
  const fed = runOf('fed');
  const isFed = () => findFed(clinic.db, fed, { feeds: manifestOf(fed.modelDigest)?.feeds ?? [] }) !== null;
  set.run('["a","b"]', runOf('feeder').runId);
  expect(isFed()).toBe(false);
  set.run('["b"]', fed.runId);
  expect(isFed()).toBe(true);
  set.run('["b","c"]', fed.runId);
  expect(isFed()).toBe(false);
});

test('a row says that a run waits while it waits for another model, and that it is late once it is', async () => {
  installed(clinic, 'general', { id: 'fed', feeds: FEEDS }, { id: 'feeder', uses: ['measure'] });
  await owe();
  const { studyId, runId } = runOf('fed');
  expect(aiStatus(clinic.db, studyId)).toEqual({ state: 'waiting' });
  startNext(clinic);
  expect(aiStatus(clinic.db, studyId)).toEqual({ state: 'waiting' });
  clinic.pass(10_000);
  clinic.runJobs({ [TOLERANCE_JOB]: markRunLate });
  expect(aiStatus(clinic.db, studyId)).toEqual({ state: 'late', startedAtMs: null });
  failRun(clinic.db, runOf('feeder').runId, 'bad-output', clinic.nowMs());
  feeds.ofStudy(studyId, clinic.nowMs());
  expect([getRun(clinic.db, runId).state, aiStatus(clinic.db, studyId)]).toEqual([
    ...['failed', { state: 'not-run', reason: 'feed-not-run' }],
  ]);
});

test('however many wait before it, a run goes on at once when what its own study fed it has ended', async () => {
  installed(clinic, 'general', { id: 'fed', feeds: FEEDS }, { id: 'feeder' });
  for (let n = 1; n <= 51; n += 1) await sendHeadCt(clinic, n);
  const urgent = await sendHeadCt(clinic, 52);
  setRunPriority(clinic.db, urgent, 'triage', 'stat', clinic.nowMs());
  const feeder = startNext(clinic);
  expect(feeder.studyId).toBe(urgent);
  finish(clinic, feeder, 0.4);
  expect(feeds.ofStudy(urgent, clinic.nowMs())).toBe(true);
  expect([next()?.studyId, nameOf(next() as Run)]).toEqual([urgent, 'fed']);
});

test('runs that wait long, or are never fed, keep no other from being looked at', async () => {
  installed(clinic, 'general', { id: 'fed', feeds: FEEDS }, { id: 'feeder' });
  for (let n = 1; n <= 51; n += 1) await sendHeadCt(clinic, n);
  const last = await sendHeadCt(clinic, 52);
  const ofLast = "study_id = ? AND model_digest = (SELECT digest FROM models WHERE model_id = 'feeder')";
  const endFeeder = clinic.db.prepare(
    `UPDATE runs SET state = 'finished', receipt = '{}', reason = NULL WHERE ${ofLast}`,
  );
  endFeeder.run(last);
  expect([settle(), settle()]).toEqual([false, true]);
  expect(nextFedOf(last)).toBe('queued');
  // All others end for want of an answer; the last, whose feeder answers then, is beyond the first window of those too.
  clinic.db.exec(
    "UPDATE runs SET state = 'failed', reason = 'bad-output', receipt = NULL WHERE model_digest = (SELECT digest FROM models WHERE model_id = 'feeder')",
  );
  clinic.db
    .prepare("UPDATE runs SET is_resting = 1, waits_for_feeds = 1 WHERE study_id = ? AND state = 'queued'")
    .run(last);
  while (settle());
  expect(nextFedOf(last)).toBe('failed');
  endFeeder.run(last);
  expect([settle(), settle()]).toContain(true);
  expect(nextFedOf(last)).toBe('queued');
});

test('models that wait for each other, or for themselves, are not run and say so', async () => {
  const feed = (model: string) => [{ id: 'other', model }];
  installed(
    clinic,
    'general',
    ...[
      { id: 'one', feeds: feed('two') },
      { id: 'two', feeds: feed('three') },
      { id: 'three', feeds: feed('one') },
      { id: 'itself', feeds: feed('itself') },
      { id: 'behind', feeds: feed('two') },
    ],
  );
  await owe();
  for (let turn = 0; turn < 3; turn += 1) settle();
  const models = ['one', 'two', 'three', 'itself', 'behind'];
  expect(models.map((model) => receiptOf(runOf(model).runId).reason)).toEqual(models.map(() => 'feed-not-run'));
  expect(aiStatus(clinic.db, runOf('one').studyId)).toEqual({ state: 'not-run', reason: 'feed-not-run' });
});

test('a model waits for one that is fed itself', async () => {
  installed(
    clinic,
    'general',
    { id: 'last', feeds: [{ id: 'other', model: 'fed' }] },
    { id: 'fed', feeds: FEEDS },
    { id: 'feeder' },
  );
  await owe();
  for (const model of ['feeder', 'fed', 'last']) {
    settle();
    const run = startNext(clinic);
    expect(nameOf(run)).toBe(model);
    finish(clinic, run, 0.4);
  }
});

test('a run that waits while its package goes, and its manifest is read no more, ends', async () => {
  installed(clinic, 'general', { id: 'fed', feeds: FEEDS }, { id: 'feeder' });
  await owe();
  const older = "UPDATE models SET manifest = json_set(manifest, '$.schema', 1), state = 'gone' WHERE model_id = 'fed'";
  clinic.db.prepare(older).run();
  settle();
  failRunsWithoutModel(clinic.db, clinic.nowMs());
  expect(getRun(clinic.db, runOf('fed').runId).state).toBe('failed');
});

test('a model that flags nothing itself is as urgent as what it feeds, which goes on in its place', async () => {
  installed(
    clinic,
    'general',
    { id: 'fed', category: 1, feeds: FEEDS },
    { id: 'feeder', uses: ['measure'] },
    { id: 'slow', category: 3 },
  );
  const first = await sendHeadCt(clinic, 1);
  const second = await sendHeadCt(clinic, 2);
  const order: unknown[] = [];
  for (let n = 0; n < 6; n += 1) {
    const run = startNext(clinic);
    order.push([run.studyId === first ? 1 : run.studyId === second ? 2 : 0, nameOf(run)]);
    finish(clinic, run, 0.4);
    feeds.ofStudy(run.studyId, clinic.nowMs());
  }
  expect(order).toEqual([
    [1, 'feeder'],
    [1, 'fed'],
    [2, 'feeder'],
    [2, 'fed'],
    [1, 'slow'],
    [2, 'slow'],
  ]);
});

test('what waits at an older revision gives way, and is not told as not run', async () => {
  installed(clinic, 'general', { id: 'fed', feeds: FEEDS }, { id: 'feeder' });
  const id = await sendHeadCt(clinic, 1);
  await clinic.send([aSlice(6, { StudyInstanceUID: '1.2.50.1', PatientID: 'P1' })]);
  followInference(clinic);
  settle();
  const states = clinic.db
    .prepare('SELECT study_revision, state FROM runs WHERE study_id = ? AND waits_for_feeds = 1 ORDER BY 1')
    .raw()
    .all(id);
  expect(states).toEqual([
    [5, 'superseded'],
    [6, 'queued'],
  ]);
  expect(clinic.events('run-failed')).toEqual([]);
});

test('what waits for others is found by an index', () => {
  expect(planOf(clinic.db, LIST_WAITING).join()).toContain('runs_waiting_for_feeds');
  expect(planOf(clinic.db, LIST_LEFT_UNFED).join()).toContain('runs_without_feed');
  for (const sql of [LIST_WAITING_OF, LIST_LEFT_UNFED_OF])
    expect(planOf(clinic.db, sql).join()).toContain('runs_by_study');
  expect(planOf(clinic.db, LIST_FEEDERS).join()).toContain('runs_by_study');
});
