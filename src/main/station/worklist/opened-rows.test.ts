import { afterEach, beforeEach, expect, test } from 'vitest';
import { DAY_MS } from '../../../shared/domain/durations.ts';
import type { Seen } from '../../../shared/domain/opening.ts';
import { createUser } from '../access/index.ts';
import { getStudyCard } from '../archive/index.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { openStudy } from '../reading/index.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { finishNext, installed } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { followAll } from '../testing/ward.ts';
import { SHIPPED_POLICY } from '../testing/deadlines.ts';
import { declareUrgency, findUrgency } from '../triage/index.ts';
import { archiveRowsJob, countUnopenedCritical, findNextUnread, findRow, isOpenStudy, listWindow } from './index.ts';

let clinic: Clinic;
let anna: string;
let studies = 0;
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

const VOLUME = [1, 2, 3, 4, 5, 6, 7, 8];
const sites = () => [clinic.north.siteId];
async function arrive(slices: readonly number[] = VOLUME, uid?: string): Promise<string> {
  studies += uid === undefined ? 1 : 0;
  const StudyInstanceUID = uid ?? `1.2.${studies}`;
  const studyId = await clinic.send(slices.map((n) => aSlice(n, { StudyInstanceUID, PatientID: StudyInstanceUID })));
  followAll(clinic);
  return studyId;
}
const uidOf = (studyId: string) => getStudyCard(clinic.db, studyId).studyUid;
const now = (studyId: string): Seen => ({
  revision: getStudyCard(clinic.db, studyId).revision,
  raises: findUrgency(clinic.db, studyId)?.raises ?? 0,
});
function open(studyId: string, seen?: Seen): void {
  clinic.pass(1000);
  openStudy(clinic.db, {
    ...{ siteId: clinic.north.siteId, studyId, userId: anna, atMs: clinic.nowMs() },
    ...(seen !== undefined && { seen }),
  });
  followAll(clinic);
}
function flag(): void {
  clinic.pass(1000);
  finishNext(clinic, 0.9);
  followAll(clinic);
}
type Level = 'critical' | 'urgent' | 'routine';
function declare(studyId: string, level: Level, openedRevision: number | null): void {
  expect(declared(studyId, level, openedRevision)).toBe('done');
}
function declared(studyId: string, level: Level, openedRevision: number | null, knownRaises?: number): string {
  clinic.pass(1000);
  const { patientId } = getStudyCard(clinic.db, studyId).patient;
  const said = declareUrgency(clinic.db, SHIPPED_POLICY, {
    ...{ siteId: clinic.north.siteId, studyId, patientId, level, reason: 'the ward called', userId: anna },
    ...{ displayName: 'Anna', permissions: ['urgency.raise', 'urgency.lower'], openedRevision, knownRaises },
    atMs: clinic.nowMs(),
  });
  followAll(clinic);
  return said.ok ? 'done' : said.error.code;
}
/** What tells people of a study: why it is to be opened again, how many unopened Criticals, what is next, and whether it waits for triage. */
const told = (studyId: string) => [
  findRow(clinic.db, sites(), studyId)?.openAgain,
  countUnopenedCritical(clinic.db, sites()),
  findNextUnread(clinic.db, sites())?.studyId === studyId,
  clinic.db.prepare('SELECT is_waiting FROM study_urgency WHERE study_id = ?').pluck().get(studyId),
];
const OPENED = [[], 0, false, 0];
const FLAGGED = [['flagged'], 1, true, 1];

test('a study that AI flags after it was opened is an unopened Critical again, until somebody opens it so', async () => {
  installed(clinic, 'general', { category: 1 });
  const studyId = await arrive();
  open(studyId);
  expect(told(studyId)).toEqual(OPENED);
  flag();
  expect(told(studyId)).toEqual(FLAGGED);
  expect(isOpenStudy(clinic.db, studyId)).toBe(true);
  expect(findRow(clinic.db, sites(), studyId)?.openedBy?.displayName).toBe('Anna');
  open(studyId);
  expect(told(studyId)).toEqual(OPENED);
  expect(clinic.events('study-opened').map(({ payload }) => [payload['revision'], payload['raises']])).toEqual([
    [8, 0],
    [8, 1],
  ]);
});

test('what was flagged between the page and its opening was not seen, whenever the two are told', async () => {
  installed(clinic, 'general', { category: 1 });
  const studyId = await arrive();
  const seen = now(studyId);
  flag();
  open(studyId, seen);
  expect(told(studyId)).toEqual(FLAGGED);
  // Nobody saw more than there is, so that the next flag is news.
  open(studyId, { revision: 99, raises: 99 });
  expect(told(studyId)).toEqual(OPENED);
  declare(studyId, 'routine', now(studyId).revision);
  declare(studyId, 'critical', null);
  expect(told(studyId)).toEqual(FLAGGED);
});

test('a person who has the images open need not open them again for what they said themselves', async () => {
  const studyId = await arrive();
  open(studyId);
  declare(studyId, 'critical', now(studyId).revision);
  expect(told(studyId)).toEqual(OPENED);
  declare(studyId, 'urgent', now(studyId).revision);
  expect(told(studyId)).toEqual(OPENED);
});

test('lowering what was flagged after it was opened is having seen it', async () => {
  installed(clinic, 'general', { category: 1 });
  const studyId = await arrive();
  open(studyId);
  flag();
  declare(studyId, 'urgent', now(studyId).revision);
  expect(told(studyId)).toEqual(OPENED);
});

test('who sets the class as they knew it before a flag neither lowers what was flagged nor has seen it', async () => {
  installed(clinic, 'general', { category: 1 });
  const studyId = await arrive();
  open(studyId);
  const { revision, raises } = now(studyId);
  flag();
  // Urgent was more than it was on their screen, and is less than it is.
  expect(declared(studyId, 'urgent', revision, raises)).toBe('raised-meanwhile');
  expect([findUrgency(clinic.db, studyId)?.level, told(studyId)]).toEqual(['critical', FLAGGED]);
  expect(declared(studyId, 'critical', revision, raises)).toBe('done');
  expect(told(studyId)).toEqual(FLAGGED);
  expect(declared(studyId, 'urgent', revision, now(studyId).raises)).toBe('done');
  expect(told(studyId)).toEqual(OPENED);
});

test('another finding flagged as urgently is to be seen, the same one said of newer images is not', async () => {
  installed(clinic, 'general', { category: 1 });
  installed(clinic, 'general', { category: 1 }, { id: 'second' });
  const studyId = await arrive();
  flag();
  open(studyId);
  expect(told(studyId)).toEqual(OPENED);
  flag();
  expect(told(studyId)).toEqual(FLAGGED);
  open(studyId);
  await arrive([9], uidOf(studyId));
  clinic.pass(DAY_MS);
  clinic.runJobs();
  followAll(clinic);
  open(studyId);
  flag();
  flag();
  expect(told(studyId)).toEqual(OPENED);
});

test('what another model flags as less urgent than the study stands is to be seen as well', async () => {
  installed(clinic, 'general', { category: 1 }, { id: 'second', category: 2 });
  const studyId = await arrive();
  flag();
  expect(findUrgency(clinic.db, studyId)?.level).toBe('critical');
  open(studyId);
  expect(told(studyId)).toEqual(OPENED);
  flag();
  expect([findUrgency(clinic.db, studyId)?.level, told(studyId)]).toEqual(['critical', FLAGGED]);
  const asked = clinic.db
    .prepare("SELECT level FROM urgency_asks WHERE cause = 'ai' ORDER BY asked_at_ms")
    .pluck()
    .all();
  expect(asked).toEqual(['critical', 'urgent']);
});

test('what is flagged anew after its limit waits a limit of its own, and is not bound at once for a wait that ended', async () => {
  installed(clinic, 'general', { category: 2 }, { id: 'second', category: 2 });
  const studyId = await arrive();
  flag();
  const limit = () => findUrgency(clinic.db, studyId)?.limitAtMs ?? 0;
  const waitMs = limit() - clinic.nowMs();
  open(studyId);
  clinic.pass(DAY_MS);
  expect(limit()).toBeLessThan(clinic.nowMs());
  flag();
  expect([findUrgency(clinic.db, studyId)?.level, told(studyId)[0]]).toEqual(['urgent', ['flagged']]);
  expect(limit() - clinic.nowMs()).toBe(waitMs);
});

test('images that came after it was opened make it one to be opened again once they are complete; a late report does not', async () => {
  const studyId = await arrive();
  open(studyId);
  await arrive([9], uidOf(studyId));
  const again = () => findRow(clinic.db, sites(), studyId)?.openAgain;
  clinic.pass(DAY_MS);
  clinic.runJobs();
  followAll(clinic);
  expect([again(), findNextUnread(clinic.db, sites())?.studyId]).toEqual([['images'], studyId]);
  // A page that still shows the images of before has not shown these.
  open(studyId, { revision: 8, raises: 0 });
  expect(again()).toEqual(['images']);
  open(studyId);
  expect([again(), findNextUnread(clinic.db, sites())]).toEqual([[], null]);
  const capture = {
    ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.7', Modality: 'OT', StudyInstanceUID: uidOf(studyId) },
    ...{ PatientID: uidOf(studyId), SeriesInstanceUID: '1.2.10.98', SOPInstanceUID: '1.2.10.98.1' },
  };
  await clinic.send([aSlice(1, capture)]);
  followAll(clinic);
  expect(again()).toEqual([]);
});

test('what is to be opened again leaves the list no more than what nobody opened', async () => {
  installed(clinic, 'general', { category: 2 });
  const [flagged, opened] = [await arrive(), await arrive()];
  open(flagged);
  open(opened);
  flag();
  clinic.pass(90 * DAY_MS);
  archiveRowsJob({ reportedAfterDays: 3, seenAfterDays: 30 }, () => undefined)(
    clinic.db,
    { kind: '', subjectId: '', siteId: clinic.north.siteId, dueAtMs: 0, attempts: 0 },
    clinic.nowMs(),
  );
  const list = listWindow(clinic.db, { siteIds: sites(), userId: anna, filter: 'all', limit: 9 });
  expect(list.rows.map(({ studyId }) => studyId)).toEqual([flagged]);
});

test('what is opened stands behind everything that waits to be opened, each by class, and in its class’s filter', async () => {
  installed(clinic, 'general', { category: 1 });
  const [critical, routine, later] = [await arrive(), await arrive(), await arrive()];
  flag();
  open(critical);
  open(routine);
  const idsOf = (filter: 'all' | 'critical') =>
    listWindow(clinic.db, { siteIds: sites(), userId: anna, filter, limit: 9 }).rows.map(({ studyId }) => studyId);
  expect([idsOf('all'), idsOf('critical')]).toEqual([[later, critical, routine], [critical]]);
});
