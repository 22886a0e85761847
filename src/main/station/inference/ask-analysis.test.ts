import { afterEach, beforeEach, expect, test } from 'vitest';
import { err } from '../../../shared/domain/result.ts';
import { getStudyCard } from '../archive/index.ts';
import { followLedger } from '../platform/ledger/follow.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { finishNext, installed, startNext } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { FIND_BY_KEY, findAnalysis, LIST_OF_STUDY, listAnalysesOf } from './analyses.ts';
import { type AnalysisRequest, askAnalysis, LIST_LATELY, MOST_A_MINUTE } from './ask-analysis.ts';
import { aiStatus, inferenceConsumer } from './index.ts';
import { failRun } from './record-run.ts';
import { LIST_ASKED_IN } from './run-receipt.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

const VOLUME = [1, 2, 3, 4, 5, 6, 7, 8];
const follow = () =>
  followLedger(clinic.db, [inferenceConsumer], { clock: clinic.archive.clock, log: clinic.log }).catchUp();
async function send(numbers: readonly number[], callingAe: 'CT1' | 'PACS' = 'CT1', changes = {}): Promise<string> {
  const id = await clinic.send(
    numbers.map((n) => aSlice(n, changes)),
    callingAe,
  );
  follow();
  return id;
}
function ask(studyId: string, changes: Partial<AnalysisRequest> = {}) {
  return askAnalysis(clinic.db, {
    ...{ siteId: clinic.north.siteId, studyId, modelId: null, priority: 'routine', key: 'key', atMs: clinic.nowMs() },
    actor: { kind: 'user', id: 'ris' },
    ...changes,
  });
}
function asked(studyId: string, changes: Partial<AnalysisRequest> = {}) {
  const answer = ask(studyId, changes);
  if (!answer.ok) throw new Error(answer.error.code);
  return answer.value.analysis;
}
const stateOf = (analysisId: string) => findAnalysis(clinic.db, analysisId, 'ris')?.result;

test('a comparison study is analysed because somebody asks, and the run says by whom; its place on the worklist does not change', async () => {
  installed(clinic, 'general', {});
  const id = await send(VOLUME, 'PACS');
  const analysis = asked(id);
  expect(analysis).toMatchObject({ result: { state: 'waiting' }, askedBy: { kind: 'user', id: 'ris' }, revision: 8 });
  const run = startNext(clinic);
  expect(stateOf(analysis.analysisId)?.state).toBe('running');
  expect(analysis.runs.map(({ runId }) => runId)).toEqual([run.runId]);
  clinic.db.prepare("UPDATE runs SET state = 'queued'").run();
  finishNext(clinic, 0.1);
  expect(stateOf(analysis.analysisId)).toEqual({ state: 'no-flag' });
  const receipt = JSON.parse(clinic.db.prepare('SELECT receipt FROM runs').pluck().get() as string) as {
    askedIn: unknown;
  };
  expect(receipt.askedIn).toEqual([{ analysisId: analysis.analysisId, askedBy: 'ris' }]);
  expect(getStudyCard(clinic.db, id).intent).toBe('comparison');
  // What it came to may not be everybody's to know.
  expect(clinic.events('analysis-begun')[0]?.payload).toEqual({ analysisId: analysis.analysisId, revision: 8 });
});

test('the same key with the same question is the same analysis; with another question it is refused', async () => {
  installed(clinic, 'general', {});
  const id = await send(VOLUME);
  const first = ask(id);
  const again = ask(id);
  expect([first.ok && first.value.isNew, again.ok && again.value.isNew]).toEqual([true, false]);
  expect(first.ok && again.ok && first.value.analysis.analysisId === again.value.analysis.analysisId).toBe(true);
  expect(ask(id, { priority: 'stat' })).toEqual(err({ code: 'idempotency-key-reused' }));
  expect(ask(id, { modelId: 'bleed' })).toEqual(err({ code: 'idempotency-key-reused' }));
  // Somebody else's key is somebody else's; another key of mine is another analysis of the same run.
  const others = [asked(id, { actor: { kind: 'user', id: 'other' } }), asked(id, { key: 'another' })];
  expect(new Set(others.flatMap(({ runs }) => runs.map(({ runId }) => runId))).size).toBe(1);
  expect(clinic.events('analysis-asked')).toHaveLength(3);
  expect(clinic.events('run-queued')).toHaveLength(1);
  // The key itself is kept nowhere.
  const kept = JSON.stringify(clinic.db.prepare('SELECT * FROM analyses').all()) + JSON.stringify(clinic.events());
  expect(kept).not.toContain('"key"');
});

test('flagged with what was found and its score; without a flag it never says that there is nothing', async () => {
  installed(clinic, 'general', {});
  const id = await send(VOLUME);
  const { analysisId } = asked(id);
  finishNext(clinic, 0.9);
  const analysis = findAnalysis(clinic.db, analysisId, 'ris');
  expect(analysis?.result).toEqual({ state: 'flagged' });
  expect(analysis?.findings.map(({ score, threshold, label }) => [score, threshold, label.code])).toEqual([
    [0.9, 0.5, '1386000'],
  ]);
});

test('a study that still receives is waited for, and goes on at the revision it is complete with', async () => {
  installed(clinic, 'general', {});
  const association = clinic.associate('PACS');
  await clinic.receive(association, ...VOLUME.map((n) => aSlice(n)));
  const id = clinic.db.prepare('SELECT study_id FROM studies').pluck().get() as string;
  const { analysisId } = asked(id);
  expect(stateOf(analysisId)).toEqual({ state: 'awaiting-images' });
  clinic.end(association);
  clinic.pass(600_000);
  clinic.runJobs();
  follow();
  expect(findAnalysis(clinic.db, analysisId, 'ris')).toMatchObject({ result: { state: 'waiting' }, revision: 8 });
});

test('late images: what has not ended goes on with them, what has ended stays of what it read and says so', async () => {
  installed(clinic, 'general', {});
  const id = await send(VOLUME, 'PACS');
  const open = asked(id);
  await send([9], 'PACS');
  expect(findAnalysis(clinic.db, open.analysisId, 'ris')).toMatchObject({ revision: 9, isOfEarlierImages: false });
  const run = finishNext(clinic, 0.1);
  if (run.revision < 9) finishNext(clinic, 0.1);
  await send([10], 'PACS');
  expect(findAnalysis(clinic.db, open.analysisId, 'ris')).toMatchObject({ revision: 9, isOfEarlierImages: true });
  expect(asked(id, { key: 'new' })).toMatchObject({ revision: 10, result: { state: 'waiting' } });
});

test('no model for the exam, no series it can read, a model that is not shown: each says so', async () => {
  installed(clinic, 'general', { id: 'one' });
  const chest = await send(VOLUME, 'PACS', {
    ...{ StudyInstanceUID: '1.2.77', SeriesInstanceUID: '1.2.78', BodyPartExamined: 'CHEST' },
    ...{ StudyDescription: 'CT Chest', SeriesDescription: 'x', ProtocolName: 'x' },
  });
  expect(asked(chest).result).toEqual({ state: 'no-model' });
  const few = await send([1, 2, 3], 'PACS');
  clinic.pass(600_000);
  clinic.runJobs();
  follow();
  expect(asked(few, { key: 'few' }).result).toEqual({ state: 'not-run', reason: 'no-eligible-series' });
  clinic.db.prepare("UPDATE model_exposures SET stage = 'silent'").run();
  await send([4, 5, 6, 7, 8], 'PACS');
  expect(asked(few, { key: 'silent' })).toMatchObject({ result: { state: 'no-model' }, runs: [] });
  expect(clinic.db.prepare('SELECT count(*) FROM runs').pluck().get()).toBe(0);
});

test('a run that failed is tried again when it is asked for, and both attempts stay on record', async () => {
  installed(clinic, 'general', {});
  const id = await send(VOLUME);
  const failed = startNext(clinic);
  failRun(clinic.db, failed.runId, 'not-axial', clinic.nowMs());
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'not-run', reason: 'not-axial' });
  const { analysisId } = asked(id);
  expect(stateOf(analysisId)).toEqual({ state: 'waiting' });
  // Past its tolerance it is late, as any other.
  const tolerance = clinic.db.prepare(
    "SELECT count(*) FROM jobs WHERE kind = 'inference-tolerance' AND subject_id = ?",
  );
  expect(tolerance.pluck().get(failed.runId)).toBe(1);
  finishNext(clinic, 0.1);
  expect(stateOf(analysisId)).toEqual({ state: 'no-flag' });
  expect(clinic.db.prepare('SELECT outcome FROM run_attempts ORDER BY ordinal').pluck().all()).toEqual([
    'not-axial',
    'finished',
  ]);
});

test('a run that failed while it showed to everyone is not brought back while its model shows to others', async () => {
  installed(clinic, 'general', {});
  const id = await send(VOLUME);
  const failed = startNext(clinic);
  failRun(clinic.db, failed.runId, 'not-axial', clinic.nowMs());
  clinic.db.prepare('UPDATE runs SET audience = ? WHERE run_id = ?').run('["somebody"]', failed.runId);
  const { analysisId } = asked(id);
  expect(clinic.db.prepare('SELECT state FROM runs').pluck().get()).toBe('failed');
  expect(stateOf(analysisId)).toEqual({ state: 'no-model' }); // they are not among those it would show to
});

test('asking may bring a study forward and never sets it back', async () => {
  installed(clinic, 'general', {});
  const id = await send(VOLUME);
  const priority = () => clinic.db.prepare('SELECT priority FROM run_priorities').pluck().get();
  asked(id, { key: 'a', priority: 'stat' });
  expect(priority()).toBe('stat');
  asked(id, { key: 'b', priority: 'routine' });
  expect(priority()).toBe('stat');
});

test('a caller who asks too often is told when to come back; with a key already used they are answered', async () => {
  installed(clinic, 'general', {});
  const id = await send(VOLUME);
  for (let n = 0; n < MOST_A_MINUTE; n += 1) {
    asked(id, { key: `k${n}` });
    clinic.pass(100);
  }
  expect(ask(id, { key: 'more' })).toEqual(
    err({ code: 'too-many-analyses', retryAfterMs: 60_000 - MOST_A_MINUTE * 100 }),
  );
  expect(ask(id, { key: 'k0' }).ok).toBe(true);
  expect(ask(id, { key: 'more', actor: { kind: 'user', id: 'other' } }).ok).toBe(true);
  clinic.pass(60_000);
  expect(ask(id, { key: 'more' }).ok).toBe(true);
  expect(listAnalysesOf(clinic.db, id, 'ris').length).toBeGreaterThan(MOST_A_MINUTE);
});

test('a study of another site is not there, and one whose images left the cache is asked for again when they are back', async () => {
  installed(clinic, 'general', {});
  const id = await send(VOLUME);
  expect(ask(id, { siteId: clinic.south.siteId })).toEqual(err({ code: 'study-not-found' }));
  clinic.db.prepare('UPDATE studies SET evicted_objects = 1').run();
  expect(ask(id)).toEqual(err({ code: 'images-not-here' }));
  clinic.db.prepare('UPDATE studies SET evicted_objects = 0').run();
  expect(ask(id).ok).toBe(true);
});

test.each([
  ['sqlite_autoindex_analyses', FIND_BY_KEY, ['s', 'a', 'k']],
  ['analyses_by_study', LIST_OF_STUDY, ['s']],
  ['analyses_by_asker', LIST_LATELY, ['a', 0]],
  ['analysis_runs_by_run', LIST_ASKED_IN, ['r']],
] as const)('walks %s', (index, sql, values) => {
  const plan = clinic.db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
  expect(JSON.stringify(plan)).toContain(index);
});

test('a model that is not shown is to whoever asks as one that is not here, and no run of it is named or brought back', async () => {
  installed(clinic, 'general', { id: 'shown' });
  const id = await send(VOLUME);
  const notFound = err({ code: 'model-not-found' });
  const digest = clinic.db.prepare('SELECT digest FROM models').pluck().get() as string;
  const put = (stage: string, pilot: string | null = null) =>
    clinic.db.prepare('UPDATE model_exposures SET stage = ?, pilot = ? WHERE digest = ?').run(stage, pilot, digest);
  expect(ask(id, { modelId: 'unheard-of' })).toEqual(notFound);
  expect(asked(id, { modelId: 'shown' }).runs).toHaveLength(1);
  for (const stage of ['silent', 'off', 'verified', 'suspended', 'retired']) {
    put(stage);
    expect([stage, ask(id, { key: stage, modelId: 'shown' })]).toEqual([stage, notFound]);
  }
  const other = '01a20311-f2e8-7189-b707-ca5a78a54cbd';
  put('pilot', JSON.stringify({ groups: [{ name: 'some', userIds: [other] }], descriptions: [], share: 1 }));
  expect(ask(id, { key: 'pilot', modelId: 'shown' })).toEqual(notFound);
  expect(ask(id, { key: 'pilot', modelId: 'shown', actor: { kind: 'user', id: other } }).ok).toBe(true);
  // The refusal keeps nothing: the key is as good as new.
  put('general');
  expect(ask(id, { key: 'silent', modelId: 'shown' }).ok).toBe(true);
  // What was read silently stays so, though the model is shown now: neither named nor tried again.
  clinic.db.prepare("UPDATE runs SET stage = 'silent', state = 'failed', reason = 'not-axial'").run();
  expect(asked(id, { key: 'late', modelId: 'shown' })).toMatchObject({ runs: [], result: { state: 'no-model' } });
  expect(clinic.db.prepare('SELECT state FROM runs').pluck().all()).toEqual(['failed']);
  expect(
    clinic.db
      .prepare(
        'SELECT count(*) FROM analysis_runs WHERE analysis_id = (SELECT analysis_id FROM analyses WHERE asked_at_ms = (SELECT max(asked_at_ms) FROM analyses) ORDER BY rowid DESC LIMIT 1)',
      )
      .pluck()
      .get(),
  ).toBe(0);
});

test('a key is good for as long as its analysis is on record, whoever else uses it and whatever became of it', async () => {
  installed(clinic, 'general', {});
  const id = await send(VOLUME);
  const first = asked(id);
  finishNext(clinic, 0.1);
  clinic.pass(400 * 86_400_000);
  await send([9]);
  // A year later, with images it is not of: the same analysis, and nothing new is owed.
  const again = ask(id);
  expect(again.ok && again.value).toMatchObject({ isNew: false, analysis: { analysisId: first.analysisId } });
  expect(ask(id, { priority: 'stat' })).toEqual(err({ code: 'idempotency-key-reused' }));
  const others = asked(id, { actor: { kind: 'service', id: 'pacs' }, priority: 'stat' });
  expect(others.analysisId).not.toBe(first.analysisId);
  expect(others.revision).toBe(9);
});
