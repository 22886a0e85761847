import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createUser } from '../access/index.ts';
import { getStudyCard } from '../archive/index.ts';
import { inferenceConsumer } from '../inference/index.ts';
import { followLedger } from '../platform/ledger/follow.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { openStudy } from '../reading/index.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { SHIPPED_POLICY } from '../testing/deadlines.ts';
import { finishNext, installed } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { worklistConsumer } from '../worklist/index.ts';
import { SUM_FALSE_ALARMS } from './asks.ts';
import { boundWaiting, LIST_OVERTAKEN, NEWEST_RAISED, NEXT_LIMIT } from './bound-waiting.ts';
import { declareUrgency } from './declare-urgency.ts';
import { findUrgency, LIMIT_JOB, proposeSet, SETTLE_TRIAGE_JOB, settleSet, signSet, triageConsumer } from './index.ts';
import { LATEST_DECLARED } from './settle-place.ts';
import { LIST_WAITING_AFTER } from './urgency-rows.ts';

let clinic: Clinic;
let anna: string;
beforeEach(() => {
  clinic = openClinic();
  const created = createUser(clinic.db, {
    ...{ username: 'anna', displayName: 'Anna', passwordHash: 'x', state: 'active', roles: ['radiologist'] },
    ...{ siteId: clinic.north.siteId, actor: serviceActor('test'), atMs: 0 },
  });
  if (!created.ok) throw new Error(created.error.code);
  anna = created.value;
});
afterEach(() => clinic.close());

const MINUTE_MS = 60_000;
const JOBS = { [LIMIT_JOB]: boundWaiting(SHIPPED_POLICY), [SETTLE_TRIAGE_JOB]: settleSet(SHIPPED_POLICY) };
const follow = () =>
  followLedger(clinic.db, [inferenceConsumer, triageConsumer(SHIPPED_POLICY), worklistConsumer(() => undefined)], {
    clock: clinic.archive.clock,
    log: clinic.log,
  }).catchUp();
let lastStudy = 500;
async function send(slices = 5, tags: Readonly<Record<string, unknown>> = {}) {
  lastStudy += 1;
  const id = await clinic.send(
    Array.from({ length: slices }, (_, n) => aSlice(n + 1, { StudyInstanceUID: `1.2.${lastStudy}`, ...tags })),
  );
  follow();
  return id;
}
async function sendFlagged() {
  const id = await send();
  finishNext(clinic, 0.9);
  follow();
  return id;
}
const open = (studyId: string) => {
  openStudy(clinic.db, { siteId: clinic.north.siteId, studyId, userId: anna, atMs: clinic.nowMs() });
  follow();
};
const declare = (studyId: string, level: 'critical' | 'urgent' | 'routine', more: object = {}) => {
  const study = getStudyCard(clinic.db, studyId);
  const done = declareUrgency(clinic.db, SHIPPED_POLICY, {
    ...{ siteId: clinic.north.siteId, studyId, patientId: study.patient.patientId, level, reason: 'the ward called' },
    ...{ userId: anna, displayName: 'Anna', permissions: ['urgency.raise', 'urgency.lower'], openedRevision: null },
    ...{ atMs: clinic.nowMs(), ...more },
  });
  follow();
  return done.ok ? 'done' : done.error.code;
};
const placeOf = (studyId: string) => {
  const urgency = findUrgency(clinic.db, studyId);
  return [urgency?.level, urgency?.standing, urgency?.reasons.map(({ code }) => code)];
};
const order = () =>
  clinic.db.prepare('SELECT study_id FROM open_studies ORDER BY urgency_rank, due_at_ms, study_id').pluck().all();

test('a person’s Critical is filled and says who and why; the ledger holds neither the name nor the words', async () => {
  const id = await send();
  expect(declare(id, 'critical')).toBe('done');
  expect(placeOf(id)).toEqual(['critical', 'confirmed', ['declared', 'no-order-matched']]);
  expect(findUrgency(clinic.db, id)?.reasons[0]?.params).toEqual({
    by: 'Anna',
    level: 'critical',
    said: 'the ward called',
  });
  expect(JSON.stringify(clinic.events('urgency-set'))).not.toMatch(/Anna|ward/);
});

test('lowering takes the permission and the images as they are now; then the same images raise it no more, new ones do', async () => {
  installed(clinic, 'general', { category: 1 });
  const id = await sendFlagged();
  const revision = getStudyCard(clinic.db, id).revision;
  expect(declare(id, 'routine', { permissions: ['urgency.raise'], openedRevision: revision })).toBe(
    'lower-not-permitted',
  );
  expect(declare(id, 'routine')).toBe('images-not-opened');
  expect(declare(id, 'routine', { openedRevision: revision - 1 })).toBe('images-not-opened');
  expect(declare(id, 'routine', { openedRevision: revision, patientId: 'another' })).toBe('patient-mismatch');
  expect(placeOf(id).slice(0, 2)).toEqual(['critical', 'suspected']);
  expect(declare(id, 'routine', { openedRevision: revision })).toBe('done');
  expect(placeOf(id)).toEqual(['routine', 'ordinary', ['lowered', 'ai-flag', 'no-order-matched']]);
  // The promise of the class it was lowered from is none any more.
  const { openByAtMs, reportByAtMs, countsFromMs } = findUrgency(clinic.db, id) ?? {};
  expect([openByAtMs, ((reportByAtMs ?? 0) - (countsFromMs ?? 0)) / MINUTE_MS]).toEqual([null, 52 * 60]);
  clinic.db.exec("UPDATE cursors SET seq = 0 WHERE consumer = 'triage'");
  follow();
  expect(placeOf(id)[0]).toBe('routine');
  await clinic.send([aSlice(6, { StudyInstanceUID: `1.2.${lastStudy}` })]);
  follow();
  finishNext(clinic, 0.9);
  follow();
  expect(placeOf(id).slice(0, 2)).toEqual(['critical', 'suspected']);
});

test('who may not raise may not stand behind what AI suspects either; who may confirms it', async () => {
  installed(clinic, 'general', { category: 1 });
  const id = await sendFlagged();
  expect(declare(id, 'critical', { permissions: [] })).toBe('raise-not-permitted');
  expect(declare(id, 'critical')).toBe('done');
  expect(placeOf(id)).toEqual(['critical', 'confirmed', ['declared', 'ai-flag', 'no-order-matched']]);
  expect(declare(id, 'critical', { siteId: clinic.south.siteId })).toBe('study-not-found');
});

test('what AI raised stands behind the Criticals that people declared before, though its images are older, and before those declared after', async () => {
  installed(clinic, 'general', { category: 1 });
  const flagged = await send();
  clinic.pass(30 * MINUTE_MS);
  const declared = await send();
  declare(declared, 'critical');
  clinic.db.prepare("UPDATE runs SET state = 'superseded' WHERE study_id = ?").run(declared);
  clinic.pass(MINUTE_MS);
  finishNext(clinic, 0.9);
  follow();
  expect(order()).toEqual([declared, flagged]);
  clinic.pass(MINUTE_MS);
  const later = await send();
  declare(later, 'critical');
  expect(order()).toEqual([declared, flagged, later]);
});

const sign = (kind: 'policy' | 'rules', body: unknown) => {
  const act = { siteId: clinic.north.siteId, userId: anna, atMs: clinic.nowMs() };
  const proposed = proposeSet(clinic.db, { ...act, kind, body, reason: 'as agreed' } as Parameters<
    typeof proposeSet
  >[1]);
  if (!proposed.ok) throw new Error(proposed.error.code);
  const signed = signSet(clinic.db, { ...act, kind, version: proposed.value });
  if (!signed.ok) throw new Error(signed.error.code);
  clinic.runJobs(JOBS);
  follow();
};
const aRule = (when: string, more: object = {}) => ({
  id: 'r',
  name: 'A rule',
  when,
  raisesTo: 'critical',
  isOn: true,
  ...more,
});

test('a signed rule raises what waits and what comes, up to its class, with its version and the values that made it so', async () => {
  const waits = await send();
  sign('rules', [aRule('study.modality == "CT"', { raisesTo: 'urgent' })]);
  const comes = await send();
  for (const id of [waits, comes]) expect(placeOf(id)).toEqual(['urgent', 'suspected', ['rule', 'no-order-matched']]);
  expect(findUrgency(clinic.db, comes)?.reasons[0]?.params).toEqual({
    ...{ ruleId: 'r', rule: 'A rule', version: 1, values: 'study.modality = CT' },
  });
  // Without the rule nothing is lowered by itself.
  sign('rules', []);
  expect(placeOf(waits)[0]).toBe('urgent');
});

test('a rule that looks at findings raises no further than their category allows; one that is off, or silent models, nothing', async () => {
  installed(clinic, 'general', { category: 2 });
  sign('rules', [aRule('findings.exists(f, f.score > 0.5)'), aRule('study.images > 1', { id: 'off', isOn: false })]);
  const flagged = await sendFlagged();
  expect(placeOf(flagged)).toEqual(['urgent', 'suspected', ['rule', 'ai-flag', 'no-order-matched']]);
  clinic.db.exec("UPDATE model_exposures SET stage = 'silent'");
  sign('rules', [aRule('findings.size() > 0 || ai.state == "flagged"')]);
  expect(placeOf(await sendFlagged())[0]).toBe('routine');
});

test('a rule that fails at run time is kept as that, told, and leaves the study as it was; an unknown value is kept alone', async () => {
  sign('rules', [aRule('1 / (study.images - 5) > 0'), aRule('patient.ageYears > 200', { id: 'age' })]);
  const id = await send(5, { PatientBirthDate: '' });
  expect(placeOf(id)[0]).toBe('routine');
  expect(clinic.db.prepare('SELECT rule_id, code FROM rule_failures ORDER BY rule_id').raw().all()).toEqual([
    ['age', 'value-missing'],
    ['r', 'failed'],
  ]);
  expect(clinic.events('triage-rule-failed').map(({ payload }) => payload)).toEqual([
    { ruleId: 'r', version: 1, code: 'failed' },
  ]);
});

test('signed deadlines hold for what waits where they are earlier, and put no promise off', async () => {
  const id = await send();
  const { serviceLevels, ...policy } = SHIPPED_POLICY.starting;
  const reportBy = () =>
    ((findUrgency(clinic.db, id)?.reportByAtMs ?? 0) - (findUrgency(clinic.db, id)?.countsFromMs ?? 0)) / MINUTE_MS;
  for (const [reportMinutes, expected] of [
    [600, 600],
    [900, 600],
  ] as const) {
    sign('policy', { ...policy, serviceLevels: { ...serviceLevels, outpatient: { reportMinutes } } });
    expect(reportBy()).toBe(expected);
  }
});

test('a flag that an earlier study had, accepted or reported, says since when it is known', async () => {
  installed(clinic, 'general', { category: 1 });
  const prior = await sendFlagged();
  clinic.db.exec("UPDATE findings SET state = 'accepted'");
  clinic.db.prepare("UPDATE studies SET date_raw = '20250110' WHERE study_id = ?").run(prior);
  const next = await sendFlagged();
  expect(findUrgency(clinic.db, next)?.reasons[0]?.params).toMatchObject({ knownSince: '2025-01-10' });
  clinic.db.prepare("UPDATE findings SET state = 'rejected' WHERE study_id = ?").run(prior);
  clinic.db.prepare("UPDATE findings SET state = 'unverified' WHERE study_id = ?").run(next);
  expect(findUrgency(clinic.db, await sendFlagged())?.reasons[0]?.params).not.toHaveProperty('knownSince');
});

test('what waited to its limit goes up a class only where something that came later was raised above it', async () => {
  installed(clinic, 'general', { category: 1 });
  const waits = await send();
  clinic.db.exec("UPDATE runs SET state = 'superseded'");
  const limitAtMs = findUrgency(clinic.db, waits)?.limitAtMs ?? 0;
  clinic.pass(limitAtMs - clinic.nowMs() + 1);
  clinic.runJobs(JOBS);
  expect(placeOf(waits)[0]).toBe('routine');
  await sendFlagged();
  clinic.pass(MINUTE_MS);
  clinic.runJobs(JOBS);
  follow();
  expect(placeOf(waits)).toEqual(['urgent', 'suspected', ['waited-to-limit', 'no-order-matched']]);
  clinic.pass(120 * MINUTE_MS);
  clinic.runJobs(JOBS);
  follow();
  expect(placeOf(waits).slice(0, 2)).toEqual(['critical', 'suspected']);
  expect(order()[0]).toBe(waits);
});

test('over random arrivals, flags and readings nothing that came later and was raised is read before what has waited to its limits', async () => {
  installed(clinic, 'general', { category: 1 });
  const step = fc.record({
    does: fc.constantFrom('arrives', 'arrives', 'flagged', 'flagged', 'is-read'),
    afterMinutes: fc.integer({ min: 1, max: 900 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
      for (const { does, afterMinutes } of steps) {
        clinic.pass(afterMinutes * MINUTE_MS);
        clinic.runJobs(JOBS);
        clinic.runJobs(JOBS);
        follow();
        if (does === 'arrives') {
          await send();
          clinic.db.exec("UPDATE runs SET state = 'superseded'");
        }
        if (does === 'flagged') await sendFlagged();
        if (does !== 'is-read') continue;
        const waiting = order()
          .map((studyId) => findUrgency(clinic.db, String(studyId)))
          .filter(
            (one) =>
              one !== null &&
              clinic.db.prepare('SELECT 1 FROM first_openings WHERE study_id = ?').get(one.studyId) === undefined,
          );
        const next = waiting[0];
        if (next === null || next === undefined) continue;
        const wronged = waiting.filter(
          (one) =>
            one !== null &&
            next.standing === 'suspected' &&
            one.countsFromMs < next.countsFromMs &&
            // Its first limit, and the second after it; looked at every half minute.
            clinic.nowMs() > one.countsFromMs + 0.75 * ((one.reportByAtMs ?? 0) - one.countsFromMs) + 122 * MINUTE_MS &&
            one.level !== 'critical',
        );
        expect(wronged.map((one) => one?.studyId)).toEqual([]);
        open(next.studyId);
      }
      clinic.db.exec('UPDATE study_urgency SET is_waiting = 0; DELETE FROM open_studies;');
    }),
    { numRuns: Number(process.env.WETREAD_ROUNDS ?? 6) },
  );
});

test('what is asked at every raise and every look walks an index', () => {
  const plans = [LIST_OVERTAKEN, NEWEST_RAISED, NEXT_LIMIT, LATEST_DECLARED, SUM_FALSE_ALARMS, LIST_WAITING_AFTER].map(
    (sql) => planOf(clinic.db, sql).join('; '),
  );
  for (const plan of plans) expect(plan).not.toMatch(/SCAN|TEMP B-TREE/);
  expect(plans.map((plan) => /INDEX (\w+)/.exec(plan)?.[1])).toEqual([
    ...['study_urgency_by_limit', 'study_urgency_suspected', 'study_urgency_by_limit', 'study_urgency_declared'],
    ...['urgency_asks_by_time', 'study_urgency_waiting'],
  ]);
});
