import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RoutingSet } from '../../../../shared/domain/triage-routing.ts';
import {
  createSignInThrottle,
  createUser,
  hashPassword,
  SESSION_LIMITS,
  signIn,
  type SignedIn,
  signOut,
  touchSession,
} from '../../access/index.ts';
import { getStudyCard } from '../../archive/index.ts';
import { serviceActor } from '../../platform/ledger/event.ts';
import { followLedger } from '../../platform/ledger/follow.ts';
import { planOf } from '../../platform/store/test-plan.ts';
import { inTransaction } from '../../platform/store/transaction.ts';
import { type Clinic, openClinic } from '../../testing/clinic.ts';
import { SHIPPED_POLICY } from '../../testing/deadlines.ts';
import { openStudy } from '../../testing/later.ts';
import { aSlice } from '../../testing/objects.ts';
import { QUICK_HASH } from '../../testing/quick-hash.ts';
import {
  declareUrgency,
  endOverride,
  findRoute,
  giveBackStudy,
  listSets,
  pinStudy,
  previewRouting,
  proposeSet,
  ROUTE_JOB,
  routeWaiting,
  routingConsumer,
  sayPresence,
  signSet,
  takenUntilMs,
  takeOut,
  takeStudy,
  triageConsumer,
} from '../index.ts';
import { localMoment } from '../local-moment.ts';
import { endExpired, LIST_ENDED, LIST_OVERRIDES, listOverrides, NEXT_END } from './overrides.ts';
import { LAST_OPENINGS, LEAST_STUDIES, measuredSpeed } from './reading-speed.ts';
import { LIST_FIRST_WAITING, LIST_SAID, LIST_SAID_IDS, LIST_WAITING_PINS } from './route-rows.ts';
import { covers } from './weekly-hours.ts';

const PASSWORD = 'correct horse battery';
const passwordHash = await hashPassword(PASSWORD, QUICK_HASH);
const MINUTE_MS = 60_000;
const WHOLE_WEEK = [{ weekdays: [1, 2, 3, 4, 5, 6, 7], fromMinute: 0, toMinute: 0 }];

let clinic: Clinic;
let anna: string;
let ben: string;
let sessions: SignedIn[];
beforeEach(() => {
  clinic = openClinic();
  sessions = [];
  anna = reader('anna');
  ben = reader('ben');
});
afterEach(() => clinic.close());

function reader(username: string): string {
  const created = createUser(clinic.db, {
    ...{ username, displayName: username, passwordHash, state: 'active', roles: ['radiologist'] },
    ...{ siteId: clinic.north.siteId, actor: serviceActor('test'), atMs: 0 },
  });
  if (!created.ok) throw new Error(created.error.code);
  return created.value;
}
async function enter(...usernames: readonly string[]): Promise<void> {
  for (const username of usernames) {
    const entered = await signIn(clinic.db, createSignInThrottle(), {
      ...{ username, password: PASSWORD, address: '10.0.0.9', nowMs: clinic.nowMs, limits: SESSION_LIMITS },
    });
    if (!entered.ok) throw new Error(entered.error.code);
    sessions.push(entered.value);
  }
}
const setOf = (more: Partial<RoutingSet> = {}): RoutingSet => ({
  ...{ mode: 'suggest', openShare: 0.5, batch: 1, skills: [] },
  groups: [{ id: 'neuro', name: 'Neuro', when: 'study.modality == "CT" && study.description != "Thorax"' }],
  readers: [anna, ben].map((userId) => ({
    ...{ userId, groups: ['neuro'], skills: [], shifts: WHOLE_WEEK, breaks: [], minutesPerPoint: 2 },
  })),
  ...more,
});
function sign(body: RoutingSet): void {
  const act = { siteId: clinic.north.siteId, userId: anna, atMs: clinic.nowMs() };
  const proposed = proposeSet(clinic.db, { ...act, kind: 'routing', body, reason: 'as agreed' });
  if (!proposed.ok) throw new Error(proposed.error.code);
  signSet(clinic.db, { ...act, kind: 'routing', version: proposed.value });
}
/** Everything that follows, until nothing is due: readers are seen all the while. */
function settle(passMs = 1000): void {
  clinic.pass(passMs);
  for (const { token } of sessions) touchSession(clinic.db, token, clinic.nowMs(), SESSION_LIMITS);
  for (let turn = 0; turn < 12; turn += 1) {
    clinic.pass(100);
    followLedger(clinic.db, [triageConsumer(SHIPPED_POLICY), routingConsumer], {
      clock: clinic.archive.clock,
      log: clinic.log,
    }).catchUp();
    clinic.runJobs({ [ROUTE_JOB]: routeWaiting(SHIPPED_POLICY) });
  }
}
let lastStudy = 900;
async function send(tags: Readonly<Record<string, unknown>> = {}): Promise<string> {
  lastStudy += 1;
  const of = { StudyInstanceUID: `1.2.${lastStudy}`, PatientID: `P${lastStudy}`, ...tags };
  return clinic.send([1, 2, 3, 4, 5].map((n) => aSlice(n, of)));
}
const said = (studyId: string) => {
  const route = findRoute(clinic.db, studyId);
  return route && [route.standing, route.readerId, route.reasons.map(({ code }) => code)];
};
function declare(studyId: string, level: 'critical' | 'urgent'): void {
  const { patient } = getStudyCard(clinic.db, studyId);
  const declared = declareUrgency(clinic.db, SHIPPED_POLICY, {
    ...{ siteId: clinic.north.siteId, studyId, patientId: patient.patientId, level, reason: 'the ward called' },
    ...{
      userId: anna,
      displayName: 'Anna',
      permissions: ['urgency.raise'],
      openedRevision: null,
      atMs: clinic.nowMs(),
    },
  });
  if (!declared.ok) throw new Error(declared.error.code);
}
const pin = (studyId: string, userId: string, minutes: number) =>
  pinStudy(clinic.db, {
    ...{ siteId: clinic.north.siteId, studyId, patientId: getStudyCard(clinic.db, studyId).patient.patientId, userId },
    ...{ reason: 'knows the patient', by: ben, atMs: clinic.nowMs(), untilMs: clinic.nowMs() + minutes * MINUTE_MS },
  });

test('what waits is shared out among the readers of its group who are here, with why, and written once', async () => {
  await enter('anna', 'ben');
  const [first, second, thorax] = [await send(), await send(), await send({ StudyDescription: 'Thorax' })];
  sign(setOf({ readers: setOf().readers.map((one, at) => ({ ...one, groups: at === 0 ? ['neuro'] : [] })) }));
  settle();
  expect([said(first), said(second), said(thorax)]).toEqual([
    ['suggested', anna, ['route-group', 'route-least-to-read']],
    ['suggested', anna, ['route-group', 'route-least-to-read']],
    ['suggested', ben, ['route-least-to-read']],
  ]);
  const events = clinic.events('study-routed');
  expect(events.length).toBe(3);
  expect(events[0]?.payload).toEqual({
    standing: 'suggested',
    readerId: anna,
    groupId: 'neuro',
    code: 'route-least-to-read',
    version: 1,
  });
  settle(5 * MINUTE_MS);
  expect(clinic.events('study-routed').length).toBe(3);
});

test('who is not signed in, off shift or off by their own word is offered nothing; it is their group’s, and said', async () => {
  const study = await send();
  sign(setOf());
  settle();
  expect(said(study)).toEqual(['offered', null, ['route-group', 'route-nobody-here']]);
  await enter('ben');
  settle();
  expect(said(study)?.[1]).toBe(ben);
  const by = { siteId: clinic.north.siteId, userId: ben, actor: serviceActor('test') };
  sayPresence(clinic.db, { ...by, state: 'break', atMs: clinic.nowMs(), untilMs: clinic.nowMs() + 20 * MINUTE_MS });
  settle();
  expect(said(study)?.[1]).toBeNull();
  settle(20 * MINUTE_MS);
  expect(said(study)?.[1]).toBe(ben);
  const [entered] = sessions.splice(0);
  if (entered === undefined) throw new Error('nobody signed in');
  signOut(clinic.db, entered.session, clinic.nowMs());
  settle();
  expect(said(study)?.[1]).toBeNull();
});

test('an urgent study that its reader does not open in time goes to the next, then to all; opened, it is left alone', async () => {
  await enter('anna', 'ben');
  const study = await send();
  sign(setOf());
  settle();
  declare(study, 'urgent');
  settle();
  const [, first] = said(study) ?? [];
  settle(15 * MINUTE_MS);
  const [, second] = said(study) ?? [];
  expect(new Set([first, second])).toEqual(new Set([anna, ben]));
  settle(10 * MINUTE_MS);
  expect(said(study)).toEqual(['offered', null, ['route-group', 'route-nobody-opened']]);
  openStudy(clinic.db, { siteId: clinic.north.siteId, studyId: study, userId: ben, atMs: clinic.nowMs() });
  settle();
  expect(said(study)).toBeNull();
});

test('a person sets a study to a reader or a reader out, for a time; both end by themselves or by a word, and stand on record', async () => {
  await enter('anna', 'ben');
  const study = await send();
  settle();
  expect(pin(study, anna, 10).ok).toBe(true);
  settle();
  expect(said(study)).toEqual(['pinned', anna, ['route-pinned']]);
  settle(11 * MINUTE_MS);
  expect(said(study)).toBeNull();
  expect(clinic.events('routing-override-ended').map(({ payload }) => payload['because'])).toEqual(['expired']);

  sign(setOf());
  const out = { siteId: clinic.north.siteId, userId: anna, reason: 'on call', by: ben };
  const overrideId = takeOut(clinic.db, { ...out, atMs: clinic.nowMs(), untilMs: clinic.nowMs() + 60 * MINUTE_MS });
  settle();
  expect(said(study)?.[1]).toBe(ben);
  const ended = endOverride(clinic.db, { siteId: clinic.north.siteId, overrideId, by: anna, atMs: clinic.nowMs() });
  expect(ended).toEqual({ ok: true, value: null });
  expect(JSON.stringify(clinic.events())).not.toContain('on call');
  expect(JSON.stringify(clinic.events())).not.toContain('knows the patient');
  openStudy(clinic.db, { siteId: clinic.north.siteId, studyId: study, userId: ben, atMs: clinic.nowMs() });
  settle();
  expect(pin(study, anna, 10)).toEqual({ ok: false, error: { code: 'study-not-waiting' } });
});

test('a reader takes a study for themselves and gives it back; what another has is left to them, and it is on record', async () => {
  await enter('anna', 'ben');
  const study = await send();
  settle();
  const { siteId } = clinic.north;
  const patientId = getStudyCard(clinic.db, study).patient.patientId;
  const take = (userId: string, of = patientId) =>
    takeStudy(clinic.db, {
      ...{ siteId, studyId: study, patientId: of, userId },
      ...{ atMs: clinic.nowMs(), untilMs: clinic.nowMs() + 60 * MINUTE_MS },
    });
  const giveBack = (userId: string) =>
    giveBackStudy(clinic.db, { siteId, studyId: study, userId, atMs: clinic.nowMs() });

  expect(take(anna, study)).toEqual({ ok: false, error: { code: 'patient-mismatch' } });
  expect(take(anna)).toEqual({ ok: true, value: { isAlready: false } });
  settle();
  expect(said(study)).toEqual(['pinned', anna, ['route-taken']]);
  expect(clinic.events('routing-overridden').map(({ payload }) => [payload['kind'], payload['userId']])).toEqual([
    ['pin', anna],
  ]);
  expect(take(anna)).toEqual({ ok: true, value: { isAlready: true } });
  expect(take(ben)).toEqual({ ok: false, error: { code: 'set-to-another' } });
  expect(giveBack(ben)).toEqual({ ok: false, error: { code: 'override-not-found' } });
  expect(giveBack(anna)).toEqual({ ok: true, value: null });
  settle();
  expect(said(study)).toBeNull();
  expect(clinic.events('routing-override-ended').map(({ payload }) => payload['because'])).toEqual(['taken-back']);

  expect(pin(study, anna, 10).ok).toBe(true); // by ben
  expect(giveBack(anna)).toEqual({ ok: false, error: { code: 'set-by-another' } });
  settle(11 * MINUTE_MS);
  openStudy(clinic.db, { siteId, studyId: study, userId: ben, atMs: clinic.nowMs() });
  settle();
  expect(take(anna)).toEqual({ ok: false, error: { code: 'study-not-waiting' } });
});

test('whoever let an urgent study wait has it again by taking it', async () => {
  await enter('anna');
  const study = await send();
  sign(setOf());
  settle();
  declare(study, 'urgent');
  settle();
  settle(15 * MINUTE_MS);
  expect(said(study)).toEqual(['offered', null, ['route-group', 'route-nobody-opened']]);
  const { patientId } = getStudyCard(clinic.db, study).patient;
  const atMs = clinic.nowMs();
  const taken = takeStudy(clinic.db, {
    ...{ siteId: clinic.north.siteId, studyId: study, patientId, userId: anna },
    ...{ atMs, untilMs: atMs + 60 * MINUTE_MS },
  });
  expect(taken.ok).toBe(true);
  settle();
  expect(said(study)?.slice(0, 2)).toEqual(['pinned', anna]);
});

test('an urgent one that was set to a reader who let it wait, late or not, is theirs by taking it, and again everybody’s', async () => {
  await enter('anna');
  const study = await send();
  settle();
  declare(study, 'urgent');
  expect(pin(study, anna, 600).ok).toBe(true);
  settle();
  const take = () => {
    const { patientId } = getStudyCard(clinic.db, study).patient;
    const [siteId, atMs] = [clinic.north.siteId, clinic.nowMs()];
    const taken = takeStudy(clinic.db, {
      ...{ siteId, studyId: study, patientId, userId: anna, atMs, untilMs: atMs + 600 * MINUTE_MS },
    });
    return taken.ok ? taken.value.isAlready : taken.error.code;
  };
  expect([said(study)?.[1], take()]).toEqual([anna, true]);
  settle(120 * MINUTE_MS); // past its time to be opened
  await enter('anna'); // nobody stays signed in so long
  expect(said(study)).toEqual(['offered', null, ['route-pin-waits']]);
  expect(take()).toBe(false);
  settle();
  expect(said(study)).toEqual(['pinned', anna, ['route-taken']]);
  expect(take()).toBe(true);
  settle(6 * MINUTE_MS);
  expect(said(study)).toEqual(['offered', null, ['route-pin-waits']]);
});

test('what a reader took ends as they sign out everywhere; what another set to them stands', async () => {
  await enter('anna', 'anna');
  const [taken, given] = [await send(), await send()];
  settle();
  const { patientId } = getStudyCard(clinic.db, taken).patient;
  const [siteId, atMs] = [clinic.north.siteId, clinic.nowMs()];
  const untilMs = atMs + 600 * MINUTE_MS;
  takeStudy(clinic.db, { siteId, studyId: taken, patientId, userId: anna, atMs, untilMs });
  pin(given, anna, 600);
  const of = () => [said(taken)?.[1] ?? null, said(given)?.[1] ?? null];
  settle();
  expect(of()).toEqual([anna, anna]);
  for (const left of [
    [anna, anna],
    [null, anna],
  ]) {
    const session = sessions.pop();
    if (session === undefined) throw new Error('nobody signed in');
    signOut(clinic.db, session.session, clinic.nowMs());
    settle();
    expect(of()).toEqual(left);
  }
});

test.each([
  ['the end of the shift', { weekdays: [1], fromMinute: 480, toMinute: 960 }, '2026-03-02T12:00:00Z', 4 * 60],
  ['an hour at least', { weekdays: [1], fromMinute: 480, toMinute: 960 }, '2026-03-02T15:50:00Z', 60],
  ['past midnight', { weekdays: [7], fromMinute: 1320, toMinute: 360 }, '2026-03-01T23:00:00Z', 7 * 60],
  ['twelve hours at most', { weekdays: [1, 2], fromMinute: 0, toMinute: 0 }, '2026-03-02T23:00:00Z', 12 * 60],
  ['twelve hours off shift', { weekdays: [1], fromMinute: 480, toMinute: 960 }, '2026-03-03T12:00:00Z', 12 * 60],
])('what a reader takes stays theirs until %s', (_, hours, at, minutes) => {
  const { readers } = setOf({ readers: setOf().readers.map((one) => ({ ...one, shifts: [hours] })) });
  const nowMs = Date.parse(at);
  expect(takenUntilMs({ readers }, { userId: anna, zone: 'Etc/UTC', nowMs })).toBe(nowMs + minutes * MINUTE_MS);
});

test('a set is tried on what waits without writing anything, and one with a condition that is none is refused', async () => {
  await enter('anna');
  await send();
  settle();
  const before = clinic.events().length;
  const tried = previewRouting(
    clinic.db,
    { siteId: clinic.north.siteId, zone: 'Etc/UTC', set: setOf(), nowMs: clinic.nowMs() },
    SHIPPED_POLICY.reading,
  );
  expect(tried).toMatchObject({ studies: 1, changes: 1, changed: [{ before: null, after: anna }] });
  expect(tried.groups).toEqual([
    { groupId: 'neuro', studies: 1, offered: 0 },
    { groupId: null, studies: 0, offered: 0 },
  ]);
  expect(clinic.events().length).toBe(before);
  const body = setOf({ groups: [{ id: 'neuro', name: 'Neuro', when: 'study.modaliy == "CT"' }] });
  const act = { siteId: clinic.north.siteId, userId: anna, atMs: clinic.nowMs() };
  const refused = proposeSet(clinic.db, { ...act, kind: 'routing', body, reason: 'as agreed' });
  expect(refused).toEqual({ ok: false, error: { code: 'rule-not-valid' } });
});

test('a reader’s speed is the median of the time until they open the next, once there are enough', async () => {
  const study = await send();
  settle();
  for (let opened = 0; opened <= LEAST_STUDIES; opened += 1) {
    expect(measuredSpeed(clinic.db, clinic.north.siteId, anna)).toBeNull();
    clinic.pass(opened === 7 ? 300 * MINUTE_MS : 3 * MINUTE_MS);
    const id = opened === 0 ? study : await send();
    settle(-1200);
    openStudy(clinic.db, { siteId: clinic.north.siteId, studyId: id, userId: anna, atMs: clinic.nowMs() });
    settle(-1200);
  }
  clinic.pass(3 * MINUTE_MS);
  const id = await send();
  settle(-1200);
  openStudy(clinic.db, { siteId: clinic.north.siteId, studyId: id, userId: anna, atMs: clinic.nowMs() });
  settle(-1200);
  expect(measuredSpeed(clinic.db, clinic.north.siteId, anna)).toEqual({ minutesPerPoint: 3, studies: LEAST_STUDIES });
});

test.each([
  ['inside', { weekdays: [1], fromMinute: 480, toMinute: 960 }, '2026-03-02T08:00:00Z', true],
  ['at its end', { weekdays: [1], fromMinute: 480, toMinute: 960 }, '2026-03-02T16:00:00Z', false],
  [
    'after midnight of a night that began',
    { weekdays: [7], fromMinute: 1320, toMinute: 360 },
    '2026-03-02T05:59:00Z',
    true,
  ],
  ['after midnight of none', { weekdays: [1], fromMinute: 1320, toMinute: 360 }, '2026-03-02T05:59:00Z', false],
  ['the whole day', { weekdays: [1], fromMinute: 0, toMinute: 0 }, '2026-03-02T23:59:00Z', true],
])('hours cover a moment %s: %o at %s', (_, hours, at, expected) => {
  expect(covers([hours], localMoment(Date.parse(at), 'Etc/UTC'))).toBe(expected);
});

test('shifts go by the site’s clock, also where it is put forward', () => {
  expect(localMoment(Date.parse('2026-03-29T00:30:00Z'), 'Europe/Vienna')).toEqual({ weekday: 7, minute: 90 });
  expect(localMoment(Date.parse('2026-03-29T01:30:00Z'), 'Europe/Vienna')).toEqual({ weekday: 7, minute: 210 });
});

test.each([
  ['the first that wait', LIST_FIRST_WAITING, /study_urgency_in_order/],
  ['what is said', LIST_SAID, /study_routes_said/],
  ['what people set', LIST_OVERRIDES, /routing_overrides_standing/],
  ['what people set and has come to its time', LIST_ENDED, /routing_overrides_standing/],
  ['the first end of it', NEXT_END, /routing_overrides_standing/],
  ['what they set that is to be looked at', LIST_WAITING_PINS, /routing_overrides_standing.*site_id=\?/],
  ['what is said beside it', LIST_SAID_IDS, /study_routes_said/],
  ['what a reader opened last', LAST_OPENINGS, /PRIMARY KEY/],
])('%s are found by an index, without a sort', (_, sql, index) => {
  const plan = planOf(clinic.db, sql).join('\n');
  expect(plan).toMatch(index);
  expect(plan).not.toContain('TEMP B-TREE');
});

test('what many readers took ends a few a turn when their shift does, and all of it in the end', async () => {
  const studies = await Promise.all(Array.from({ length: 10 }, () => send()));
  settle();
  for (const studyId of studies) pin(studyId, anna, 60);
  const left = () => listOverrides(clinic.db, clinic.north.siteId).length;
  const endedAtMs = clinic.nowMs() + 61 * MINUTE_MS;
  inTransaction(clinic.db, () => endExpired(clinic.db, clinic.north.siteId, endedAtMs));
  expect(left()).toBe(2);
  settle(61 * MINUTE_MS);
  expect(left()).toBe(0);
});

test('the newest twenty versions are listed, and the one in force however old it is', () => {
  sign(setOf());
  const act = { siteId: clinic.north.siteId, userId: anna, atMs: clinic.nowMs() };
  for (let n = 2; n <= 25; n += 1)
    proposeSet(clinic.db, { ...act, kind: 'routing', body: setOf({ batch: n > 20 ? 20 : n }), reason: 'tried again' });
  const listed = listSets(clinic.db, clinic.north.siteId, 'routing');
  expect(listed.map(({ version }) => version)).toEqual([...Array.from({ length: 20 }, (_, n) => 25 - n), 1]);
  expect([listed[0]?.state, listed.at(-1)?.state, listed.at(-2)?.body.batch]).toEqual(['proposed', 'current', 6]);
});
