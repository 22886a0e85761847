import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FindingDecision } from '../../../shared/domain/finding-decision.ts';
import { createUser } from '../access/index.ts';
import { findPatient, findStudyCard, getStudyCard } from '../archive/index.ts';
import { aiStatus, listFindings } from '../inference/index.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { finishNext, installed } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { followAll, sendHeadCt } from '../testing/ward.ts';
import { SHIPPED_POLICY } from '../testing/deadlines.ts';
import { declareUrgency, findUrgency } from '../triage/index.ts';
import { FIND_DECISION } from './finding-decisions.ts';
import { type DecideFinding, decideFinding, findDecision, findStandingDecision, openStudy } from './index.ts';

let clinic: Clinic;
let studyId: string;
let findingId: string;
let anna: string;
beforeEach(async () => {
  clinic = openClinic();
  anna = reader('anna');
  installed(clinic, 'general', {});
  studyId = await sendHeadCt(clinic, 1);
  finishNext(clinic, 0.9);
  followAll(clinic);
  findingId = listFindings(clinic.db, studyId)[0]?.findingId ?? '';
});
afterEach(() => clinic.close());

function reader(username: string): string {
  const created = createUser(clinic.db, {
    ...{ username, displayName: username, passwordHash: 'x', state: 'active', roles: ['radiologist'] },
    ...{ siteId: clinic.north.siteId, actor: serviceActor('test'), atMs: 0 },
  });
  if (!created.ok) throw new Error(created.error.code);
  return created.value;
}
const open = (userId = anna) =>
  openStudy(clinic.db, { siteId: clinic.north.siteId, studyId, userId, atMs: clinic.nowMs() });
const ACCEPTED: FindingDecision = { decision: 'accepted' };
const REJECTED: FindingDecision = { decision: 'rejected', reason: 'artefact' };
const MODIFIED: FindingDecision = { decision: 'modified', aspects: ['side'], words: 'on the other side' };
const WITHDRAWN: FindingDecision = { decision: 'withdrawn' };

/** Decides as somebody does who has everything before them as it is now. */
function decide(decision: FindingDecision, change: Partial<DecideFinding> = {}) {
  const { patient } = findStudyCard(clinic.db, studyId) ?? {};
  clinic.pass(1000);
  const decided = decideFinding(clinic.db, {
    ...{ siteId: clinic.north.siteId, studyId, findingId, patientId: patient?.patientId ?? '', decision, userId: anna },
    identityVersion: findPatient(clinic.db, patient?.patientId ?? '')?.identityVersion ?? 0,
    knownDecisionId: findStandingDecision(clinic.db, findingId)?.decisionId ?? null,
    atMs: clinic.nowMs(),
    ...change,
  });
  followAll(clinic);
  return decided.ok ? 'ok' : decided.error.code;
}
const stateOf = () => listFindings(clinic.db, studyId).find((one) => one.findingId === findingId)?.state;
const place = () => {
  const urgency = findUrgency(clinic.db, studyId);
  return urgency && [urgency.level, urgency.standing, ...urgency.reasons.map(({ code }) => code)];
};

test('a decision, the finding’s state and the ledger say the same; words stand with the finding alone', () => {
  open();
  expect(decide({ ...MODIFIED, words: 'left, said Anna Example' })).toBe('ok');
  expect([stateOf(), findDecision(clinic.db, findingId)]).toEqual(['modified', 'modified']);
  expect(findStandingDecision(clinic.db, findingId)).toMatchObject({
    ...{ decision: 'modified', reason: null, aspects: ['side'], words: 'left, said Anna Example', userId: anna },
  });
  const [event] = clinic.events('finding-decided');
  expect(event).toMatchObject({
    studyId,
    payload: { findingId, decision: 'modified', reason: null, aspects: ['side'] },
  });
  expect(JSON.stringify(event)).not.toContain('Example');
});

test('whatever is decided in whatever order, the last word stands, each is on record, and taking it back leaves it unverified', () => {
  open();
  const words = [ACCEPTED, REJECTED, MODIFIED, WITHDRAWN];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 6 }), (decisions) => {
      if (findDecision(clinic.db, findingId) !== null) decide(WITHDRAWN);
      let kept = clinic.events('finding-decided').length;
      let standing: string | null = null;
      for (const one of decisions) {
        const isEmpty = one.decision === 'withdrawn' && standing === null;
        expect(decide(one)).toBe(isEmpty ? 'nothing-to-take-back' : 'ok');
        if (isEmpty) continue;
        standing = one.decision === 'withdrawn' ? null : one.decision;
        kept += 1;
        expect([findDecision(clinic.db, findingId), stateOf()]).toEqual([standing, standing ?? 'unverified']);
      }
      expect(clinic.events('finding-decided')).toHaveLength(kept);
    }),
    { numRuns: 15 },
  );
});

test.each([
  ['images-not-opened', {}, false],
  ['identity-changed', { patientId: '01930000-0000-7000-8000-000000000009' }, true],
  ['identity-changed', { identityVersion: 99 }, true],
  ['decided-meanwhile', { knownDecisionId: '01930000-0000-7000-8000-000000000009' }, true],
  ['finding-not-found', { findingId: '01930000-0000-7000-8000-000000000009' }, true],
  ['finding-not-found', { studyId: '01930000-0000-7000-8000-000000000009' }, true],
  ['nothing-to-take-back', { decision: WITHDRAWN }, true],
] as const)('refused with %s, and nothing is written: %j', (code, change, isOpened) => {
  if (isOpened) open();
  expect(decide(ACCEPTED, change)).toBe(code);
  expect([findDecision(clinic.db, findingId), stateOf(), clinic.events('finding-decided')]).toEqual([
    null,
    'unverified',
    [],
  ]);
});

test('of another site, and after a final report, nothing is decided', () => {
  open();
  expect(decide(ACCEPTED, { siteId: clinic.south.siteId })).toBe('finding-not-found');
  const { patientId } = findStudyCard(clinic.db, studyId)?.patient ?? {};
  clinic.db
    .prepare('INSERT INTO reports VALUES (?, ?, ?, ?, ?, ?)')
    .run('r', clinic.north.siteId, patientId, 'final', anna, 9);
  clinic.db.prepare("INSERT INTO report_studies VALUES ('r', ?, 'A1', 1)").run(studyId);
  expect(decide(ACCEPTED)).toBe('report-final');
});

test('accepting a flag fills its study’s class, taking it back leaves it hollow again, and rejecting lowers nothing', () => {
  open();
  expect(place()).toEqual(['critical', 'suspected', 'ai-flag', 'no-order-matched']);
  decide(ACCEPTED);
  expect(place()).toEqual(['critical', 'confirmed', 'finding-confirmed', 'ai-flag', 'no-order-matched']);
  expect(findUrgency(clinic.db, studyId)?.reasons[0]?.params).toMatchObject({ by: 'anna', findingId });
  decide(WITHDRAWN);
  expect(place()).toEqual(['critical', 'suspected', 'ai-flag', 'no-order-matched']);
  decide(REJECTED);
  expect(place()).toEqual(['critical', 'suspected', 'ai-flag', 'no-order-matched']);
  expect(aiStatus(clinic.db, studyId)).toMatchObject({ state: 'flagged', findings: [{ decision: 'rejected' }] });
  decide(MODIFIED);
  expect(place()?.slice(0, 3)).toEqual(['critical', 'confirmed', 'finding-confirmed']);
});

test('a lesser finding that is so leaves the greater one suspected, and nothing is raised that was lowered for its images', async () => {
  installed(clinic, 'general', { id: 'other', category: 2 });
  studyId = await sendHeadCt(clinic, 2);
  finishNext(clinic, 0.9);
  finishNext(clinic, 0.9);
  followAll(clinic);
  open();
  const idOf = (category: number) =>
    listFindings(clinic.db, studyId).find((one) => one.category === category)?.findingId ?? '';
  findingId = idOf(2);
  expect(decide(ACCEPTED)).toBe('ok');
  expect(place()?.slice(0, 3)).toEqual(['critical', 'suspected', 'finding-confirmed']);
  const { patient, revision } = getStudyCard(clinic.db, studyId);
  const lowered = declareUrgency(clinic.db, SHIPPED_POLICY, {
    ...{ siteId: clinic.north.siteId, studyId, patientId: patient.patientId, level: 'routine', reason: 'seen' },
    ...{ userId: anna, displayName: 'anna', permissions: ['urgency.lower'], openedRevision: revision },
    atMs: clinic.nowMs(),
  });
  expect(lowered.ok).toBe(true);
  findingId = idOf(1);
  expect(decide(ACCEPTED)).toBe('ok');
  expect(place()?.slice(0, 2)).toEqual(['routine', 'ordinary']);
});

test('a greater finding that is taken back is hollow again, though a lesser one beside it is so', async () => {
  installed(clinic, 'general', { id: 'other', category: 2 });
  studyId = await sendHeadCt(clinic, 2);
  finishNext(clinic, 0.9);
  finishNext(clinic, 0.9);
  followAll(clinic);
  open();
  for (const [category, word, standing] of [
    [2, ACCEPTED, 'suspected'],
    [1, ACCEPTED, 'confirmed'],
    [2, WITHDRAWN, 'confirmed'],
    [2, ACCEPTED, 'confirmed'],
    [1, WITHDRAWN, 'suspected'],
  ] as const) {
    findingId = listFindings(clinic.db, studyId).find((one) => one.category === category)?.findingId ?? '';
    expect(decide(word)).toBe('ok');
    expect(place()?.slice(0, 2)).toEqual(['critical', standing]);
  }
});

test('who opened fewer images than the finding was seen in decides nothing of it', async () => {
  open();
  await clinic.send([6, 7].map((n) => aSlice(n, { StudyInstanceUID: '1.2.50.1', PatientID: 'P1' })));
  followAll(clinic);
  finishNext(clinic, 0.9);
  followAll(clinic);
  findingId = listFindings(clinic.db, studyId).find(({ state }) => state === 'unverified')?.findingId ?? '';
  expect(decide(ACCEPTED)).toBe('images-not-opened');
  open();
  expect(decide(ACCEPTED)).toBe('ok');
});

test('what newer images took the place of is decided no more, and what stands decided of it stands', async () => {
  open();
  const first = findingId;
  decide(ACCEPTED);
  await clinic.send([6, 7].map((n) => aSlice(n, { StudyInstanceUID: '1.2.50.1', PatientID: 'P1' })));
  followAll(clinic);
  finishNext(clinic, 0.9);
  followAll(clinic);
  expect(
    listFindings(clinic.db, studyId)
      .map(({ state }) => state)
      .toSorted(),
  ).toEqual(['accepted', 'unverified']);
  findingId = first;
  // Taken back, it is not an open question again: its successor is.
  expect(decide(WITHDRAWN)).toBe('ok');
  expect(stateOf()).toBe('superseded');
  expect(decide(REJECTED)).toBe('finding-superseded');
});

test('the last word stands though the clock was set back before it', () => {
  open();
  expect(decide(ACCEPTED)).toBe('ok');
  expect(decide(REJECTED, { atMs: clinic.nowMs() - 60_000 })).toBe('ok');
  expect([findDecision(clinic.db, findingId), stateOf()]).toEqual(['rejected', 'rejected']);
});

test('the last word on a finding is found by its index, and nothing is sorted', () => {
  const plan = planOf(clinic.db, FIND_DECISION).join();
  expect(plan).toMatch(/SEARCH finding_decisions USING INDEX finding_decisions_by_finding/);
  expect(plan).not.toContain('TEMP B-TREE');
});
