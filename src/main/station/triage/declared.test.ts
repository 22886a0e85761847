import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Reason } from '../../../shared/domain/urgency.ts';
import { createUser } from '../access/index.ts';
import { getStudyCard } from '../archive/index.ts';
import { inferenceConsumer } from '../inference/index.ts';
import { followLedger } from '../platform/ledger/follow.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { SHIPPED_POLICY } from '../testing/deadlines.ts';
import { listing, openStudy } from '../testing/later.ts';
import { finishNext, installed } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { SUM_FALSE_ALARMS } from './asks.ts';
import { boundWaiting, LIST_OVERTAKEN, NEWEST_RAISED, NEXT_LIMIT } from './bound-waiting.ts';
import { declareUrgency } from './declare-urgency.ts';
import {
  findFirstOpening,
  findUrgency,
  LIMIT_JOB,
  previewRules,
  proposeSet,
  replayTriage,
  rollBackSet,
  SETTLE_TRIAGE_JOB,
  settleSet,
  signSet,
  triageConsumer,
} from './index.ts';
import { LIST_PLACED } from './replay-triage.ts';
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
  followLedger(clinic.db, [inferenceConsumer, triageConsumer(SHIPPED_POLICY), listing], {
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
    ...{ ruleId: 'r', rule: 'A rule', version: 1, facts: 'study.modality = CT' },
  });
  // The ledger is told which rule and version, never what the study or the site's words say.
  const told = clinic.events('urgency-set').flatMap(({ payload }) => payload['reasons'] as Reason[]);
  expect(told.filter(({ code }) => code === 'rule').map(({ params }) => params)).toEqual([
    { ruleId: 'r', version: 1 },
    { ruleId: 'r', version: 1 },
  ]);
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

test('rules are tried on the last studies before they are signed, and the log is worked anew under them or without a model', async () => {
  installed(clinic, 'general', { category: 1 });
  const plain = await send();
  clinic.db.exec("UPDATE runs SET state = 'superseded'");
  clinic.pass(MINUTE_MS);
  const flagged = await sendFlagged();
  const [siteId, { starting, reading }] = [clinic.north.siteId, SHIPPED_POLICY];
  const rules = [
    aRule('study.priors == 0', { raisesTo: 'urgent' }),
    aRule('patient.ageYears > 200', { id: 'age' }),
    aRule('findings.exists(f, f.category == 1)', { id: 'found' }),
  ] as never;
  const preview = previewRules(clinic.db, { siteId, starting, rules }, reading);
  expect(preview).toMatchObject({
    ...{ studies: 2, before: { critical: 1, urgent: 0, routine: 1 } },
    rules: [{ id: 'r' }, { id: 'age' }, { id: 'found', holds: 1, failed: 0 }],
  });
  expect(findUrgency(clinic.db, plain)?.level).toBe('routine');
  clinic.pass(9 * MINUTE_MS);
  open(flagged);
  clinic.pass(10 * MINUTE_MS);
  open(plain);
  const question = { siteId, starting, zone: 'Etc/UTC', sinceMs: 0, without: 'all', rules: null } as const;
  const { flagged: ofFlagged, others, most } = replayTriage(clinic.db, question, reading);
  const half = (curve: readonly number[]) => (curve[10] ?? 0) / MINUTE_MS;
  expect([half(ofFlagged.actual), half(ofFlagged.asItWas), half(ofFlagged.changed)]).toEqual([9, 9, 19]);
  expect([half(others.asItWas), half(others.changed)]).toEqual([20, 10]);
  expect(most.map(({ studyId }) => studyId).toSorted()).toEqual([plain, flagged].toSorted());
  const kept = replayTriage(clinic.db, { ...question, without: [] }, reading);
  expect(kept.most).toEqual([]);
  const under = [aRule('study.images > 1')] as never;
  expect(half(replayTriage(clinic.db, { ...question, without: [], rules: under }, reading).others.changed)).toBe(10);
});

test('a version is signed once, withdrawn only while proposed, and brought back under a new number', () => {
  const act = { siteId: clinic.north.siteId, userId: anna, atMs: clinic.nowMs() };
  sign('rules', [aRule('true')]);
  sign('rules', []);
  expect(signSet(clinic.db, { ...act, kind: 'rules', version: 2 })).toEqual({
    ok: false,
    error: { code: 'nothing-proposed' },
  });
  expect(rollBackSet(clinic.db, { ...act, kind: 'rules', version: 1, reason: 'it was better' })).toEqual({
    ok: true,
    value: 3,
  });
  expect(rollBackSet(clinic.db, { ...act, kind: 'rules', version: 3, reason: 'it was better' }).ok).toBe(false);
  expect(clinic.db.prepare('SELECT version, state, restores FROM triage_sets ORDER BY version').raw().all()).toEqual([
    [1, 'replaced', null],
    [2, 'replaced', null],
    [3, 'current', 1],
  ]);
  expect(clinic.events('triage-set-signed').map(({ payload }) => payload.version)).toEqual([1, 2, 3]);
  expect(
    proposeSet(clinic.db, { ...act, kind: 'rules', reason: 'because', body: [aRule('nobody > 1')] as never }),
  ).toEqual({ ok: false, error: { code: 'rule-not-valid' } });
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
  const limits = new Map<string, number>();
  const A_LOOK = 60;
  const wait = (minutes: number) => {
    for (let left = minutes; left > 0; left -= A_LOOK) {
      clinic.pass(Math.min(left, A_LOOK) * MINUTE_MS);
      clinic.runJobs(JOBS);
    }
    follow();
  };
  const waiting = () =>
    order().flatMap((studyId) => {
      const urgency = findUrgency(clinic.db, String(studyId));
      return urgency === null || findFirstOpening(clinic.db, urgency.studyId) !== null ? [] : [urgency];
    });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 16 }), async (steps) => {
      for (const { does, afterMinutes } of steps) {
        wait(afterMinutes);
        if (does === 'is-read') {
          const [next, ...behind] = waiting();
          if (next === undefined) continue;
          // Its first limit, the second after it, and the looks of this test between them.
          const longestMs = (120 + 2 * A_LOOK + 1) * MINUTE_MS;
          const wronged = behind.filter(
            ({ studyId, countsFromMs }) =>
              next.standing === 'suspected' &&
              countsFromMs < next.countsFromMs &&
              clinic.nowMs() > (limits.get(studyId) ?? Number.POSITIVE_INFINITY) + longestMs,
          );
          expect(wronged).toEqual([]);
          open(next.studyId);
          continue;
        }
        const id = await send();
        limits.set(id, findUrgency(clinic.db, id)?.limitAtMs ?? Number.POSITIVE_INFINITY);
        if (does === 'flagged') finishNext(clinic, 0.9);
        else clinic.db.exec("UPDATE runs SET state = 'superseded'");
        follow();
      }
      clinic.db.exec('UPDATE study_urgency SET is_waiting = 0; DELETE FROM open_studies;');
    }),
    { numRuns: Number(process.env['WETREAD_ROUNDS'] ?? 4), endOnFailure: true },
  );
  expect(limits.size).toBeGreaterThan(5);
});

test('what is asked at every raise and every look walks an index', () => {
  const plans = [
    LIST_OVERTAKEN,
    NEWEST_RAISED,
    NEXT_LIMIT,
    LATEST_DECLARED,
    SUM_FALSE_ALARMS,
    LIST_WAITING_AFTER,
    LIST_PLACED,
  ].map((sql) => planOf(clinic.db, sql).join('; '));
  for (const plan of plans) expect(plan).not.toMatch(/SCAN|TEMP B-TREE/);
  expect(plans.map((plan) => /INDEX (\w+)/.exec(plan)?.[1])).toEqual([
    ...['study_urgency_by_limit', 'study_urgency_suspected', 'study_urgency_by_limit', 'study_urgency_declared'],
    ...['urgency_asks_by_time', 'study_urgency_waiting', 'study_urgency_by_placing'],
  ]);
});
