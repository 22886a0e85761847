import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DAY_MS } from '../../../shared/domain/durations.ts';
import { type Actor, serviceActor } from '../platform/ledger/event.ts';
import { planOf } from '../platform/store/test-plan.ts';
import type { DiskState } from '../platform/disk-watch.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice } from '../testing/objects.ts';
import { anAvailabilityNotice, aStep, readRecord } from '../testing/steps.ts';
import { digestFrame, type DigestFrame } from '../dicom/pixel/digest-frame.ts';
import type { Clock } from '../platform/clock.ts';
import { findObject } from '../platform/objects/records.ts';
import { deleteStudy, freeDeleted, LIST_HALF_DELETED, LIST_VERSIONS_OF, listHalfDeleted } from './delete-study.ts';
import { mergePatients } from './merge-patients.ts';
import { moveStudy } from './move-study.ts';
import { listDeletableDiscarded } from './delete-discarded.ts';
import { noteAvailability } from './availability-notice.ts';
import { endImport, findImport, listImportRefusals, noteImport, startImport } from './imports.ts';
import { createStep, findStep } from './mpps.ts';
import { findStudies } from './find-studies.ts';
import { recordProof } from './held-elsewhere.ts';
import { placeHold } from './holds.ts';
import { type CacheKeeper, createCacheKeeper, type KeptSite, LIST_DIGESTS, measureCache } from './keep-cache.ts';
import { configurePeers, listPeers } from './peers.ts';
import { hideObjects } from './hide-objects.ts';
import { listQuarantine } from './list-quarantine.ts';
import { listInstances } from './queries.ts';
import { LIST_OLD_IMPORTS, LIST_OLD_NOTICES, LIST_OLD_STEPS, listOldRecords } from './old-records.ts';
import { LIST_BY_AGE, previewRetention, type RetentionRules } from './retention.ts';
import { discardQuarantined, takeBackQuarantined } from './settle-quarantined.ts';
import { findStudyCard } from './study-card.ts';

const somebody: Actor = { kind: 'user', id: 'pacs-administrator' };
let clinic: Clinic;
let disk: { state: DiskState };
let open: Set<string>;
let keepers: CacheKeeper[];

beforeEach(() => {
  clinic = openClinic();
  disk = { state: 'enough' };
  open = new Set();
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

function keep(
  cache: KeptSite['cache'],
  retention: RetentionRules = [],
  clock: Clock = clinic.archive.clock,
  digestFrame?: DigestFrame,
): CacheKeeper {
  const { db, archive, north, log } = clinic;
  const keeper = createCacheKeeper({
    ...{ db, log, disk, objects: archive.objects, clock, ...(digestFrame !== undefined && { digestFrame }) },
    sites: [{ siteId: north.siteId, cache, retention, keepDiscardedDays: 30, keepRecordsDays: 90 }],
    isOpen: (studyId) => open.has(studyId),
    measure: async (siteId) => measureCache(db, siteId),
    listDiscarded: async (...asked) => listDeletableDiscarded(db, ...asked),
    listOldRecords: async (siteId, beforeMs) => listOldRecords(db, siteId, beforeMs),
    preview: async (question) => previewRetention(db, question, (studyId) => open.has(studyId)),
  });
  keepers.push(keeper);
  return keeper;
}

/** A study of two objects that came now. */
async function study(number: number, from: 'CT1' | 'PACS' = 'PACS', modality = 'CT'): Promise<string> {
  const named = (n: number) =>
    aSlice(n, {
      StudyInstanceUID: `1.2.3.${number}`,
      SeriesInstanceUID: `1.2.3.${number}.1`,
      SOPInstanceUID: `1.2.3.${number}.1.${n}`,
      Modality: modality,
    });
  const studyId = await clinic.send([named(1), named(2)], from);
  clinic.pass(3_600_000);
  clinic.runJobs(); // no more of it follows
  return studyId;
}
function prove(...studyIds: readonly string[]): void {
  const { db, north } = clinic;
  const peerId = listPeers(db, north.siteId).find(({ isArchive }) => isArchive)?.peerId ?? '';
  for (const studyId of studyIds)
    recordProof(db, { siteId: north.siteId, peerId, source: 'query', instances: listInstances(db, studyId), atMs: 1 });
}
const files = () =>
  readdirSync(clinic.objectsDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
const evicted = () => clinic.events('study-evicted').map(({ studyId }) => studyId);

test('only what is older than the policy, proven and not held leaves, oldest first, read or not', async () => {
  const [first, held, opened, unproven] = [await study(1), await study(2), await study(3, 'CT1'), await study(4)];
  clinic.pass(DAY_MS);
  const second = await study(5);
  clinic.pass(10 * DAY_MS);
  const young = await study(6);
  prove(first, held, opened, second, young);
  placeHold(clinic.db, { studyId: held, holder: 'x', reason: 'y' }, { actor: serviceActor('x'), atMs: 0 });
  open.add(opened);
  const keeper = keep({ keepDays: 5 });
  await keeper.runOnce();
  expect(evicted()).toEqual([first, opened, second]);
  expect(files()).toBe(6);
  expect(keeper.lastRun(clinic.north.siteId)).toMatchObject({ studies: 3 });
  expect(measureCache(clinic.db, clinic.north.siteId)).toMatchObject({ studies: 6, evicted: 3 });
  expect(
    findStudies(clinic.db, [clinic.north.siteId], {}, { offset: 0, limit: 10 }).filter(
      ({ availability }) => availability === 'NEARLINE',
    ),
  ).toHaveLength(3);
  expect(unproven).not.toBe('');
});

test('with a size, no more leaves than is too much; a disk that runs low takes all that may go', async () => {
  const ids = [await study(1), await study(2), await study(3)];
  clinic.pass(10 * DAY_MS);
  prove(...ids);
  const { bytes } = measureCache(clinic.db, clinic.north.siteId);
  await keep({ keepDays: 1, maxBytes: bytes }).runOnce();
  expect(evicted()).toEqual([]);
  await keep({ keepDays: 1, maxBytes: bytes - 1 }).runOnce();
  expect(evicted()).toEqual([ids[0]]);
  disk.state = 'low';
  await keep({ keepDays: 1, maxBytes: bytes }).runOnce();
  expect(evicted()).toEqual(ids);
  expect(clinic.events('study-evicted').map(({ payload }) => payload.because)).toEqual(['size', 'disk', 'disk']);
});

test('what was fetched again stays for as long as a new arrival', async () => {
  const id = await study(1);
  clinic.pass(10 * DAY_MS);
  prove(id);
  const keeper = keep({ keepDays: 5 });
  await keeper.runOnce();
  await study(1);
  await keeper.runOnce();
  expect([evicted().length, files()]).toEqual([1, 2]);
  clinic.pass(6 * DAY_MS);
  await keeper.runOnce();
  expect([evicted().length, files()]).toEqual([2, 0]);
});

test('without a policy everything stays', async () => {
  const id = await study(1);
  clinic.pass(1000 * DAY_MS);
  prove(id);
  disk.state = 'low';
  await keep(undefined).runOnce();
  expect(evicted()).toEqual([]);
});

const rule = (more: Partial<RetentionRules[number]>): RetentionRules[number] => ({
  ...{ name: 'rule', olderThanDays: 5, action: 'delete', evenUnproven: false, ...more },
});

test('a preview says what would go and what stands in the way, and changes nothing', async () => {
  const ids = { gone: await study(1), held: await study(2), open: await study(3, 'CT1'), unproven: await study(4) };
  await study(5, 'PACS', 'MR'); // kept by the first rule that fits
  clinic.pass(10 * DAY_MS);
  await study(6);
  prove(ids.gone, ids.held, ids.open);
  placeHold(clinic.db, { studyId: ids.held, holder: 'x', reason: 'y' }, { actor: serviceActor('x'), atMs: 0 });
  open.add(ids.open);
  const question = { siteId: clinic.north.siteId, nowMs: clinic.nowMs(), limit: 10 };
  const verdicts = (rules: RetentionRules) =>
    previewRetention(clinic.db, { ...question, rules }, (id) => open.has(id)).studies.map(({ studyId, verdict }) => [
      studyId,
      verdict,
    ]);
  const keepMr = rule({ name: 'keep-mr', modalities: ['MR'], action: 'keep' });
  expect(verdicts([keepMr, rule({ inForceBy: 'medical-lead' })])).toEqual([
    [ids.gone, 'delete'],
    [ids.held, 'held'],
    [ids.open, 'open'],
    [ids.unproven, 'unproven'],
  ]);
  expect(verdicts([keepMr, rule({ evenUnproven: true })]).map(([, verdict]) => verdict)).toEqual([
    'not-in-force',
    'held',
    'open',
    'not-in-force',
  ]);
  expect(verdicts([rule({ intents: ['new'] })])).toEqual([[ids.open, 'open']]);
  expect([verdicts([]), verdicts([keepMr])]).toEqual([[], []]);
  expect(files()).toBe(12);
  const rules = [rule({})];
  const first = previewRetention(clinic.db, { ...question, rules, limit: 3 }, () => false);
  const rest = previewRetention(clinic.db, { ...question, rules, limit: 3, after: first.next ?? '' }, () => false);
  expect([first.studies.length, rest.studies.length, rest.next]).toEqual([3, 2, null]);
});

test('a rule in force deletes: files, names and the patient go; that it was here, and the rule, stay', async () => {
  const id = await study(1);
  const { siteId } = clinic.north;
  clinic.pass(10 * DAY_MS);
  const before = findStudyCard(clinic.db, id);
  expect(before?.patient.name).not.toBe('');
  const keeper = keep(undefined, [rule({ evenUnproven: true, inForceBy: 'medical-lead' })]);
  expect(keeper.runRetention(siteId, somebody).ok).toBe(true);
  expect(keeper.runRetention(siteId, somebody)).toEqual({ ok: false, error: { code: 'retention-running' } });
  await keeper.stop();
  // Stopped before its first step, it deletes nothing; the next one does.
  const another = keep(undefined, [rule({ evenUnproven: true, inForceBy: 'medical-lead' })]);
  await another.runOnce();
  expect(files()).toBe(0);
  expect(findStudies(clinic.db, [siteId], {}, { offset: 0, limit: 10 })).toEqual([]);
  expect(clinic.events('study-deleted')).toMatchObject([{ studyId: id, payload: { rule: 'rule', objects: 2 } }]);
  const left = clinic.db
    .prepare(
      'SELECT study_uid, stated_name, accession, (SELECT name FROM patients) AS name, (SELECT count(*) FROM patient_identifiers) AS numbers FROM studies',
    )
    .all();
  expect(left).toEqual([{ study_uid: `deleted:${id}`, stated_name: '', accession: null, name: '', numbers: 0 }]);
  expect(clinic.db.pragma('foreign_key_check')).toEqual([]);
  // The same study, sent again, is a new one.
  const again = await study(1);
  expect(again).not.toBe(id);
  expect(findStudyCard(clinic.db, again)?.patient.name).toBe(before?.patient.name);
});

test('who let the rules run is told in the ledger', () => {
  const keeper = keep(undefined, []);
  expect(keeper.runRetention(clinic.north.siteId, somebody).ok).toBe(true);
  expect(clinic.db.prepare("SELECT actor_id, site_id FROM events WHERE kind = 'retention-run-asked'").all()).toEqual([
    { actor_id: somebody.id, site_id: clinic.north.siteId },
  ]);
});

const inForce = rule({ evenUnproven: true, inForceBy: 'medical-lead' });

test('within a day of the clock being set nothing is deleted by age, nor on anybody’s word', async () => {
  const id = await study(1);
  const jumps = new Set<(byMs: number) => void>();
  const onJump = (listener: (byMs: number) => void) => (jumps.add(listener), () => jumps.delete(listener));
  const keeper = keep(undefined, [inForce], { nowMs: clinic.nowMs, onJump });
  clinic.pass(3650 * DAY_MS); // somebody set it ten years ahead
  for (const told of jumps) told(3650 * DAY_MS);
  await keeper.runOnce();
  expect(keeper.runRetention(clinic.north.siteId, somebody)).toEqual({
    ok: false,
    error: { code: 'clock-set-lately' },
  });
  await keeper.stop();
  const restarted = keep(undefined, [inForce]);
  await restarted.runOnce();
  expect(clinic.events('study-deleted')).toEqual([]);
  clinic.pass(DAY_MS);
  await restarted.runOnce();
  expect(clinic.events('study-deleted')).toMatchObject([{ studyId: id }]);
  expect(jumps.size).toBe(0);
});

async function deleteNow(studyId: string) {
  const { db, north } = clinic;
  return deleteStudy(db, {
    ...{ siteId: north.siteId, studyId, rules: [inForce], isOpen: false, atMs: clinic.nowMs() },
  });
}

test('a deletion that a stop cut short goes on at the next look; meanwhile nobody is shown it, and sent again it is a new study', async () => {
  const id = await study(1);
  clinic.pass(10 * DAY_MS);
  expect(await deleteNow(id)).toEqual({ ok: true, value: null });
  expect([files(), listHalfDeleted(clinic.db, clinic.north.siteId)]).toEqual([2, [id]]);
  expect(findStudyCard(clinic.db, id)?.isShown).toBe(false);
  const again = await study(1);
  expect([again === id, listInstances(clinic.db, again).length]).toEqual([false, 2]);
  await keep(undefined).runOnce();
  expect([listHalfDeleted(clinic.db, clinic.north.siteId), files()]).toEqual([[], 2]);
  for (const { digest } of listInstances(clinic.db, again))
    expect(
      (await clinic.archive.objects.read(digest, findObject(clinic.db, digest)?.encoding ?? 'plain')).length,
    ).toBeGreaterThan(0);
  expect(clinic.db.pragma('foreign_key_check')).toEqual([]);
});

test('a large study is deleted in steps, and all of it', async () => {
  const slices = Array.from({ length: 70 }, (_, n) => aSlice(n, { SOPInstanceUID: `1.2.10.1.${n + 1}` }));
  const id = await clinic.send(slices, 'PACS');
  clinic.pass(10 * DAY_MS);
  await deleteNow(id);
  const steps: number[] = [];
  await freeDeleted(clinic.db, id, clinic.nowMs(), async (freed) => void steps.push(freed.length));
  expect([steps, listInstances(clinic.db, id)]).toEqual([[64, 6], []]);
  expect(clinic.events('study-deleted')).toMatchObject([{ payload: { objects: 70 } }]);
});

test('whose a study was by its objects is remembered while another study given away tells of them, and forgotten with the last', async () => {
  const [mine, theirs] = [await study(1), await study(2)];
  const jane = findStudyCard(clinic.db, mine)?.patient.patientId ?? '';
  const to = { name: 'Roe^John', number: '77', issuer: '', birthDateRaw: null, sex: null };
  const correction = { siteId: clinic.north.siteId, reason: 'other' as const, actor: somebody, atMs: clinic.nowMs() };
  moveStudy(clinic.db, { ...correction, studyId: theirs, to });
  clinic.pass(10 * DAY_MS);
  const nameOf = (patientId: string) =>
    clinic.db.prepare('SELECT name FROM patients WHERE patient_id = ?').pluck().get(patientId);
  await deleteNow(mine);
  expect(nameOf(jane)).not.toBe('');
  await deleteNow(theirs);
  expect(nameOf(jane)).toBe('');
});

test('a merge names no study that is deleted', async () => {
  const [gone, left] = [await study(1), await study(2)];
  const from = findStudyCard(clinic.db, gone)?.patient.patientId ?? '';
  const other = await clinic.send([
    aSlice(9, { StudyInstanceUID: '1.2.99', SOPInstanceUID: '1.2.99.1', PatientID: '88' }),
  ]);
  const toPatientId = findStudyCard(clinic.db, other)?.patient.patientId ?? '';
  clinic.pass(10 * DAY_MS);
  await deleteNow(gone);
  const correction = { siteId: clinic.north.siteId, reason: 'other' as const, actor: somebody, atMs: clinic.nowMs() };
  expect(mergePatients(clinic.db, { ...correction, fromPatientId: from, toPatientId }).ok).toBe(true);
  expect(clinic.events('patients-merged').map(({ studyId }) => studyId)).toEqual([left]);
});

test.each([
  ['judging by rules', LIST_BY_AGE, 'studies_by_age'],
  ['what a stop left half deleted', LIST_HALF_DELETED, 'studies_half_deleted'],
  ['the versions of one object', LIST_VERSIONS_OF, 'SEARCH'],
  ['measuring', LIST_DIGESTS, 'COVERING INDEX'],
])('%s walks an index', (_what, sql, index) => {
  const plan = planOf(clinic.db, sql).join('\n');
  expect(plan).toContain(index);
  expect(plan).not.toContain('TEMP B-TREE');
});

test('what was discarded is deleted after its days, what somebody still wants is not, and the preview counts it before', async () => {
  const { db, north, archive } = clinic;
  const settling = (quarantineId: string) => ({
    ...{ siteId: north.siteId, quarantineId, actor: serviceActor('test'), atMs: clinic.nowMs() },
  });
  await study(1);
  const aside = (n: number) =>
    aSlice(n, {
      ...{ StudyInstanceUID: '1.2.3.1', SeriesInstanceUID: '1.2.3.1.1', SOPInstanceUID: `1.2.3.1.1.${n}` },
      ...{ PatientID: '99', PatientName: 'Else^Eve', PatientBirthDate: '19990101' },
    });
  await clinic.receive(clinic.associate('PACS'), aside(7), aside(8), aside(9));
  const rows = listQuarantine(db, north.siteId, { state: 'held', limit: 9 });
  const [gone, back, late] = rows.map(({ quarantineId }) => quarantineId);
  if (gone === undefined || back === undefined || late === undefined) throw new Error('three are set aside');
  for (const one of [gone, back]) discardQuarantined(db, { ...settling(one), reason: 'stored-one-is-right' });
  clinic.pass(DAY_MS);
  discardQuarantined(db, { ...settling(late), reason: 'stored-one-is-right' });
  takeBackQuarantined(db, settling(back));
  clinic.pass(29 * DAY_MS + 1);
  const kept = files();
  const question = { siteId: north.siteId, rules: [], nowMs: clinic.nowMs(), limit: 9 };
  const discardedBeforeMs = clinic.nowMs() - 30 * DAY_MS;
  expect(previewRetention(db, { ...question, discardedBeforeMs }, () => false)).toMatchObject({ discarded: 1 });
  expect(files()).toBe(kept);
  await keep(undefined).runOnce();
  expect(files()).toBe(kept - 1);
  expect(takeBackQuarantined(db, settling(gone))).toMatchObject({ error: { code: 'not-discarded' } });
  expect(takeBackQuarantined(db, settling(late))).toMatchObject({ ok: true });
  const told = clinic.events('quarantine-settled').filter(({ payload }) => payload.how === 'deleted');
  expect(told).toMatchObject([{ payload: { quarantineId: gone, because: 'stored-one-is-right' } }]);
  expect(archive.db).toBe(db);
});

test('what the same bytes were filed as meanwhile is not deleted with the row that was discarded', async () => {
  const { db, north } = clinic;
  const record = aSlice(5, {
    StudyInstanceUID: '1.2.3.1',
    SeriesInstanceUID: '1.2.3.1.1',
    SOPInstanceUID: '1.2.3.1.1.5',
    PatientID: '99',
    PatientName: 'Else^Eve',
  });
  await study(1);
  await clinic.receive(clinic.associate('PACS'), record);
  const [row] = listQuarantine(db, north.siteId, { state: 'held', limit: 9 });
  if (row === undefined) throw new Error('nothing is set aside');
  const { siteId, quarantineId } = row;
  discardQuarantined(db, {
    siteId,
    quarantineId,
    actor: serviceActor('test'),
    atMs: clinic.nowMs(),
    reason: 'stored-one-is-right',
  });
  await clinic.send([record], 'SOUTH');
  clinic.pass(31 * DAY_MS);
  const kept = files();
  await keep(undefined).runOnce();
  expect(files()).toBe(kept);
});

test('a study whose retention a person ended goes by a rule in force without waiting for its age or an archive; part of one waits', async () => {
  const { db, north } = clinic;
  const [whole, part] = [await study(1), await study(2)];
  const said = {
    siteId: north.siteId,
    reason: 'retention-expired' as const,
    actor: serviceActor('test'),
    atMs: clinic.nowMs(),
  };
  hideObjects(db, { ...said, studyId: whole, level: 'study', subjects: [] });
  hideObjects(db, { ...said, studyId: part, level: 'instance', subjects: ['1.2.3.2.1.1'] });
  const rule = { name: 'old', olderThanDays: 365, action: 'delete' as const, evenUnproven: false };
  const preview = (rules: RetentionRules) =>
    previewRetention(db, { siteId: north.siteId, rules, nowMs: clinic.nowMs(), limit: 9 }, () => false).studies.map(
      ({ studyId, verdict }) => [studyId, verdict],
    );
  expect(preview([rule])).toEqual([[whole, 'not-in-force']]);
  const inForce = [{ ...rule, inForceBy: 'admin' }];
  expect(preview(inForce)).toEqual([[whole, 'delete']]);
  await keep(undefined, inForce).runOnce();
  expect(clinic.events('study-deleted').map(({ studyId }) => studyId)).toEqual([whole]);
});

test('steps and announcements of studies that never came, and what imports listed, are counted, then deleted by age', async () => {
  const { db, north } = clinic;
  const { siteId } = north;
  const about = (sopUid: string, dataset: ReturnType<typeof readRecord>) => ({
    ...{ sopUid, dataset, association: clinic.associate('CT1'), rules: clinic.archive.quiet, atMs: clinic.nowMs() },
  });
  const report = (uid: string) => createStep(db, about(`${uid}.9`, readRecord(aStep(uid)))).status;
  const announce = (uid: string) =>
    noteAvailability(db, about(`${uid}.8`, readRecord(anAvailabilityNotice(uid, [`${uid}.1.1`])))).status;
  const came = '1.2.3.1';
  expect(['1.2.80', came].flatMap((uid) => [report(uid), announce(uid)])).toEqual(Array(4).fill('success'));
  const actor = { kind: 'user', id: 'anna' } as const;
  const imported = startImport(db, { siteId, source: 'upload', place: null, actor, atMs: clinic.nowMs() });
  noteImport(db, imported, {
    counts: { found: 1, stored: 0, duplicates: 0, quarantined: 0, notDicom: 1, failed: 0 },
    studies: [],
    refusals: [{ name: 'DOE_JANE/notes.txt', code: 'not-dicom' }],
    firstOrdinal: 0,
  });
  endImport(db, imported.importId, { state: 'done', code: null }, actor, clinic.nowMs());
  expect(listImportRefusals(db, imported.importId)).toHaveLength(1);
  await study(1, 'CT1');
  clinic.pass(89 * DAY_MS);
  report('1.2.81');
  const counted = () =>
    previewRetention(
      db,
      { siteId, rules: [], nowMs: clinic.nowMs(), limit: 9, recordsBeforeMs: clinic.nowMs() - 90 * DAY_MS },
      () => false,
    ).records;
  await keep(undefined).runOnce();
  expect([counted(), clinic.events('records-forgotten')]).toEqual([0, []]);
  clinic.pass(2 * DAY_MS);
  expect(counted()).toBe(3);
  await keep(undefined).runOnce();
  expect(counted()).toBe(0);
  const here = ['1.2.80', '1.2.81', came].map((uid) => findStep(db, siteId, `${uid}.9`) !== null);
  expect(here).toEqual([false, true, true]);
  expect(db.prepare('SELECT study_uid AS uid FROM availability_notices').all()).toEqual([{ uid: came }]);
  expect(listImportRefusals(db, imported.importId)).toEqual([]);
  expect(findImport(db, siteId, imported.importId)).toMatchObject({ notDicom: 1 });
  expect(clinic.events('records-forgotten').map(({ payload }) => payload)).toEqual([
    { steps: 1, notices: 1, imports: 1 },
  ]);
  expect([LIST_OLD_STEPS, LIST_OLD_NOTICES, LIST_OLD_IMPORTS].map((sql) => planOf(db, sql)[0])).toEqual([
    expect.stringContaining('performed_steps_by_age'),
    expect.stringContaining('availability_notices_by_age'),
    expect.stringContaining('imports_in_order'),
  ]);
});

test('a study of which the pixels cannot be digested now stays whole until the next look, and holds up no other', async () => {
  const [first, second] = [await study(1), await study(2)];
  prove(first, second);
  clinic.pass(40 * DAY_MS);
  disk.state = 'low';
  let failures = 1;
  const failingOnce: DigestFrame = async (frame) => {
    if (failures-- > 0) throw new Error('the thread ended');
    return digestFrame(frame);
  };
  const keeper = keep({ keepDays: 30 }, [], clinic.archive.clock, failingOnce);
  await keeper.runOnce();
  expect([evicted(), files()]).toEqual([[second], 2]);
  expect(clinic.logged()).toContain('eviction-failed');
  await keeper.runOnce();
  expect([evicted(), files()]).toEqual([[second, first], 0]);
  const kept = clinic.db.prepare('SELECT count(*) FROM pixels_let_go WHERE decoded IS NOT NULL').pluck().get();
  expect(kept).toBe(4);
});
