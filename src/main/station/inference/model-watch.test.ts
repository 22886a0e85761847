import { afterEach, beforeEach, expect, test } from 'vitest';
import { DAY_MS } from '../../../shared/domain/durations.ts';
import { prepared } from '../platform/store/database.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { installed } from '../testing/models.ts';
import { countAlarmedModels, listAlarms } from './coverage-alarms.ts';
import { listModels } from './index.ts';
import { dayOf, weekOf } from './measure-exams.ts';
import { countDriftedModels, describeDrift, lastLevel } from './model-drift.ts';
import { createModelWatch, type ModelWatch, sightModels } from './model-watch.ts';

const LIMITS = { leastShare: 0.95, days: 7, leastStudies: 20 };

let clinic: Clinic;
let watch: ModelWatch;
let movedFar: string[];
beforeEach(() => {
  clinic = openClinic();
  installed(clinic, 'general', { id: 'one' });
  movedFar = [];
  watch = createModelWatch({
    ...{ db: clinic.db, clock: clinic.archive.clock, log: clinic.log, siteIds: [clinic.north.siteId] },
    sight: (siteId, nowMs) => Promise.resolve(sightModels(clinic.db, siteId, LIMITS, nowMs)),
    onMovedFar: (_siteId, digest) => void movedFar.push(digest),
  });
});
afterEach(async () => {
  await watch.stop();
  clinic.close();
});

const digest = () => listModels(clinic.db)[0]?.digest ?? '';
const where = () => ({ siteId: clinic.north.siteId, digest: digest() });
const today = () => dayOf(clinic.nowMs());

/** Counts exams of a day as the consumer does; source 1 is the only scanner. */
function exams(day: number, outcome: string, count: number): void {
  prepared(
    clinic.db,
    `INSERT INTO exam_sources (source_id, site_id, manufacturer, scanner, protocol) VALUES (1, ?, 'ACME', 'Alpha', 'Head') ON CONFLICT DO NOTHING`,
  ).run(clinic.north.siteId);
  prepared(
    clinic.db,
    `INSERT INTO model_days (site_id, digest, day, source_id, outcome, exams) VALUES (?, ?, ?, 1, ?, ?)`,
  ).run(clinic.north.siteId, digest(), day, outcome, count);
}

/** Counts a feature's values in a week as the recorder does: value by how many runs. */
function values(week: number, isSilent: boolean, feature: string, counts: Readonly<Record<string, number>>): void {
  for (const [bin, runs] of Object.entries(counts))
    prepared(
      clinic.db,
      `INSERT INTO model_values (site_id, digest, week, is_silent, feature, bin, runs) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ).run(clinic.north.siteId, digest(), week, isSilent ? 1 : 0, feature, bin, runs);
}

const spread = (from: number, each: number) =>
  Object.fromEntries(Array.from({ length: 20 }, (_, n) => [String(((from + n) * 5) / 1000), each]));

test('coverage below the limit raises an alarm once, of all and of the scanner, and its end is told', async () => {
  exams(today(), 'finished', 30);
  exams(today(), 'over-budget', 10);
  await watch.look();
  await watch.look();
  const alarms = listAlarms(clinic.db, clinic.north.siteId, digest());
  expect(alarms.map(({ sourceId, cause }) => [sourceId, cause])).toEqual([
    [0, 'below-limit'],
    [1, 'below-limit'],
  ]);
  expect(countAlarmedModels(clinic.db, clinic.north.siteId)).toBe(1);
  expect(countAlarmedModels(clinic.db, clinic.south.siteId)).toBe(0);
  expect(clinic.events('coverage-alarm-raised').map(({ payload }) => payload['sourceId'])).toEqual([0, 1]);
  clinic.pass(8 * DAY_MS);
  exams(today(), 'finished', 30);
  await watch.look();
  expect(listAlarms(clinic.db, clinic.north.siteId, digest())).toEqual([]);
  expect(clinic.events('coverage-alarm-ended').map(({ payload }) => payload['cause'])).toEqual([
    'below-limit',
    'below-limit',
  ]);
  expect(countAlarmedModels(clinic.db, clinic.north.siteId)).toBe(0);
});

test('a scanner that gave many studies and gives none is told of', async () => {
  exams(today(), 'finished', 100);
  clinic.pass(9 * DAY_MS);
  await watch.look();
  expect(listAlarms(clinic.db, clinic.north.siteId, digest()).map(({ sourceId, cause }) => [sourceId, cause])).toEqual([
    [1, 'fell-silent'],
  ]);
});

test('of a model that no longer runs nothing is expected', async () => {
  exams(today(), 'over-budget', 40);
  await watch.look();
  expect(listAlarms(clinic.db, clinic.north.siteId, digest())).not.toEqual([]);
  clinic.db.prepare("UPDATE model_exposures SET stage = 'suspended'").run();
  await watch.look();
  expect(listAlarms(clinic.db, clinic.north.siteId, digest())).toEqual([]);
});

test('an alarm of a silent model does not trouble who reads', async () => {
  exams(today(), 'over-budget', 40);
  clinic.db.prepare("UPDATE model_exposures SET stage = 'silent'").run();
  await watch.look();
  expect(listAlarms(clinic.db, clinic.north.siteId, digest())).not.toEqual([]);
  expect(countAlarmedModels(clinic.db, clinic.north.siteId)).toBe(0);
});

test('a week that is over is judged once against the silent weeks; what moved far is told and handed to the policy', async () => {
  const week = weekOf(today());
  values(week - 5, true, 'score:bleed', spread(0, 20));
  values(week - 5, true, 'kernel', { H31s: 400 });
  values(week - 1, false, 'score:bleed', spread(40, 10));
  values(week - 1, false, 'kernel', { H31s: 200 });
  values(week, false, 'score:bleed', spread(90, 10)); // not over yet
  await watch.look();
  await watch.look();
  expect(clinic.events('model-drifted').map(({ payload }) => payload)).toEqual([
    { digest: digest(), week: week - 1, moved: [], movedFar: ['score:bleed'] },
  ]);
  expect(movedFar).toEqual([digest()]);
  expect(lastLevel(clinic.db, where(), clinic.nowMs())).toBe('moved-far');
  const alarmed = () => countDriftedModels(clinic.db, clinic.north.siteId, clinic.nowMs());
  expect([alarmed(), countDriftedModels(clinic.db, clinic.south.siteId, clinic.nowMs())]).toEqual([1, 0]);
  const drift = describeDrift(clinic.db, where(), clinic.nowMs());
  expect(
    drift.map(({ feature, weeks }) => [
      feature,
      weeks.map(({ level, runs, referenceRuns }) => [level, runs, referenceRuns]),
    ]),
  ).toEqual([
    ['kernel', [['steady', 200, 400]]],
    ['score:bleed', [['moved-far', 200, 400]]],
  ]);
  for (const { bars } of drift) {
    expect(bars.reduce((sum, { reference }) => sum + reference, 0)).toBeCloseTo(1, 9);
    expect(bars.reduce((sum, { window }) => sum + window, 0)).toBeCloseTo(1, 9);
  }
});

test('what moved far troubles nobody once a later week is steady, or the model is shown to nobody', async () => {
  const week = weekOf(today());
  values(week - 5, true, 'score:bleed', spread(0, 20));
  values(week - 2, false, 'score:bleed', spread(40, 10));
  await watch.look();
  const alarmed = () => countDriftedModels(clinic.db, clinic.north.siteId, clinic.nowMs());
  expect(alarmed()).toBe(1);
  clinic.db.prepare("UPDATE model_exposures SET stage = 'silent'").run();
  expect(alarmed()).toBe(0);
  clinic.db.prepare("UPDATE model_exposures SET stage = 'general'").run();
  values(week - 1, false, 'score:bleed', spread(0, 10));
  await watch.look();
  expect(alarmed()).toBe(0);
});

test('weeks with too few runs are judged by nobody, and what single studies got is not shown', async () => {
  const week = weekOf(today());
  values(week - 5, true, 'score:bleed', spread(0, 20));
  values(week - 1, false, 'score:bleed', { '0.9': 3 });
  await watch.look();
  expect(clinic.events('model-drifted')).toEqual([]);
  expect(describeDrift(clinic.db, where(), clinic.nowMs())).toMatchObject([
    { weeks: [{ level: 'too-few', psi: null, ks: null }], bars: [] },
  ]);
});

test('where the model was never silent nothing is judged', async () => {
  values(weekOf(today()) - 1, false, 'score:bleed', spread(0, 20));
  await watch.look();
  expect(describeDrift(clinic.db, where(), clinic.nowMs())).toEqual([]);
});

test('a look that fails is an incident, and the next one goes on', async () => {
  let fails = true;
  const shaky = createModelWatch({
    ...{ db: clinic.db, clock: clinic.archive.clock, log: clinic.log, siteIds: [clinic.north.siteId] },
    sight: (siteId, nowMs) =>
      fails
        ? Promise.reject(new Error('thread ended'))
        : Promise.resolve(sightModels(clinic.db, siteId, LIMITS, nowMs)),
    onMovedFar: () => undefined,
  });
  exams(today(), 'over-budget', 40);
  await shaky.look();
  expect(clinic.logged()).toContain('model-watch-failed');
  fails = false;
  await shaky.look();
  await shaky.stop();
  expect(listAlarms(clinic.db, clinic.north.siteId, digest())).not.toEqual([]);
});
