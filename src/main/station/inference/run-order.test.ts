import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aManifest, finish, installed, startNext } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { followInference, sendHeadCt } from '../testing/ward.ts';
import { listModels } from './index.ts';
import { FIRST_PAUSED } from './model-breaker.ts';
import { endRest, failRun, LIST_QUEUED_OF, RETRY_JOB } from './record-run.ts';
import {
  CHANGE_LANE,
  costOf,
  FIRST_IN_TURN,
  LANES,
  LONGEST_WAIT_MS,
  nextQueuedRun,
  ONE_IN,
  setRunPriority,
  WAITING_LONGEST,
} from './run-order.ts';
import type { Run } from './run-rows.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

const follow = () => followInference(clinic);
const sendStudy = (n: number) => sendHeadCt(clinic, n);
const next = () => nextQueuedRun(clinic.db, clinic.nowMs());
const set = (id: string, priority: 'routine' | 'urgent' | 'stat', source: 'triage' | 'asked' = 'triage') =>
  setRunPriority(clinic.db, id, source, priority, clinic.nowMs());
const modelOf = (run: Run) =>
  listModels(clinic.db).find(({ digest }) => digest === run.modelDigest)?.manifest.id ?? 'none';
/** Studies, or with their models, in the order in which all that waits is done. */
function drain(name: (run: Run) => string = ({ studyId }) => studyId): string[] {
  const order: string[] = [];
  while (next() !== null) {
    const run = startNext(clinic);
    finish(clinic, run, 0.1);
    order.push(name(run));
  }
  return order;
}

test('STAT first, then urgent, then who waits longest; one raised while it waits is next', async () => {
  installed(clinic, 'general', {});
  const [one, two, three, four] = [await sendStudy(1), await sendStudy(2), await sendStudy(3), await sendStudy(4)];
  set(three, 'urgent');
  set(four, 'stat');
  expect(next()?.studyId).toBe(four);
  set(four, 'routine');
  expect(next()?.studyId).toBe(three);
  set(two, 'stat');
  expect(drain()).toEqual([two, three, one, four]);
});

test('of several who say how urgent a study is the most urgent counts, and a study is so before it has runs', async () => {
  installed(clinic, 'general', {});
  const first = await sendStudy(1);
  const id = await clinic.send([1, 2, 3, 4, 5].map((n) => aSlice(n, { StudyInstanceUID: '1.2.51', PatientID: 'Q' })));
  set(id, 'stat', 'asked');
  set(id, 'routine', 'triage');
  follow();
  expect(drain()).toEqual([id, first]);
});

test('of equally urgent studies the model that may flag what is worst goes first', async () => {
  installed(
    clinic,
    'general',
    { id: 'nodule', category: 3 },
    { id: 'bleed', category: 1 },
    { id: 'clot', category: 2 },
  );
  await sendStudy(1);
  await sendStudy(2);
  expect(drain(modelOf)).toEqual(['bleed', 'bleed', 'clot', 'clot', 'nodule', 'nodule']);
  expect(costOf(aManifest({ category: 1 }), ['measure'])).toBe(4);
});

test('a silent model reads when nothing waits that is shown, whatever its study is', async () => {
  installed(clinic, 'general', { id: 'shown', category: 3 });
  installed(clinic, 'general', { id: 'silent', category: 1 });
  const digest = listModels(clinic.db).find(({ manifest }) => manifest.id === 'silent')?.digest;
  clinic.db.prepare("UPDATE model_exposures SET stage = 'silent' WHERE digest = ?").run(digest);
  const one = await sendStudy(1);
  await sendStudy(2);
  set(one, 'stat');
  clinic.pass(LONGEST_WAIT_MS * 10);
  expect(drain(modelOf)).toEqual(['shown', 'shown', 'silent', 'silent']);
});

test('a retry waits behind those that were not tried yet, and pauses where that can help', async () => {
  installed(clinic, 'general', {});
  const [one, two] = [await sendStudy(1), await sendStudy(2)];
  const fail = (reason: 'runner-crashed' | 'low-memory') =>
    failRun(clinic.db, startNext(clinic).runId, reason, clinic.nowMs());
  clinic.pass(1);
  fail('runner-crashed');
  expect(next()?.studyId).toBe(two);
  clinic.pass(1);
  fail('low-memory');
  expect(next()?.studyId).toBe(one);
  finish(clinic, startNext(clinic), 0.1);
  expect(next()).toBeNull();
  clinic.pass(10_001);
  clinic.runJobs({ [RETRY_JOB]: endRest });
  expect(next()).toMatchObject({ studyId: two, attempts: 1 });
});

test(`who waits beyond the bound goes before more urgent ones, one run in ${ONE_IN}, and never two in a row`, async () => {
  installed(clinic, 'general', {});
  const old = [await sendStudy(1), await sendStudy(2)];
  clinic.pass(LONGEST_WAIT_MS + 1);
  const stats: string[] = [];
  for (let n = 3; n < 13; n += 1) {
    const id = await sendStudy(n);
    set(id, 'stat');
    stats.push(id);
  }
  const order = drain();
  expect(order.flatMap((id, place) => (old.includes(id) ? [[id, place]] : []))).toEqual([
    [old[0], ONE_IN - 1],
    [old[1], 2 * ONE_IN - 1],
  ]);
  expect(order.filter((id) => !old.includes(id))).toEqual(stats);
});

describe('with 100,000 runs waiting', () => {
  test('whose turn it is costs one step a model, and every statement walks its index', async () => {
    installed(clinic, 'general', { id: 'one' }, { id: 'two' });
    const id = await sendStudy(1);
    clinic.db.exec(`
      CREATE TEMP TABLE n AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 100000) SELECT n FROM c;
      INSERT INTO runs (run_id, site_id, study_id, study_revision, model_digest, series_id, stage, state, queued_at_ms, series_choice,
                        lane, cost, turn_at_ms, reason, finished_at_ms)
      SELECT 'r' || n, site_id, study_id, 100 + n, model_digest, series_id, stage, iif(n % 50 = 0, 'failed', 'queued'),
             queued_at_ms + n, '[]', iif(n = 77777, 0, 2 + n % 2), 1 + n % 3, queued_at_ms + n, iif(n % 50 = 0, 'model-paused', NULL), NULL
        FROM n, (SELECT * FROM runs ORDER BY model_digest LIMIT 1);
      ANALYZE;
    `);
    const startedAt = performance.now();
    for (let round = 0; round < 100; round += 1) expect(next()?.runId).toBe('r77777');
    expect((performance.now() - startedAt) / 100).toBeLessThan(5);
    expect(planOf(clinic.db, FIRST_IN_TURN)).toEqual(['SEARCH runs USING INDEX runs_in_turn (model_digest=?)']);
    expect(planOf(clinic.db, WAITING_LONGEST)).toEqual([
      'SEARCH runs USING INDEX runs_waiting_longest (model_digest=? AND turn_at_ms<?)',
    ]);
    expect(planOf(clinic.db, CHANGE_LANE)).toEqual(['SEARCH runs USING INDEX runs_by_study (study_id=?)']);
    expect(planOf(clinic.db, LIST_QUEUED_OF)).toEqual([
      expect.stringMatching(/SEARCH runs USING (COVERING )?INDEX runs_(in_turn|waiting_longest) \(model_digest=\?\)/),
    ]);
    // Whether the planner puts a filter over the few exposures is its own affair.
    expect(planOf(clinic.db, FIRST_PAUSED).filter((step) => !step.startsWith('BLOOM FILTER'))).toEqual([
      expect.stringMatching(/SEARCH runs USING (COVERING )?INDEX runs_paused \(model_digest=\?\)/),
      'SEARCH x EXISTS USING PRIMARY KEY (site_id=? AND digest=?)',
    ]);
    set(id, 'stat');
    expect(next()?.lane).toBe(LANES.stat);
  });
});
