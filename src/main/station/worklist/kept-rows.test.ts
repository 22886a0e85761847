import { afterEach, beforeEach, expect, test } from 'vitest';
import { DAY_MS } from '../../../shared/domain/durations.ts';
import {
  type CacheKeeper,
  configurePeers,
  createCacheKeeper,
  getStudyCard,
  type KeptSite,
  listInstances,
  listPeers,
  measureCache,
  placeHold,
  previewRetention,
  recordProof,
} from '../archive/index.ts';
import { createUser } from '../access/index.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { openStudy } from '../reading/index.ts';
import { declareUrgency } from '../triage/index.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { SHIPPED_POLICY } from '../testing/deadlines.ts';
import { aSlice } from '../testing/objects.ts';
import { followAll } from '../testing/ward.ts';
import { archiveRowsJob, countFilters, findRow, isOpenStudy, refreshRow } from './index.ts';

let clinic: Clinic;
let keepers: CacheKeeper[];
beforeEach(() => {
  clinic = openClinic();
  keepers = [];
  configurePeers(clinic.db, clinic.north.siteId, 'WETREAD', [
    { aeTitle: 'CT1', address: '10.0.0.1', intent: 'new' },
    { aeTitle: 'PACS', address: '10.0.0.1', intent: 'comparison', isArchive: true },
  ]);
});
afterEach(async () => {
  for (const keeper of keepers) await keeper.stop();
  clinic.close();
});

/** A keeper as the station wires it: what is open, the worklist says. */
function keeperOf(site: Omit<KeptSite, 'siteId' | 'keepDiscardedDays' | 'keepRecordsDays'>): CacheKeeper {
  const { db, archive, north, log } = clinic;
  const isOpen = (studyId: string) => isOpenStudy(db, studyId);
  const keeper = createCacheKeeper({
    ...{ db, log, disk: { state: 'enough' }, objects: archive.objects, clock: archive.clock, isOpen },
    sites: [{ siteId: north.siteId, keepDiscardedDays: 30, keepRecordsDays: 90, ...site }],
    measure: async (siteId) => measureCache(db, siteId),
    preview: async (question) => previewRetention(db, question, isOpen),
    listDiscarded: async () => ({ digests: [], asOfMs: 0 }),
    listOldRecords: async () => ({ stepIds: [], noticeIds: [], importIds: [] }),
  });
  keepers.push(keeper);
  return keeper;
}
const DELETING = {
  cache: undefined,
  retention: [
    { name: 'short', olderThanDays: 5, action: 'delete' as const, evenUnproven: true, inForceBy: 'medical-lead' },
  ],
};

/** A new study of a patient, old, which an archive holds. */
async function oldStudy(number: number): Promise<string> {
  const { db, north } = clinic;
  const ofStudy = { StudyInstanceUID: `1.2.${number}`, SeriesInstanceUID: `1.2.${number}.1` };
  const studyId = await clinic.send(
    [1, 2].map((n) => aSlice(n, { ...ofStudy, SOPInstanceUID: `1.2.${number}.1.${n}` })),
  );
  const peerId = listPeers(db, north.siteId).find(({ isArchive }) => isArchive)?.peerId ?? '';
  recordProof(db, { siteId: north.siteId, peerId, source: 'query', instances: listInstances(db, studyId), atMs: 1 });
  clinic.pass(10 * DAY_MS);
  clinic.runJobs();
  followAll(clinic);
  return studyId;
}
function addReader(): string {
  const reader = createUser(clinic.db, {
    ...{ username: 'reader', displayName: 'Rita Reader', passwordHash: 'x', state: 'active', roles: ['radiologist'] },
    ...{ siteId: clinic.north.siteId, actor: serviceActor('test'), atMs: 0 },
  });
  if (!reader.ok) throw new Error(reader.error.code);
  return reader.value;
}
const rowOf = (studyId: string) => findRow(clinic.db, [clinic.north.siteId], studyId);
const told = (kind: string) => clinic.events(kind).map(({ studyId }) => studyId);

test('a study that came as new leaves the cache although its row stays on the list; a held one stays', async () => {
  const [studyId, held] = [await oldStudy(1), await oldStudy(2)];
  placeHold(clinic.db, { studyId: held, holder: 'x', reason: 'y' }, { actor: serviceActor('x'), atMs: 0 });
  expect([isOpenStudy(clinic.db, studyId), rowOf(studyId)?.intent]).toEqual([true, 'new']);
  await keeperOf({ cache: { keepDays: 5 }, retention: [] }).runOnce();
  followAll(clinic);
  expect(told('study-evicted')).toEqual([studyId]);
  expect(rowOf(studyId)).toMatchObject({ intent: 'new', images: { received: 2 } });
});

test('no rule deletes a new study that nobody opened; once it was, its row goes with it and its patient’s others count one prior less', async () => {
  const [first, second] = [await oldStudy(1), await oldStudy(2)];
  await keeperOf(DELETING).runOnce();
  expect(told('study-deleted')).toEqual([]);
  openStudy(clinic.db, { siteId: clinic.north.siteId, studyId: first, userId: addReader(), atMs: clinic.nowMs() });
  followAll(clinic);
  expect([isOpenStudy(clinic.db, first), rowOf(second)?.priors]).toEqual([false, 1]);
  await keeperOf(DELETING).runOnce();
  followAll(clinic);
  expect(told('study-deleted')).toEqual([first]);
  expect([rowOf(first), rowOf(second)?.priors]).toEqual([null, 0]);
});

test.each([
  ['preliminary', true],
  ['final', false],
  ['addended', false],
] as const)('a study with a report that is %s is somebody’s work still: %s', async (state, isOpen) => {
  const studyId = await oldStudy(1);
  const { patient_id: patientId } = clinic.db.prepare('SELECT patient_id FROM studies').get() as { patient_id: string };
  const write = (sql: string, ...values: unknown[]) => clinic.db.prepare(sql).run(...values);
  write('INSERT INTO reports VALUES (?, ?, ?, ?, ?, ?)', 'r', clinic.north.siteId, patientId, state, addReader(), 5);
  write("INSERT INTO report_studies VALUES (?, ?, 'A1', 1)", 'r', studyId);
  refreshRow(clinic.db, studyId);
  expect(isOpenStudy(clinic.db, studyId)).toBe(isOpen);
});

test('a study that was seen and left the open list is back on it once somebody says that it is urgent', async () => {
  const { db, north } = clinic;
  const studyId = await oldStudy(1);
  const reader = addReader();
  openStudy(db, { siteId: north.siteId, studyId, userId: reader, atMs: clinic.nowMs() });
  followAll(clinic);
  clinic.pass(31 * DAY_MS);
  archiveRowsJob({ reportedAfterDays: 3, seenAfterDays: 30 }, () => undefined)(
    db,
    { kind: '', subjectId: '', siteId: north.siteId, dueAtMs: 0, attempts: 0 },
    clinic.nowMs(),
  );
  const counts = () => {
    const { critical, archived } = countFilters(db, [north.siteId], reader);
    return [critical, archived];
  };
  expect(counts()).toEqual([0, 1]);
  const { patientId } = getStudyCard(db, studyId).patient;
  const declared = declareUrgency(db, SHIPPED_POLICY, {
    ...{ siteId: north.siteId, studyId, patientId, level: 'critical', reason: 'the ward called', userId: reader },
    ...{ displayName: 'Rita', permissions: ['urgency.raise'], openedRevision: null, atMs: clinic.nowMs() },
  });
  expect(declared.ok).toBe(true);
  followAll(clinic);
  expect(counts()).toEqual([1, 0]);
});
