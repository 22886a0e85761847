import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { urgencyRank } from '../../../shared/domain/urgency.ts';
import { findStudyIdByUid, promoteStudy } from '../archive/index.ts';
import { beginEarlyRuns, EARLY_JOB, inferenceConsumer } from '../inference/index.ts';
import { followLedger } from '../platform/ledger/follow.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { SHIPPED_POLICY } from '../testing/deadlines.ts';
import { finish, finishNext, installed, startNext, type TestModel } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { findUrgency, triageConsumer } from './index.ts';
import { isWaiting, noteOpening, putUrgency } from './urgency-rows.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

const MINUTE_MS = 60_000;
const VOLUME = [1, 2, 3, 4, 5, 6, 7, 8];
const follow = (on = clinic) =>
  followLedger(on.db, [inferenceConsumer, triageConsumer(SHIPPED_POLICY)], {
    clock: on.archive.clock,
    log: on.log,
  }).catchUp();
async function sendHead(callingAe: 'CT1' | 'PACS' = 'CT1') {
  const id = await clinic.send(
    VOLUME.map((n) => aSlice(n)),
    callingAe,
  );
  follow();
  return id;
}
const place = (id: string) => {
  const urgency = findUrgency(clinic.db, id);
  return urgency && [urgency.level, urgency.standing, urgency.reasons.map(({ code }) => code)];
};
const minutesFrom = (fromMs: number, atMs: number | null | undefined) =>
  atMs === null || atMs === undefined ? null : (atMs - fromMs) / MINUTE_MS;

test('a complete new study without an order is routine, on the longest service level, and says why', async () => {
  const completeAtMs = clinic.nowMs();
  const id = await sendHead();
  const urgency = findUrgency(clinic.db, id);
  expect(urgency).toMatchObject({
    level: 'routine',
    standing: 'ordinary',
    serviceLevel: 'outpatient',
    openByAtMs: null,
  });
  expect([place(id)?.[2], minutesFrom(completeAtMs, urgency?.reportByAtMs)]).toEqual([['no-order-matched'], 52 * 60]);
  expect(clinic.events('urgency-set')).toMatchObject([{ studyId: id, payload: { level: 'routine', previous: null } }]);
});

test('a study still receiving has no clock', async () => {
  const association = clinic.associate();
  await clinic.receive(association, aSlice(1));
  follow();
  expect(findUrgency(clinic.db, findStudyIdByUid(clinic.db, clinic.north.siteId, '1.2.10') ?? '')).toBeNull();
});

test('a flag of a study still receiving raises it at once, and its clocks count from the flag', async () => {
  installed(clinic, 'general', {});
  const association = clinic.associate();
  await clinic.receive(association, ...VOLUME.map((n) => aSlice(n)));
  follow();
  clinic.pass(3000);
  clinic.runJobs({ [EARLY_JOB]: beginEarlyRuns });
  finishNext(clinic, 0.9);
  const flaggedAtMs = clinic.nowMs();
  follow();
  const id = findStudyIdByUid(clinic.db, clinic.north.siteId, '1.2.10') ?? '';
  expect(place(id)).toEqual(['critical', 'suspected', ['ai-flag', 'no-order-matched']]);
  expect(minutesFrom(flaggedAtMs, findUrgency(clinic.db, id)?.openByAtMs)).toBe(15);
  // When the study is complete its clocks go on: what was promised is not put off.
  clinic.pass(MINUTE_MS);
  clinic.end(association);
  await clinic.send(
    [1, 2, 3].map((n) => aSlice(n, { SeriesInstanceUID: '1.2.10.9', SeriesNumber: 9, SliceThickness: 1 })),
  );
  follow();
  expect(minutesFrom(flaggedAtMs, findUrgency(clinic.db, id)?.openByAtMs)).toBe(15);
  expect(place(id)?.slice(0, 2)).toEqual(['critical', 'suspected']);
});

test('a comparison study has no clock until a person promotes it', async () => {
  const id = await sendHead('PACS');
  expect(findUrgency(clinic.db, id)).toBeNull();
  promoteStudy(clinic.db, {
    siteId: clinic.north.siteId,
    studyId: id,
    actor: { kind: 'user', id: 'u' },
    atMs: clinic.nowMs(),
  });
  follow();
  expect(place(id)).toEqual(['routine', 'ordinary', ['no-order-matched']]);
});

test.each<[TestModel, number, unknown]>([
  [{ category: 1 }, 0.9, ['critical', 'suspected', ['ai-flag', 'no-order-matched']]],
  [{ category: 2 }, 0.9, ['urgent', 'suspected', ['ai-flag', 'no-order-matched']]],
  [{ category: 3 }, 0.9, ['routine', 'ordinary', ['ai-flag', 'no-order-matched']]],
  [{ category: 1 }, 0.1, ['routine', 'ordinary', ['no-order-matched']]],
  [{ category: 1, uses: ['measure'] }, 0.9, ['routine', 'ordinary', ['no-order-matched']]],
])('a run of %o with probability %d leaves the study %j', async (model, score, expected) => {
  installed(clinic, 'general', model);
  const id = await sendHead();
  finishNext(clinic, score);
  follow();
  expect(place(id)).toEqual(expected);
});

test('a silent model raises nobody', async () => {
  installed(clinic, 'silent', { category: 1 });
  const id = await sendHead();
  finishNext(clinic, 0.9);
  follow();
  expect(place(id)).toEqual(['routine', 'ordinary', ['no-order-matched']]);
});

test('targets count from images complete, not from the flag, and the ledger keeps no words', async () => {
  installed(clinic, 'general', { category: 1 });
  const completeAtMs = clinic.nowMs();
  const id = await sendHead();
  clinic.pass(8000);
  finishNext(clinic, 0.9);
  follow();
  const urgency = findUrgency(clinic.db, id);
  expect([minutesFrom(completeAtMs, urgency?.openByAtMs), minutesFrom(completeAtMs, urgency?.reportByAtMs)]).toEqual([
    15, 30,
  ]);
  expect(urgency?.reasons[0]?.params).toEqual({
    finding: 'Blood',
    score: 0.9,
    model: 'Model bleed 1.0.0',
    category: 1,
    revision: 8,
  });
  const raised = clinic.events('urgency-set')[1];
  expect(raised?.payload).toMatchObject({
    level: 'critical',
    previous: 'routine',
    reasons: [{ code: 'ai-flag' }, { code: 'no-order-matched' }],
  });
  expect(JSON.stringify(raised?.payload)).not.toContain('Blood');
});

test('an opening of before raises were counted ends the wait where it came after the last word, and not before', async () => {
  installed(clinic, 'general', { category: 1 });
  const id = await sendHead();
  finishNext(clinic, 0.9);
  follow();
  const setAtMs = findUrgency(clinic.db, id)?.setAtMs ?? 0;
  const openedAt = (atMs: number) => {
    noteOpening(clinic.db, { siteId: clinic.north.siteId, studyId: id, raises: null }, atMs);
    return isWaiting(clinic.db, id);
  };
  expect([openedAt(setAtMs - 1), openedAt(setAtMs)]).toEqual([true, false]);
});

test('a second model adds its reason to the first, in either order, and the more dangerous class holds', async () => {
  installed(clinic, 'general', { id: 'one', category: 1 }, { id: 'two', category: 2 });
  const id = await sendHead();
  finishNext(clinic, 0.9);
  follow();
  finishNext(clinic, 0.8);
  follow();
  expect(place(id)).toEqual(['critical', 'suspected', ['ai-flag', 'ai-flag', 'no-order-matched']]);
  expect(
    findUrgency(clinic.db, id)
      ?.reasons.map(({ params }) => params.model ?? null)
      .toSorted(),
  ).toEqual(['Model one 1.0.0', 'Model two 1.0.0', null]);
});

test('a re-run of the same model says its reason anew, once; one that no longer flags never lowers', async () => {
  installed(clinic, 'general', { category: 1 });
  const id = await sendHead();
  finishNext(clinic, 0.9);
  follow();
  for (const [n, score] of [
    [9, 0.7],
    [10, 0.1],
  ] as const) {
    await clinic.send([aSlice(n)]);
    follow();
    finishNext(clinic, score);
    follow();
  }
  expect(place(id)).toEqual(['critical', 'suspected', ['ai-flag', 'no-order-matched']]);
  // What flagged revision 9 says so: revision 10 was not flagged.
  expect(findUrgency(clinic.db, id)?.reasons[0]?.params).toMatchObject({ score: 0.7, revision: 9 });
});

test('the targets of an old study count from the word that made it new, also when it is raised later', async () => {
  const days = 24 * 60 * MINUTE_MS;
  installed(clinic, 'general', { category: 1 });
  const id = await sendHead('PACS');
  clinic.pass(7 * days);
  const promotedAtMs = clinic.nowMs();
  const actor = { kind: 'user', id: 'u' } as const;
  promoteStudy(clinic.db, { siteId: clinic.north.siteId, studyId: id, actor, atMs: promotedAtMs });
  follow();
  expect(minutesFrom(promotedAtMs, findUrgency(clinic.db, id)?.reportByAtMs)).toBe(52 * 60);
  clinic.pass(MINUTE_MS);
  finishNext(clinic, 0.9);
  follow();
  const urgency = findUrgency(clinic.db, id);
  expect([urgency?.openByAtMs, urgency?.reportByAtMs].map((at) => minutesFrom(promotedAtMs, at))).toEqual([15, 30]);
});

test('what a person set stands: AI adds its reason below the same class, and never unseats it', async () => {
  installed(clinic, 'general', { category: 1 });
  const id = await sendHead();
  const current = findUrgency(clinic.db, id);
  if (current === null) throw new Error('not placed');
  putUrgency(clinic.db, { ...current, level: 'critical', standing: 'confirmed', openByAtMs: 1000, reportByAtMs: 2000 });
  finishNext(clinic, 0.9);
  follow();
  expect(findUrgency(clinic.db, id)).toMatchObject({
    level: 'critical',
    standing: 'confirmed',
    openByAtMs: 1000,
    reportByAtMs: 2000,
  });
});

test('a flag on a study whose placing failed places it first', async () => {
  installed(clinic, 'general', { category: 1 });
  const id = await sendHead();
  clinic.db.exec('DELETE FROM study_urgency');
  finishNext(clinic, 0.9);
  follow();
  expect(place(id)).toEqual(['critical', 'suspected', ['ai-flag', 'no-order-matched']]);
});

test('replayed from the first event, places and events stay as they are', async () => {
  installed(clinic, 'general', { id: 'one', category: 2 }, { id: 'two', category: 1 });
  await sendHead();
  for (const score of [0.9, 0.8]) {
    clinic.pass(1000);
    finishNext(clinic, score);
    follow();
  }
  const rows = () => clinic.db.prepare('SELECT * FROM study_urgency').all();
  const before = [rows(), clinic.events().length];
  clinic.db.exec('UPDATE cursors SET seq = 0');
  follow();
  expect([rows(), clinic.events().length]).toEqual(before);
});

test('over any sequence of results, late images and failures, no study becomes less urgent and no promise is put off', async () => {
  installed(clinic, 'general', { id: 'one', category: 1 }, { id: 'two', category: 2 }, { id: 'three', category: 3 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('finish' as const), score: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ kind: fc.constant('image' as const) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 3_600_000 }) }),
    fc.record({ kind: fc.constant('replay' as const) }),
  );
  let study = 100;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      study += 1;
      const slice = (n: number) => aSlice(n, { StudyInstanceUID: `1.2.${study}` });
      clinic.db.exec("UPDATE runs SET state = 'superseded'");
      const id = await clinic.send(VOLUME.slice(0, 5).map(slice));
      follow();
      let images = 5;
      let before = findUrgency(clinic.db, id);
      for (const one of steps) {
        if (one.kind === 'wait') clinic.pass(one.ms);
        if (one.kind === 'replay') clinic.db.exec("UPDATE cursors SET seq = max(seq - 3, 0) WHERE consumer = 'triage'");
        if (one.kind === 'image') await clinic.send([slice((images += 1))]);
        if (one.kind === 'finish' && clinic.db.prepare("SELECT 1 FROM runs WHERE state = 'queued'").get() !== undefined)
          finish(clinic, startNext(clinic), one.score);
        follow();
        const after = findUrgency(clinic.db, id);
        if (before === null || after === null) throw new Error('not placed');
        expect(urgencyRank(after.level)).toBeLessThanOrEqual(urgencyRank(before.level));
        for (const promise of ['openByAtMs', 'reportByAtMs'] as const)
          expect(after[promise] ?? Infinity).toBeLessThanOrEqual(before[promise] ?? Infinity);
        before = after;
      }
    }),
    { numRuns: 15 },
  );
});
