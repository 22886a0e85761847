import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { brought, person, standAt } from '../testing/governed.ts';
import { aManifest, finish, finishNext, startNext } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { followInference, sendHeadCt } from '../testing/ward.ts';
import { moveExposure } from './move-exposure.ts';
import { findModel } from './models.ts';
import { LANES, nextQueuedRun, setRunPriority } from './run-order.ts';
import { startRun } from './record-run.ts';
import { SETTLE_JOB, settleSome } from './settle-exposure.ts';
import { aiStatus } from './study-ai-status.ts';
import { setUses } from './take-step.ts';

// A step of a model's exposure comes to what computes at once, and to what waits a few at a time.

let clinic: Clinic;
let digest: string;
beforeEach(() => {
  clinic = openClinic();
  [digest = ''] = brought(clinic, { ...aManifest(), clinicalUse: 'research', budgetMs: 600_000, toleranceMs: 600_000 });
  standAt(clinic, digest, 'general');
  settle();
});
afterEach(() => clinic.close());

const settle = () => clinic.runJobs({ [SETTLE_JOB]: settleSome });
const settled = () => clinic.events('model-exposure-settled').length;
const runs = (column: string) =>
  clinic.db.prepare(`SELECT ${column} FROM runs ORDER BY queued_at_ms, run_id`).pluck().all();
const waiting = () => runs('state').filter((state) => state === 'queued').length;
const said = (ids: readonly string[]) => ids.map((id) => aiStatus(clinic.db, id).state);
async function send(count: number, from = 1): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let n = from; n < from + count; n += 1) ids.push(await sendHeadCt(clinic, n));
  return ids;
}

test('a suspension ends what computes at once and what waits a few at a time; a cut in between is gone on with', async () => {
  const ids = await send(46);
  const run = startNext(clinic);
  // Whatever else is due is out of the way.
  for (const _round of [1, 2, 3]) settle();
  const before = settled();
  standAt(clinic, digest, 'suspended');
  // The step is on record with the one run that computed, and nothing grew with what waits.
  expect([clinic.events('run-failed').length, waiting(), settled()]).toEqual([1, 45, before]);
  finish(clinic, run, 0.9);
  expect(said(ids.slice(0, 1))).toEqual(['not-run']);
  // What a cut leaves of it is a row; each round of jobs is one transaction, and ends so many.
  for (const left of [25, 5, 0]) {
    settle();
    expect([waiting(), settled()]).toEqual([left, left === 0 ? before + 1 : before]);
  }
  expect(new Set(runs('reason'))).toEqual(new Set(['model-unavailable']));
  expect(new Set(said(ids))).toEqual(new Set(['not-run']));
  settle();
  expect(settled()).toBe(before + 1);
});

test('no run begins that its model may not have any more, though the step has not come to it yet', async () => {
  await send(2);
  standAt(clinic, digest, 'suspended');
  const next = nextQueuedRun(clinic.db, clinic.nowMs());
  if (next === null) throw new Error('no run waits');
  expect(startRun(clinic.db, next, clinic.nowMs())).toBe(false);
  expect(runs('state')).toEqual(['failed', 'queued']);
});

test('what waits of a model put back to silent waits behind everything, and is shown to nobody however far it comes again', async () => {
  const [id = ''] = await send(2);
  setRunPriority(clinic.db, id, 'triage', 'stat', clinic.nowMs());
  expect(runs('lane')).toEqual([LANES.stat, LANES.routine]);
  standAt(clinic, digest, 'silent');
  // It may begin before the step came to it: it is silent all the same.
  finish(clinic, startNext(clinic), 0.9);
  settle();
  expect([runs('stage'), runs('lane')]).toEqual([
    ['silent', 'silent'],
    [LANES.silent, LANES.silent],
  ]);
  standAt(clinic, digest, 'general');
  settle();
  finishNext(clinic, 0.9);
  expect([runs('stage'), said([id])]).toEqual([['silent', 'silent'], ['no-model']]);
});

test('a run that computes while its model goes silent gives its result to nobody', async () => {
  const [id = ''] = await send(1);
  const run = startNext(clinic);
  standAt(clinic, digest, 'silent');
  finish(clinic, run, 0.9);
  expect([runs('stage'), said([id])]).toEqual([['silent'], ['no-model']]);
});

test('of a model that the site lets flag no more, what waits costs as one that flags nothing, and a row says no flag of it no more', async () => {
  const [one = '', two = ''] = await send(2);
  finishNext(clinic, 0.1);
  expect([said([one, two]), runs('cost')]).toEqual([
    ['no-flag', 'waiting'],
    [1, 1],
  ]);
  const act = { siteId: clinic.north.siteId, digest, reason: 'a test', actor: person(clinic, 'lead') };
  setUses(clinic.db, { ...act, uses: ['mark', 'measure'], atMs: clinic.nowMs() });
  settle();
  expect([said([one, two]), runs('cost')]).toEqual([
    ['no-model', 'no-model'],
    [1, 4],
  ]);
  setUses(clinic.db, { ...act, uses: ['flag', 'mark', 'measure'], atMs: clinic.nowMs() });
  settle();
  expect([said([one, two]), runs('cost')]).toEqual([
    ['no-flag', 'waiting'],
    [1, 1],
  ]);
});

test('a pilot of fewer takes those who are not of it from what waits, and one of everybody gives nobody what was for some', async () => {
  const [reader, other] = [person(clinic, 'reader'), person(clinic, 'other')];
  const model = findModel(clinic.db, digest);
  if (model === null) throw new Error('no model');
  const pilot = (...ids: readonly string[]) => {
    const groups = ids.length === 0 ? [] : [{ name: 'some', userIds: [...ids] }];
    const act = { siteId: clinic.north.siteId, model, cause: 'step' as const, reason: 'a test', atMs: clinic.nowMs() };
    moveExposure(clinic.db, { ...act, to: 'pilot', actor: reader, pilot: { groups, descriptions: [], share: 1 } });
    settle();
  };
  const [id = ''] = await send(1);
  const audience = () => JSON.parse(String(runs('audience')[0])) as unknown;
  pilot(reader.id, other.id);
  expect([audience(), said([id])]).toEqual([[reader.id, other.id].toSorted(), ['no-model']]);
  pilot(reader.id);
  expect(audience()).toEqual([reader.id]);
  standAt(clinic, digest, 'general');
  settle();
  expect([audience(), runs('stage')]).toEqual([[reader.id], ['pilot']]);
});

test('a step at one site moves nothing of the other', async () => {
  const model = findModel(clinic.db, digest);
  if (model === null) throw new Error('no model');
  const act = { siteId: clinic.south.siteId, model, cause: 'step' as const, reason: 'a test', atMs: clinic.nowMs() };
  moveExposure(clinic.db, { ...act, to: 'general', actor: person(clinic, 'lead') });
  settle();
  const [north = ''] = await send(1);
  const south = await sendHeadCt(clinic, 2, 'SOUTH');
  standAt(clinic, digest, 'suspended');
  settle();
  expect(said([north, south])).toEqual(['not-run', 'waiting']);
  followInference(clinic);
  finishNext(clinic, 0.1);
  expect(said([north, south])).toEqual(['not-run', 'no-flag']);
});

test('what no series fits is said of a model only while it is shown', async () => {
  const exam = { StudyInstanceUID: '1.2.99', PatientID: 'N', SliceThickness: '1' };
  const id = await clinic.send([1, 2, 3, 4, 5].map((n) => aSlice(n, exam)));
  followInference(clinic);
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'not-run', reason: 'no-eligible-series' });
  standAt(clinic, digest, 'silent');
  expect(aiStatus(clinic.db, id)).toEqual({ state: 'no-model' });
});
