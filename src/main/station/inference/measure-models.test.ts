import { afterEach, beforeEach, expect, test } from 'vitest';
import { followLedger } from '../platform/ledger/follow.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { DAY_MS } from '../../../shared/domain/durations.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { finish, finishNext, installed, startNext } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { inferenceConsumer, listModels } from './index.ts';
import { listModelRuns, LIST_NOT_RUN_BECAUSE, LIST_NOT_RUN_BEFORE, LIST_RUNS_BEFORE } from './list-model-runs.ts';
import { dayOf, measuringConsumer, weekOf } from './measure-exams.ts';
import { binOfSpan, spanOfBin, timingsOf, valuesOf } from './measured-run.ts';
import { measureModel, SUM_EXAMS, SUM_TIMINGS } from './model-figures.ts';
import { LIST_WEEK, SUM_REFERENCE } from './model-drift.ts';
import { failRun } from './record-run.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

const follow = () =>
  followLedger(clinic.db, [inferenceConsumer, measuringConsumer], {
    clock: clinic.archive.clock,
    log: clinic.log,
  }).catchUp();
let studies = 0;
/** A head CT of its own from this scanner; `thickness` decides whether a series fits (2.5 to 10 mm). */
async function send(scanner: string, protocol: string, thickness = 5): Promise<string> {
  studies += 1;
  const changes = {
    StudyInstanceUID: `1.2.9.${studies}`,
    SeriesInstanceUID: `1.2.9.${studies}.1`,
    PatientID: `M${studies}`,
    AccessionNumber: `A${studies}`,
    Manufacturer: 'ACME',
    ManufacturerModelName: scanner,
    ProtocolName: protocol,
    SliceThickness: thickness,
  };
  const id = await clinic.send(
    [1, 2, 3, 4, 5, 6, 7, 8].map((n) => aSlice(n, { ...changes, SOPInstanceUID: `1.2.9.${studies}.1.${n}` })),
  );
  follow();
  return id;
}
const digest = () => listModels(clinic.db)[0]?.digest ?? '';
const figures = (days = 7) =>
  measureModel(clinic.db, { siteId: clinic.north.siteId, digest: digest(), days, nowMs: clinic.nowMs() });
const counts = ({ run, notRun, open, noFit }: ReturnType<typeof figures>['all']) => [run, notRun, open, noFit];
const fail = (runId: string) => failRun(clinic.db, runId, 'uneven-spacing', clinic.nowMs());

test('an exam waits, then is run or not, and is counted once by scanner and protocol', async () => {
  installed(clinic, 'general', { id: 'one' });
  await send('Alpha', 'Head');
  expect(counts(figures().all)).toEqual([0, 0, 1, 0]);
  finishNext(clinic, 0.9);
  follow();
  expect(counts(figures().all)).toEqual([1, 0, 0, 0]);
  await send('Beta', 'Head fast');
  fail(startNext(clinic).runId);
  follow();
  await send('Beta', 'Head fast', 1); // too thin for the model
  const { all, sources, notRun, days } = figures();
  expect(counts(all)).toEqual([1, 1, 0, 1]);
  expect(
    sources.map(({ scanner, protocol, ...tally }) => [
      scanner,
      protocol,
      tally.manufacturer,
      ...counts({ ...all, ...tally }),
    ]),
  ).toEqual([
    ['Beta', 'Head fast', 'ACME', 0, 1, 0, 1],
    ['Alpha', 'Head', 'ACME', 1, 0, 0, 0],
  ]);
  expect(new Set(notRun.map(({ reason, exams }) => `${reason} ${exams}`))).toEqual(
    new Set(['uneven-spacing 1', 'no-eligible-series 1']),
  );
  expect(days).toEqual([{ day: dayOf(clinic.nowMs()), run: 1, notRun: 1 }]);
});

test('an early run, which may be of another series than the exam is owed, counts for no exam', async () => {
  installed(clinic, 'general', { id: 'one' });
  await send('Alpha', 'Head');
  clinic.db.exec('UPDATE runs SET is_early = 1');
  finishNext(clinic, 0.1);
  follow();
  expect(counts(figures().all)).toEqual([0, 0, 1, 0]);
});

test('an exam that no model is made for is not counted', async () => {
  installed(clinic, 'general', { id: 'chest', appliesTo: { bodyParts: ['CHEST'], descriptionPatterns: ['chest'] } });
  await send('Alpha', 'Head');
  expect(counts(figures().all)).toEqual([0, 0, 0, 0]);
});

test('what still waits two days later is not run, whatever the queue says', async () => {
  installed(clinic, 'general', { id: 'one' });
  await send('Alpha', 'Head');
  clinic.pass(DAY_MS);
  expect(counts(figures().all)).toEqual([0, 0, 1, 0]);
  clinic.pass(DAY_MS);
  expect(counts(figures().all)).toEqual([0, 1, 0, 0]);
  expect(figures().notRun).toEqual([{ reason: 'still-waiting', exams: 1 }]);
});

test('a day that is over the window is counted among those before it', async () => {
  installed(clinic, 'general', { id: 'one' });
  await send('Alpha', 'Head');
  finishNext(clinic, 0.1);
  follow();
  clinic.pass(7 * DAY_MS);
  expect(counts(figures().all)).toEqual([0, 0, 0, 0]);
  expect(figures().all.before).toEqual({ run: 1, notRun: 0, open: 0, noFit: 0 });
});

test('followed again from the first event, nothing is counted twice', async () => {
  installed(clinic, 'general', { id: 'one' });
  await send('Alpha', 'Head');
  finishNext(clinic, 0.9);
  follow();
  const before = figures();
  clinic.db.prepare("UPDATE cursors SET seq = 0 WHERE consumer = 'inference-measuring'").run();
  follow();
  expect(figures()).toEqual(before);
  expect(before.steps.map(({ step, runs }) => [step, runs])).toEqual(
    ['queue', 'read', 'decode', 'preprocess', 'infer', 'postprocess', 'total'].map((step) => [step, 1]),
  );
});

test('what another site does is not counted here', async () => {
  installed(clinic, 'general', { id: 'one' });
  await send('Alpha', 'Head');
  const south = { siteId: clinic.south.siteId, digest: digest(), days: 7, nowMs: clinic.nowMs() };
  expect(counts(measureModel(clinic.db, south).all)).toEqual([0, 0, 0, 0]);
  const question = {
    siteId: clinic.south.siteId,
    digest: digest(),
    ...{ only: null, because: null },
    hidesSilent: false,
    viewerId: 'reader',
    after: null,
    limit: 5,
  };
  expect(listModelRuns(clinic.db, question).runs).toEqual([]);
});

test('percentiles are by nearest rank, and every span comes back within 2.5 %', () => {
  for (const ms of [1, 7, 40, 333, 1000, 4321, 60_000, 3_600_000])
    expect(Math.abs(spanOfBin(binOfSpan(ms)) - ms) / (ms + 1)).toBeLessThan(0.025);
  expect(binOfSpan(0)).toBe(0);
});

test('a receipt gives its steps and its values; what it does not say is left out', () => {
  const source = {
    ...{ manufacturer: 'ACME', scanner: 'Alpha', protocol: 'Head', kernel: 'H31s' },
    ...{ pixelSpacingMm: 0.48828125, sliceThicknessMm: 5 },
  };
  const result = {
    timings: { readMs: 4, decodeMs: 5, inferMs: 100, loadMs: 9 },
    outputs: [
      { role: 'probability', label: 'bleed', value: 0.9123 },
      { role: 'measurement', label: 'bleed', value: 12.5 },
    ],
    geometry: { meanIntensity: 37 },
  };
  const run = { queuedAtMs: 1000, startedAtMs: 1500, finishedAtMs: 2000, result };
  expect(timingsOf(run)).toEqual([
    ['queue', 500],
    ['read', 4],
    ['decode', 5],
    ['infer', 100],
    ['total', 1000],
  ]);
  expect(valuesOf(run, source)).toEqual([
    ['manufacturer', 'ACME'],
    ['scanner', 'Alpha'],
    ['kernel', 'H31s'],
    ['pixel-spacing', '0.48'],
    ['slice-thickness', '5'],
    ['intensity', '35'],
    ['score:bleed', '0.91'],
  ]);
  expect(
    valuesOf({ ...run, result: { timings: {} } }, { ...source, pixelSpacingMm: null }).map(([name]) => name),
  ).toEqual(['manufacturer', 'scanner', 'kernel', 'slice-thickness']);
});

test('days begin in UTC and weeks on a Monday', () => {
  expect(dayOf(Date.parse('2026-03-02T00:00:00Z')) - dayOf(Date.parse('2026-03-01T23:59:59Z'))).toBe(1);
  const week = (date: string) => weekOf(dayOf(Date.parse(`${date}T12:00:00Z`)));
  expect([week('2026-03-01'), week('2026-03-08')]).toEqual([week('2026-03-02') - 1, week('2026-03-02')]);
});

test('runs come newest first, page by page without a gap, and those without a result alone', async () => {
  installed(clinic, 'general', { id: 'one' });
  for (let n = 0; n < 5; n++) {
    await send('Alpha', 'Head');
    const run = startNext(clinic);
    if (n % 2 === 0) finish(clinic, run, 0.2);
    else fail(run.runId);
    clinic.pass(1000);
  }
  const at = { siteId: clinic.north.siteId, digest: digest() };
  const question = { ...at, only: null, because: null, hidesSilent: false, viewerId: 'reader', limit: 2 } as const;
  const listed: string[] = [];
  for (let after: string | null = null, page = 0; page < 4; page++) {
    const window = listModelRuns(clinic.db, { ...question, after });
    listed.push(...window.runs.map(({ runId }) => runId));
    after = window.next;
    if (after === null) break;
  }
  const all = listModelRuns(clinic.db, { ...question, after: null, limit: 50 });
  expect(all.next).toBeNull();
  expect(listed).toEqual(all.runs.map(({ runId }) => runId));
  expect(all.runs.map(({ state }) => state)).toEqual(['finished', 'failed', 'finished', 'failed', 'finished']);
  expect(all.runs.map(({ queuedAtMs }) => queuedAtMs)).toEqual(
    all.runs.map(({ queuedAtMs }) => queuedAtMs).toSorted((a, b) => b - a),
  );
  const notRun = listModelRuns(clinic.db, { ...question, only: 'not-run', after: null, limit: 50 });
  expect(notRun.runs.map(({ reason }) => reason)).toEqual(['uneven-spacing', 'uneven-spacing']);
  const because = (reason: string) =>
    listModelRuns(clinic.db, { ...question, because: reason, after: null, limit: 50 }).runs.length;
  expect([because('uneven-spacing'), because('over-budget')]).toEqual([2, 0]);
  expect(listModelRuns(clinic.db, { ...question, after: 'made up', limit: 50 }).runs).toHaveLength(5);
});

test('runs of a silent model are left out for whoever may report', async () => {
  installed(clinic, 'general', { id: 'one' });
  await send('Alpha', 'Head');
  finishNext(clinic, 0.9);
  clinic.db.prepare("UPDATE runs SET stage = 'silent'").run();
  const at = { siteId: clinic.north.siteId, digest: digest() };
  const question = { ...at, only: null, because: null, viewerId: 'reader', after: null, limit: 5 } as const;
  expect(listModelRuns(clinic.db, { ...question, hidesSilent: true }).runs).toEqual([]);
  expect(listModelRuns(clinic.db, { ...question, hidesSilent: false }).runs).toHaveLength(1);
});

test.each([
  ['the days of one model', SUM_EXAMS, 'PRIMARY KEY (site_id=? AND digest=? AND day>? AND day<?)'],
  ['the timings of one model', SUM_TIMINGS, 'PRIMARY KEY (site_id=? AND digest=? AND day>? AND day<?)'],
  ['the silent weeks', SUM_REFERENCE, 'PRIMARY KEY (site_id=? AND digest=? AND week<?)'],
  ['one week', LIST_WEEK, 'PRIMARY KEY (site_id=? AND digest=? AND week=? AND is_silent=?)'],
  ['runs from a key', LIST_RUNS_BEFORE, 'runs_by_model (site_id=? AND model_digest=? AND (queued_at_ms,run_id)<(?,?))'],
  [
    'runs without a result',
    LIST_NOT_RUN_BEFORE,
    'runs_not_run (site_id=? AND model_digest=? AND (queued_at_ms,run_id)<(?,?))',
  ],
  [
    'runs that ended for one reason',
    LIST_NOT_RUN_BECAUSE,
    'runs_not_run_because (site_id=? AND model_digest=? AND reason=? AND (queued_at_ms,run_id)<(?,?))',
  ],
])('%s are found by their index', (_, sql, index) => {
  const plan = planOf(clinic.db, sql).join('\n');
  expect(plan).toContain(index);
  expect(plan).not.toMatch(/SCAN (?!inference_setting|json_each)|ORDER BY/);
});
