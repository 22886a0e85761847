import { afterEach, beforeEach, expect, test } from 'vitest';
import { Receipt } from '../../../shared/domain/receipt.ts';
import { findStudyIdByUid, getStudyCard, moveStudy } from '../archive/index.ts';
import { findJobDueAtMs } from '../platform/jobs/jobs.ts';
import { followLedger } from '../platform/ledger/follow.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { finish, finishNext, installed, startNext } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { carryRuns, FIND_FORMER, HAS_FORMER, HAS_OWN } from './carry-run.ts';
import { HAS_RUN_SINCE } from './early-runs.ts';
import { findFed } from './feeding-runs.ts';
import {
  aiStatus,
  beginEarlyRuns,
  checkReceipt,
  EARLY_JOB,
  hasKeptOutputs,
  inferenceConsumer,
  listFindings,
  listFlagsOfRun,
  setRunPriority,
  TOLERANCE_JOB,
} from './index.ts';
import { findRunWithReceipt } from './receipts.ts';
import { failRun } from './record-run.ts';
import { FIND_NEWER_RUN, supersedeOutdated } from './supersede-runs.ts';
import { nextQueuedRun } from './run-order.ts';
import { getRun } from './run-rows.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

const THICK = [1, 2, 3, 4, 5, 6, 7, 8];
/** Preferred by its kernel. */
const SECOND = { SeriesInstanceUID: '1.2.10.2', SeriesNumber: 2, ConvolutionKernel: 'H31s' };
/** No model of these tests reads it. */
const BONE = { SeriesInstanceUID: '1.2.10.3', SeriesNumber: 3, ConvolutionKernel: 'H70h', SliceThickness: 1 };

function follow(): void {
  followLedger(clinic.db, [inferenceConsumer], { clock: clinic.archive.clock, log: clinic.log }).catchUp();
}
/** Lets a study's series become quiet, and what is due happen. */
function quiet(ms = 3000): void {
  follow();
  clinic.pass(ms);
  clinic.runJobs({ [EARLY_JOB]: beginEarlyRuns });
  follow();
}
/** The first images of a study that goes on receiving, and the way to end it with more of them. */
async function receiving(slices: readonly number[] = THICK, changes = {}) {
  const association = clinic.associate();
  await clinic.receive(association, ...slices.map((n) => aSlice(n, changes)));
  const id = findStudyIdByUid(clinic.db, clinic.north.siteId, '1.2.10');
  if (id === null) throw new Error('nothing was filed');
  const complete = async (...more: readonly ReturnType<typeof aSlice>[]) => {
    clinic.end(association);
    await clinic.send(more);
    expect(getStudyCard(clinic.db, id).completeness).not.toBe('receiving');
    follow();
  };
  return { id, association, complete };
}
const runs = () =>
  clinic.db
    .prepare(
      'SELECT run_id AS runId, study_revision AS revision, state, carried_from AS carriedFrom FROM runs ORDER BY rowid',
    )
    .all() as { runId: string; revision: number; state: string; carriedFrom: string | null }[];
const statesOf = () => runs().map(({ revision, state }) => [revision, state]);
const receiptOf = (runId: string) =>
  Receipt.parse(JSON.parse(findRunWithReceipt(clinic.db, runId)?.receipt?.text ?? ''));

test('a quiet series without a gap is read while its study receives: a flag shows at once, and is carried over without computing again', async () => {
  installed(clinic, 'general', {});
  const { id, complete } = await receiving();
  quiet();
  expect(statesOf()).toEqual([[8, 'queued']]);
  expect(findJobDueAtMs(clinic.db, TOLERANCE_JOB, runs()[0]?.runId ?? '')).toBeNull();
  const early = finishNext(clinic, 0.9);
  expect(getStudyCard(clinic.db, id).completeness).toBe('receiving');
  expect(aiStatus(clinic.db, id)).toMatchObject({ state: 'flagged' });
  const [before] = listFindings(clinic.db, id);

  await complete(...[1, 2, 3].map((n) => aSlice(n, BONE)));
  expect(statesOf()).toEqual([
    [8, 'superseded'],
    [11, 'finished'],
  ]);
  expect(nextQueuedRun(clinic.db, clinic.nowMs())).toBeNull();
  const final = runs()[1]?.runId ?? '';
  const findings = listFindings(clinic.db, id);
  expect(findings).toMatchObject([{ findingId: before?.findingId, runId: final, revision: 11, state: 'unverified' }]);
  expect(aiStatus(clinic.db, id)).toMatchObject({ state: 'flagged' });

  // Both are on record, each with its receipt, and the second one says whence it is.
  const told = findRunWithReceipt(clinic.db, early.runId);
  const carried = findRunWithReceipt(clinic.db, final);
  expect(receiptOf(final)).toMatchObject({
    ...{ runId: final, outcome: 'finished', study: { revision: 11 }, startedAtMs: null, attempts: [] },
    carriedFrom: { runId: early.runId, revision: 8, receiptDigest: told?.receipt?.digest },
  });
  expect(receiptOf(early.runId)).toMatchObject({ runId: early.runId, study: { revision: 8 } });
  for (const run of [told, carried]) expect(run && checkReceipt(clinic.db, run)).toMatchObject({ state: 'unchanged' });
  expect(hasKeptOutputs(clinic.db, final)).toBe(true);
  expect(clinic.events('run-finished').map(({ payload }) => payload['carriedFrom'])).toEqual([undefined, early.runId]);
  expect(clinic.events('run-started')).toHaveLength(1);
});

test('of a study that still receives it is never said that nothing is flagged', async () => {
  installed(clinic, 'general', {});
  const { id, complete } = await receiving();
  quiet();
  finishNext(clinic, 0.1);
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'awaiting-images' });
  await complete(...[1, 2, 3].map((n) => aSlice(n, BONE)));
  expect(aiStatus(clinic.db, id)).toMatchObject({ state: 'no-flag', readSeries: 1 });
  expect(statesOf().at(-1)).toEqual([11, 'finished']);
});

test('where more images of the series came it is read again, and what the early run said gives way', async () => {
  installed(clinic, 'general', {});
  const { id, complete } = await receiving();
  quiet();
  const early = finishNext(clinic, 0.9);
  await complete(aSlice(9));
  expect(statesOf()).toEqual([
    [8, 'finished'],
    [9, 'queued'],
  ]);
  // What was flagged stays until the study was read whole.
  expect(aiStatus(clinic.db, id).state).toBe('flagged');
  const final = finishNext(clinic, 0.1);
  expect(aiStatus(clinic.db, id).state).toBe('no-flag');
  expect(statesOf()).toEqual([
    [8, 'superseded'],
    [9, 'finished'],
  ]);
  expect(listFindings(clinic.db, id)).toMatchObject([{ runId: early.runId, state: 'superseded' }]);
  expect(receiptOf(final.runId)['carriedFrom']).toBeUndefined();
});

test('what was found while the model might flag is not carried over where the site has it only mark by now', async () => {
  installed(clinic, 'general', {});
  const { id, complete } = await receiving();
  quiet();
  finishNext(clinic, 0.9);
  clinic.db.exec(`UPDATE model_exposures SET uses = '["mark"]'`);
  await complete(...[1, 2, 3].map((n) => aSlice(n, BONE)));
  expect(statesOf()).toEqual([
    [8, 'finished'],
    [11, 'queued'],
  ]);
  finishNext(clinic, 0.9);
  expect(aiStatus(clinic.db, id).state).not.toBe('flagged');
});

test('where a better series came that one is read', async () => {
  installed(clinic, 'general', {});
  const { id, complete } = await receiving();
  quiet();
  finishNext(clinic, 0.1);
  await complete(...THICK.map((n) => aSlice(n, SECOND)));
  expect(statesOf().at(-1)).toEqual([16, 'queued']);
  expect(aiStatus(clinic.db, id).state).toBe('waiting');
  const final = finishNext(clinic, 0.1);
  expect(receiptOf(final.runId).series.seriesUid).toBe('1.2.10.2');
});

test.each(['queued', 'running'] as const)(
  'an early run that is still %s when the study is complete becomes its run',
  async (state) => {
    installed(clinic, 'general', {});
    const { id, complete } = await receiving();
    quiet();
    const run = state === 'running' ? startNext(clinic) : null;
    await complete(...[1, 2, 3].map((n) => aSlice(n, BONE)));
    expect(statesOf()).toEqual([[11, state]]);
    const [{ runId } = { runId: '' }] = runs();
    expect(findJobDueAtMs(clinic.db, TOLERANCE_JOB, runId)).not.toBeNull();
    if (run === null) finishNext(clinic, 0.1);
    else finish(clinic, run, 0.1);
    expect(aiStatus(clinic.db, id).state).toBe('no-flag');
    expect(receiptOf(runId).study.revision).toBe(11);
  },
);

test('an early run that failed says nothing of the study: it is read when it is complete', async () => {
  installed(clinic, 'general', {});
  const { id, complete } = await receiving();
  quiet();
  failRun(clinic.db, startNext(clinic).runId, 'uneven-spacing', clinic.nowMs());
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'awaiting-images' });
  await complete(...[1, 2, 3].map((n) => aSlice(n, BONE)));
  expect(statesOf()).toEqual([
    [8, 'failed'],
    [11, 'queued'],
  ]);
});

test('a study complete as the early run read it needs no other run', async () => {
  installed(clinic, 'general', {});
  const { id, association } = await receiving();
  quiet();
  finishNext(clinic, 0.1);
  clinic.end(association);
  quiet(600_000);
  expect(getStudyCard(clinic.db, id).completeness).not.toBe('receiving');
  expect(statesOf()).toEqual([[8, 'finished']]);
  expect(aiStatus(clinic.db, id).state).toBe('no-flag');
});

test('what an early run said feeds other models once the study is complete as it read it', async () => {
  const feeds = [{ id: 'lungs', model: 'feeder', versions: { from: '1.0.0', below: '2.0.0' } }];
  installed(clinic, 'general', { id: 'fed', feeds }, { id: 'feeder' });
  const { id, association } = await receiving();
  quiet();
  const feeder = finishNext(clinic, 0.25);
  expect(receiptOf(feeder.runId).isEarly).toBe(true);
  clinic.end(association);
  quiet(600_000);
  expect(getStudyCard(clinic.db, id).completeness).not.toBe('receiving');
  const fed = nextQueuedRun(clinic.db, clinic.nowMs());
  expect(fed?.modelDigest).not.toBe(feeder.modelDigest);
  expect(fed && findFed(clinic.db, fed, { feeds })).toMatchObject([{ runId: feeder.runId }]);
});

test('a rejected finding that is carried over raises nothing again', async () => {
  installed(clinic, 'general', {});
  const { id, complete } = await receiving();
  quiet();
  finishNext(clinic, 0.9);
  clinic.db.exec("UPDATE findings SET state = 'rejected'");
  await complete(...[1, 2, 3].map((n) => aSlice(n, BONE)));
  const final = runs().at(-1);
  expect(listFindings(clinic.db, id)).toMatchObject([{ runId: final?.runId, state: 'rejected' }]);
  expect(listFlagsOfRun(clinic.db, final?.runId ?? '')).toEqual([]);
  expect(aiStatus(clinic.db, id)).toMatchObject({ state: 'flagged', findings: [{ decision: 'rejected' }] });
});

test('an early run of a lesser series says nothing of the complete study, whose own run decides', async () => {
  installed(clinic, 'general', {});
  const { id, association } = await receiving();
  follow();
  clinic.pass(2000);
  // A better series is whole, and not quiet yet, when the first one is looked at.
  await clinic.receive(association, ...THICK.map((n) => aSlice(n, SECOND)));
  quiet(1500);
  expect(statesOf()).toEqual([[16, 'queued']]);
  failRun(clinic.db, startNext(clinic).runId, 'uneven-spacing', clinic.nowMs());
  clinic.end(association);
  quiet(600_000);
  expect(getStudyCard(clinic.db, id).completeness).not.toBe('receiving');
  expect(statesOf()).toEqual([
    [16, 'failed'],
    [16, 'queued'],
  ]);
  expect(aiStatus(clinic.db, id).state).toBe('waiting');
  finishNext(clinic, 0.1);
  expect(aiStatus(clinic.db, id).state).toBe('no-flag');
});

test('where the study has its own run already an early one takes its place by nothing', async () => {
  installed(clinic, 'general', {});
  const { id, complete } = await receiving();
  quiet();
  clinic.db.exec('UPDATE runs SET audience = \'["x"]\'');
  await complete(...[1, 2, 3].map((n) => aSlice(n, BONE)));
  expect(statesOf()).toEqual([
    [8, 'queued'],
    [11, 'queued'],
  ]);
  // On the same terms by now, and the study is held against its models again.
  clinic.db.exec('UPDATE runs SET audience = NULL');
  carryRuns(clinic.db, id, clinic.nowMs());
  expect(statesOf()).toEqual([
    [8, 'queued'],
    [11, 'queued'],
  ]);
});

test('an early run takes back nothing that was said of the study when it was complete, until it is complete again', async () => {
  installed(clinic, 'general', {});
  const { id, association } = await receiving();
  clinic.end(association);
  quiet(600_000);
  finishNext(clinic, 0.9);
  expect(aiStatus(clinic.db, id).state).toBe('flagged');
  const later = clinic.associate();
  await clinic.receive(later, ...THICK.map((n) => aSlice(n, SECOND)));
  quiet();
  expect(statesOf()).toEqual([
    [8, 'finished'],
    [16, 'queued'],
  ]);
  finishNext(clinic, 0.1);
  expect([getStudyCard(clinic.db, id).completeness, aiStatus(clinic.db, id).state]).toEqual(['receiving', 'flagged']);
  clinic.end(later);
  quiet(600_000);
  // Complete as the early run read it: that is what is said of it now.
  expect(statesOf()).toEqual([
    [8, 'superseded'],
    [16, 'finished'],
  ]);
  expect(aiStatus(clinic.db, id).state).toBe('no-flag');
});

test('a run that waits of a complete study is not dropped for an early one of another series', async () => {
  installed(clinic, 'general', {});
  const { id, association } = await receiving();
  clinic.end(association);
  quiet(600_000);
  const [waiting] = runs();
  await clinic.receive(clinic.associate(), ...THICK.map((n) => aSlice(n, SECOND)));
  quiet();
  expect(statesOf()).toEqual([
    [8, 'queued'],
    [16, 'queued'],
  ]);
  expect(supersedeOutdated(clinic.db, getRun(clinic.db, waiting?.runId ?? ''))).toBe(false);
  finishNext(clinic, 0.9);
  expect(aiStatus(clinic.db, id).state).toBe('flagged');
});

test('a better series that was still coming is read, and what was read early gives way though no image came since', async () => {
  installed(clinic, 'general', {});
  const { id, association } = await receiving();
  clinic.pass(2000);
  await clinic.receive(association, ...THICK.map((n) => aSlice(n, SECOND)));
  quiet(1500);
  expect(statesOf()).toEqual([[16, 'queued']]);
  finishNext(clinic, 0.9);
  clinic.end(association);
  quiet(600_000);
  expect(statesOf()).toEqual([
    [16, 'finished'],
    [16, 'queued'],
  ]);
  expect(aiStatus(clinic.db, id).state).toBe('flagged');
  finishNext(clinic, 0.1);
  expect(statesOf()).toEqual([
    [16, 'superseded'],
    [16, 'finished'],
  ]);
  expect(aiStatus(clinic.db, id).state).toBe('no-flag');
});

test('nothing begins early on a series that still comes, has a gap, or is of a comparison study; nor of a silent model', async () => {
  installed(clinic, 'general', {});
  const { association } = await receiving([1, 2, 3, 4, 6, 7, 8]);
  quiet();
  expect(runs()).toEqual([]);
  clinic.pass(10_000);
  await clinic.receive(association, aSlice(5));
  follow();
  clinic.pass(2000);
  await clinic.receive(association, aSlice(9));
  quiet(1500);
  expect(runs()).toEqual([]);
  quiet(1500);
  expect(statesOf()).toEqual([[9, 'queued']]);
  await clinic.receive(
    clinic.associate('PACS'),
    ...THICK.map((n) => aSlice(n, { StudyInstanceUID: '1.2.20', PatientID: 'P2' })),
  );
  quiet();
  expect(runs()).toHaveLength(1);
});

test('a silent model waits for the whole study', async () => {
  installed(clinic, 'silent', {});
  clinic.db.exec("UPDATE model_exposures SET stage = 'silent'");
  await receiving();
  quiet();
  expect(runs()).toEqual([]);
});

test('one early run of a model is enough, and a study that turns STAT takes it along to the front', async () => {
  installed(clinic, 'general', {});
  const other = await clinic.send(THICK.map((n) => aSlice(n, { StudyInstanceUID: '1.2.30', PatientID: 'P3' })));
  follow();
  const { id, association } = await receiving();
  quiet();
  expect(nextQueuedRun(clinic.db, clinic.nowMs())?.studyId).toBe(other);
  setRunPriority(clinic.db, id, 'triage', 'stat', clinic.nowMs());
  expect(nextQueuedRun(clinic.db, clinic.nowMs())?.studyId).toBe(id);
  finishNext(clinic, 0.1);
  await clinic.receive(association, ...THICK.map((n) => aSlice(n, SECOND)));
  quiet();
  expect(runs().filter(({ revision }) => revision > 8)).toEqual([]);
});

test('a run of an older revision that comes back after a newer one gives way to it, also while more images come', async () => {
  installed(clinic, 'general', {});
  const { id, complete } = await receiving();
  await complete(aSlice(9));
  const older = startNext(clinic);
  failRun(clinic.db, older.runId, 'low-memory', clinic.nowMs());
  await clinic.send([aSlice(10)]);
  follow();
  await clinic.receive(clinic.associate(), aSlice(11));
  expect(getStudyCard(clinic.db, id).completeness).toBe('receiving');
  expect(statesOf()).toEqual([
    [9, 'queued'],
    [10, 'queued'],
  ]);
  expect(supersedeOutdated(clinic.db, getRun(clinic.db, older.runId))).toBe(true);
  const newer = finishNext(clinic, 0.9);
  expect(listFindings(clinic.db, id)).toMatchObject([{ runId: newer.runId, state: 'unverified' }]);
  expect(statesOf()).toEqual([
    [9, 'superseded'],
    [10, 'finished'],
  ]);
});

test('a run of an older revision that computes while a newer one ends says nothing any more', async () => {
  installed(clinic, 'general', {});
  const { id, complete } = await receiving();
  await complete(aSlice(9));
  const older = startNext(clinic);
  await clinic.send([aSlice(10)]);
  follow();
  finishNext(clinic, 0.1);
  finish(clinic, older, 0.9);
  expect(statesOf()).toEqual([
    [9, 'superseded'],
    [10, 'finished'],
  ]);
  expect(aiStatus(clinic.db, id).state).toBe('no-flag');
  expect(listFindings(clinic.db, id)).toEqual([]);
});

test.each([
  ['whether a model was owed a run since', HAS_RUN_SINCE, 'sqlite_autoindex_runs'],
  ['whether a newer run was owed', FIND_NEWER_RUN, 'runs_by_study'],
  ['whether a study has early runs', HAS_FORMER, 'runs_by_study'],
  ['the early run of a model', FIND_FORMER, 'runs_by_study'],
  ['whether the study has its own run', HAS_OWN, 'runs'],
])('%s is found by an index', (_what, sql, index) => {
  const plan = planOf(clinic.db, sql).join('\n');
  expect(plan).toContain(index);
  expect(plan).not.toMatch(/SCAN (?!json_each)/);
});

test.each([
  ['is not carried over to another', true, [11, 'queued']],
  ['is carried over where the model was told neither', false, [11, 'finished']],
])('what was computed with the age and sex of one patient %s', async (_what, takesAge, last) => {
  installed(clinic, 'general', { takesAge });
  const johns = await clinic.send([
    aSlice(1, { StudyInstanceUID: '1.2.20', PatientID: '99', PatientName: 'Roe^John' }),
  ]);
  const { id, complete } = await receiving();
  quiet();
  finishNext(clinic, 0.9);
  const { patientId } = getStudyCard(clinic.db, johns).patient;
  const said = { siteId: clinic.north.siteId, reason: 'other' as const, atMs: clinic.nowMs() };
  const actor = { kind: 'user' as const, id: 'coordinator' };
  expect(moveStudy(clinic.db, { ...said, actor, studyId: id, to: { patientId } })).toMatchObject({ ok: true });
  await complete(...[1, 2, 3].map((n) => aSlice(n, BONE)));
  expect(statesOf().at(-1)).toEqual(last);
});

test('a complete study that a scout reopens is not read again where the model read another series: the result goes along, and counts once', async () => {
  installed(clinic, 'general', {});
  const { id, association } = await receiving();
  quiet();
  const early = finishNext(clinic, 0.9).runId;
  const counted = () =>
    clinic.db.prepare("SELECT coalesce(sum(runs), 0) FROM model_values WHERE feature = 'kernel'").pluck().get();
  expect(counted()).toBe(0);
  clinic.end(association);
  quiet(600_000);
  expect([statesOf(), counted()]).toEqual([[[8, 'finished']], 1]);
  await clinic.send([aSlice(1, BONE)]);
  follow();
  await clinic.send([aSlice(2, BONE)]);
  follow();
  expect(statesOf()).toEqual([
    [8, 'superseded'],
    [9, 'superseded'],
    [10, 'finished'],
  ]);
  const [, second, third] = runs();
  expect([second, third].map((run) => run?.carriedFrom)).toEqual([early, early]);
  expect(receiptOf(third?.runId ?? '').carriedFrom).toMatchObject({ runId: second?.runId, revision: 9 });
  expect(checkReceipt(clinic.db, findRunWithReceipt(clinic.db, third?.runId ?? '')!)).toMatchObject({
    state: 'unchanged',
  });
  expect([aiStatus(clinic.db, id).state, listFindings(clinic.db, id).length, counted()]).toEqual(['flagged', 1, 1]);
  // A slice of the series itself is read, and what came in with it was counted before.
  await clinic.send([aSlice(9)]);
  follow();
  finishNext(clinic, 0.9);
  expect([statesOf().at(-1), counted()]).toEqual([[11, 'finished'], 1]);
});

test('an early run whose study is read again counts once for what was given and said', async () => {
  installed(clinic, 'general', {});
  const { complete } = await receiving();
  quiet();
  finishNext(clinic, 0.9);
  await complete(aSlice(9));
  finishNext(clinic, 0.9);
  const counted = clinic.db
    .prepare(
      "SELECT feature, sum(runs) AS runs FROM model_values WHERE feature IN ('kernel', 'score:bleed') GROUP BY feature",
    )
    .all();
  expect(counted).toEqual([
    { feature: 'kernel', runs: 1 },
    { feature: 'score:bleed', runs: 1 },
  ]);
});
