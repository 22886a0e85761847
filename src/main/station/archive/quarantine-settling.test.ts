import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DiscardReason, Release } from '../../../shared/domain/correction.ts';
import type { DicomRecord } from '../dicom/dataset/write-dataset.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { arrivalOf, aSlice, without } from '../testing/objects.ts';
import { planOf } from '../platform/store/test-plan.ts';
import {
  countQuarantineByReason,
  describeQuarantined,
  discardQuarantined,
  fileQuarantined,
  getObject,
  getStudyCard,
  listChangesOf,
  listDamaged,
  listDiscarded,
  listHolders,
  listInstances,
  listPriorIds,
  listQuarantine,
  moveStudy,
  receiveObject,
  splitStudy,
  takeBackQuarantined,
  undoIdentityChange,
} from './index.ts';
import { deleteStudy, freeDeleted } from './delete-study.ts';
import { FIND_HELD_DAMAGE, IS_REPLACED, reportDamage } from './integrity.ts';
import { LIST_ROWS } from './list-quarantine.ts';
import { LIST_HELD_OF_OBJECT } from './settle-quarantined.ts';

let clinic: Clinic;
beforeEach(() => (clinic = openClinic()));
afterEach(() => clinic.close());

const actor: Actor = { kind: 'user', id: 'technologist' };
const JOHN: DicomRecord = { PatientName: 'Roe^John', PatientID: '99', PatientBirthDate: '19500505', PatientSex: 'M' };
const OTHER_PIXELS: DicomRecord = { PixelData: new Uint16Array(16).fill(999) };
const settling = (quarantineId: string) => ({
  ...{ siteId: clinic.north.siteId, quarantineId, actor },
  atMs: clinic.nowMs(),
});
const held = (state: 'held' | 'released' | 'discarded' = 'held') =>
  listQuarantine(clinic.db, clinic.north.siteId, { state, limit: 50 });
const file = (quarantineId: string, release?: Release) =>
  fileQuarantined(clinic.archive, { ...settling(quarantineId), ...(release !== undefined && { release }) });
const discard = (quarantineId: string, reason: DiscardReason = 'test-object') =>
  discardQuarantined(clinic.db, { ...settling(quarantineId), reason });

/** A study of Jane with five slices, and one more object that is set aside. */
async function withOneAside(changes: DicomRecord, n = 1) {
  const study = await clinic.send([1, 2, 3, 4, 5].map((one) => aSlice(one)));
  await clinic.receive(clinic.associate(), aSlice(n, changes));
  const [row] = held();
  if (row === undefined) throw new Error('nothing was set aside');
  return { study, row };
}

test('other pixels: side by side only the pixels differ; filed again they are still other; a person makes them current', async () => {
  const { study, row } = await withOneAside(OTHER_PIXELS);
  expect(row).toMatchObject({ reason: 'same-uid-other-pixels', aeTitle: 'CT1', studyId: study, sopUid: '1.2.10.1.1' });
  const described = await describeQuarantined(clinic.db, clinic.archive.objects, row);
  expect(described).toMatchObject({ isReadable: true, standsInStudyId: study });
  expect(described.attributes.filter(({ differs }) => differs)).toEqual([]);
  expect(await file(row.quarantineId)).toMatchObject({ value: { outcome: 'still-held' } });
  expect(await file(row.quarantineId, 'into-the-study-it-names')).toMatchObject({
    error: { code: 'release-does-not-apply' },
  });
  expect(await file(row.quarantineId, 'as-current-version')).toEqual({ ok: true, value: { outcome: 'filed' } });
  expect(listInstances(clinic.db, study).map(({ digest }) => digest)).toContain(row.digest);
  expect(listInstances(clinic.db, study)).toHaveLength(5);
  expect(held()).toEqual([]);
  expect(clinic.events('quarantine-settled')).toMatchObject([
    { payload: { how: 'filed', because: 'as-current-version' } },
  ]);
  expect(await file(row.quarantineId)).toMatchObject({ error: { code: 'already-settled' } });
});

test('another patient under a study’s UID: let into the study, by a person’s word', async () => {
  const { study, row } = await withOneAside(JOHN, 6);
  const { attributes } = await describeQuarantined(clinic.db, clinic.archive.objects, row);
  expect(attributes.find(({ keyword }) => keyword === 'PatientName')).toMatchObject({
    held: 'Roe^John',
    differs: false,
  });
  expect(await file(row.quarantineId, 'as-current-version')).toMatchObject({
    error: { code: 'release-does-not-apply' },
  });
  expect(await file(row.quarantineId, 'into-the-study-it-names')).toMatchObject({ ok: true });
  expect(getStudyCard(clinic.db, study)).toMatchObject({ images: 6, quarantined: 0, patient: { name: 'Doe^Jane' } });
});

test('or as a study of the patient it names, where what else is set aside of it follows', async () => {
  const changes = { ...JOHN, SeriesInstanceUID: '1.2.10.7' };
  const { study, row } = await withOneAside(changes, 6);
  await clinic.receive(clinic.associate(), aSlice(7, changes));
  expect(await file(row.quarantineId, 'as-a-study-of-its-own')).toMatchObject({ ok: true });
  const [second] = held();
  expect(await file(second?.quarantineId ?? '')).toMatchObject({ value: { outcome: 'filed' } });
  expect(getStudyCard(clinic.db, study)).toMatchObject({ images: 5, quarantined: 0 });
  const johns = await clinic.send([aSlice(1, { ...JOHN, StudyInstanceUID: '1.2.20' })]);
  const [own] = listPriorIds(clinic.db, johns);
  expect(getStudyCard(clinic.db, own ?? '')).toMatchObject({ images: 2, patient: { name: 'Roe^John' } });
  expect(getStudyCard(clinic.db, own ?? '').studyUid).toMatch(/^2\.25\./);
});

test('after the study was given to the right patient, what named that one is filed again by the table', async () => {
  const { study, row } = await withOneAside(JOHN, 6);
  const johns = await clinic.send([aSlice(1, { ...JOHN, StudyInstanceUID: '1.2.20' })]);
  const { patientId } = getStudyCard(clinic.db, johns).patient;
  moveStudy(clinic.db, {
    ...{ siteId: clinic.north.siteId, studyId: study, to: { patientId }, reason: 'other' as const },
    ...{ actor, atMs: clinic.nowMs() },
  });
  expect(await file(row.quarantineId)).toMatchObject({ value: { outcome: 'filed' } });
  expect(getStudyCard(clinic.db, study)).toMatchObject({ images: 6, quarantined: 0, identityInDoubt: false });
});

test('what cannot be read stays, by its reason; one announced under another UID is filed by its own', async () => {
  const broken = {
    ...arrivalOf(aSlice(1)),
    body: (async function* () {
      yield Buffer.from('no data set');
    })(),
  };
  await receiveObject(clinic.archive, broken, clinic.associate());
  const announced = { ...arrivalOf(aSlice(2)), sopInstanceUid: '1.9.9' };
  await receiveObject(clinic.archive, announced, clinic.associate());
  const byReason = new Map(held().map((row) => [row.reason, row]));
  const unreadable = byReason.get('unreadable')?.quarantineId ?? '';
  expect(await file(unreadable)).toMatchObject({ value: { outcome: 'still-held', reason: 'unreadable' } });
  expect(await file(byReason.get('uids-disagree-with-command')?.quarantineId ?? '')).toMatchObject({
    value: { outcome: 'filed' },
  });
  expect(countQuarantineByReason(clinic.db, clinic.north.siteId)).toEqual([{ reason: 'unreadable', held: 1 }]);
  const [row] = held();
  if (row === undefined) throw new Error('nothing is held');
  expect(await describeQuarantined(clinic.db, clinic.archive.objects, row)).toMatchObject({
    ...{ isReadable: false, attributes: [], standsInStudyId: null },
  });
});

test('discarded it leaves the list and the study’s mark, can be taken back, and is not set aside anew when sent again', async () => {
  const { study, row } = await withOneAside(OTHER_PIXELS);
  expect(discard(row.quarantineId, 'stored-one-is-right')).toMatchObject({ ok: true });
  expect(discard(row.quarantineId)).toMatchObject({ error: { code: 'already-settled' } });
  expect([held(), getStudyCard(clinic.db, study).quarantined]).toEqual([[], 0]);
  await clinic.receive(clinic.associate(), aSlice(1, OTHER_PIXELS));
  expect(held()).toEqual([]);
  clinic.pass(1);
  expect(listDiscarded(clinic.db, clinic.north.siteId, clinic.nowMs())).toEqual([row.digest]);
  expect(takeBackQuarantined(clinic.db, settling(row.quarantineId))).toMatchObject({ ok: true });
  expect(takeBackQuarantined(clinic.db, settling(row.quarantineId))).toMatchObject({
    error: { code: 'not-discarded' },
  });
  expect(listDiscarded(clinic.db, clinic.north.siteId, clinic.nowMs())).toEqual([]);
  expect(held()).toMatchObject([{ quarantineId: row.quarantineId, state: 'held' }]);
});

test('another site’s rows are not there', async () => {
  const { row } = await withOneAside(OTHER_PIXELS);
  const theirs = { ...settling(row.quarantineId), siteId: clinic.south.siteId };
  expect(discardQuarantined(clinic.db, { ...theirs, reason: 'other' })).toMatchObject({
    error: { code: 'quarantined-not-found' },
  });
  expect(await fileQuarantined(clinic.archive, theirs)).toMatchObject({ error: { code: 'quarantined-not-found' } });
  expect(listQuarantine(clinic.db, clinic.south.siteId, { state: 'held', limit: 9 })).toEqual([]);
});

test('pages of the list follow each other without gap or repetition, by reason, sender and time, along the index', async () => {
  await withOneAside(OTHER_PIXELS);
  for (const n of [6, 7, 8, 9]) {
    clinic.pass(n < 8 ? 0 : 10);
    await clinic.receive(clinic.associate(), aSlice(n, JOHN));
  }
  const list = (query: Partial<Parameters<typeof listQuarantine>[2]>) =>
    listQuarantine(clinic.db, clinic.north.siteId, { state: 'held', limit: 50, ...query });
  const all = list({}).map(({ quarantineId }) => quarantineId);
  const paged: string[] = [];
  for (let page = list({ limit: 2 }); page.length > 0; page = list({ limit: 2, after: page.at(-1) }))
    paged.push(...page.map(({ quarantineId }) => quarantineId));
  expect([all.length, paged]).toEqual([5, all]);
  expect(list({ reason: 'same-uid-other-patient' })).toHaveLength(4);
  expect(list({ peerId: 'nobody' })).toEqual([]);
  expect(list({ fromMs: clinic.nowMs() })).toHaveLength(1);
  expect(list({ toMs: clinic.nowMs() - 1 })).toHaveLength(4);
  expect(planOf(clinic.db, LIST_ROWS).join()).toMatch(/quarantine_in_order/);
  expect(planOf(clinic.db, LIST_ROWS).join()).not.toMatch(/TEMP B-TREE/);
});

test('what was let in and conflicts anew waits for a person anew; what was discarded does not', async () => {
  const { study, row } = await withOneAside(OTHER_PIXELS);
  expect(await file(row.quarantineId, 'as-current-version')).toMatchObject({ ok: true });
  // The study left by a rule, and came again from the one who has the first version.
  const rules = [{ name: 'r', olderThanDays: 1, action: 'delete' as const, evenUnproven: true, inForceBy: 'lead' }];
  clinic.pass(10 * 86_400_000);
  const { siteId } = clinic.north;
  deleteStudy(clinic.db, { siteId, studyId: study, rules, isOpen: false, atMs: clinic.nowMs() });
  await freeDeleted(clinic.db, study, clinic.nowMs(), async () => undefined);
  const again = await clinic.send([1, 2].map((one) => aSlice(one)));
  const resend = () => clinic.receive(clinic.associate(), aSlice(1, OTHER_PIXELS));
  expect(await resend()).toEqual(['success']);
  expect(held()).toMatchObject([{ quarantineId: row.quarantineId, studyId: again, settledBy: null }]);
  expect(clinic.events('instance-quarantined').map(({ studyId }) => studyId)).toEqual([study, again]);
  await resend();
  expect(clinic.events('instance-quarantined')).toHaveLength(2);
  discard(row.quarantineId);
  await resend();
  expect([held(), clinic.events('instance-quarantined').length]).toEqual([[], 2]);
});

test('one object is settled once: who comes while it is being filed is told so', async () => {
  const { row } = await withOneAside(OTHER_PIXELS);
  const filing = file(row.quarantineId, 'as-current-version');
  const refused = { ok: false, error: { code: 'being-settled' } };
  expect([discard(row.quarantineId), await file(row.quarantineId)]).toEqual([refused, refused]);
  expect(await filing).toMatchObject({ ok: true });
  expect(discard(row.quarantineId)).toEqual({ ok: false, error: { code: 'already-settled' } });
  expect(clinic.events('quarantine-settled')).toHaveLength(1);
});

test('letting other pixels in is a correction: it says so, and undone the former object is the current one again', async () => {
  const { db, north } = clinic;
  const { study, row } = await withOneAside(OTHER_PIXELS);
  const digestNow = () => listInstances(db, study).find(({ sopUid }) => sopUid === row.sopUid)?.digest;
  const former = digestNow();
  await file(row.quarantineId, 'as-current-version');
  expect(clinic.events('instance-received').at(-1)?.payload).toMatchObject({ differing: ['pixels'] });
  // The former one sent again changes nothing: there is a way back, by a person's word.
  await clinic.receive(clinic.associate(), aSlice(1));
  expect(digestNow()).toBe(row.digest);
  const before = getStudyCard(db, study).revision;
  const [change] = listChangesOf(db, north.siteId, study);
  expect(change).toMatchObject({ kind: 'version-replaced', reason: 'as-current-version', madeBy: actor });
  const undone = undoIdentityChange(db, {
    ...{ siteId: north.siteId, changeId: change?.changeId ?? '', actor, atMs: clinic.nowMs() },
  });
  expect(undone).toEqual({ ok: true, value: { studyIds: [study] } });
  expect([digestNow(), getStudyCard(db, study).revision]).toEqual([former, before + 1]);
  expect(clinic.events('identity-undone')).toMatchObject([{ studyId: study, payload: { kind: 'version-replaced' } }]);
});

test('damage to an object that another took the place of waits for nobody, and does again once it is the current one', async () => {
  const { db, north } = clinic;
  const { study, row } = await withOneAside(OTHER_PIXELS);
  const former = listInstances(db, study).find(({ sopUid }) => sopUid === row.sopUid)?.digest ?? '';
  const find = (digest: string) => {
    const { encoding } = getObject(db, digest);
    reportDamage(db, {
      ...{ digest, encoding, condition: 'missing', holders: listHolders(db, [digest]), atMs: clinic.nowMs() },
    });
  };
  const waiting = () => listDamaged(db, north.siteId).map(({ digest }) => digest);
  find(former);
  expect(waiting()).toEqual([former]);
  await file(row.quarantineId, 'as-current-version');
  expect([waiting(), held()]).toEqual([[], []]);
  expect(clinic.events('quarantine-settled')).toContainEqual(
    expect.objectContaining({
      studyId: study,
      payload: expect.objectContaining({ digest: former, how: 'replaced', because: 'replaced' }),
    }),
  );
  find(row.digest);
  expect(waiting()).toEqual([row.digest]);
  const [change] = listChangesOf(db, north.siteId, study);
  const undoing = { siteId: north.siteId, changeId: change?.changeId ?? '', actor, atMs: clinic.nowMs() };
  expect(undoIdentityChange(db, undoing)).toMatchObject({ ok: true });
  expect(waiting()).toEqual([former]);
  expect(clinic.events('object-damaged').at(-1)).toMatchObject({
    studyId: study,
    payload: { digest: former, condition: 'missing', quarantineId: held()[0]?.quarantineId },
  });
  await clinic.receive(clinic.associate(), aSlice(1));
  expect(waiting()).toEqual([]);
  for (const sql of [IS_REPLACED, FIND_HELD_DAMAGE]) expect(planOf(db, sql).join()).not.toContain('SCAN');
});

test('damage found of an earlier version is told of, and waits only once that is the current one', async () => {
  const { db, north } = clinic;
  const { study, row } = await withOneAside(OTHER_PIXELS);
  const former = listInstances(db, study).find(({ sopUid }) => sopUid === row.sopUid)?.digest ?? '';
  await file(row.quarantineId, 'as-current-version');
  const { encoding } = getObject(db, former);
  const found = { digest: former, encoding, condition: 'damaged', atMs: clinic.nowMs() } as const;
  expect(reportDamage(db, { ...found, holders: listHolders(db, [former]) })).toBe(true);
  expect([listDamaged(db, north.siteId), clinic.events('object-damaged')]).toMatchObject([
    [],
    [{ studyId: study, payload: { digest: former, quarantineId: null } }],
  ]);
  const [change] = listChangesOf(db, north.siteId, study);
  undoIdentityChange(db, { siteId: north.siteId, changeId: change?.changeId ?? '', actor, atMs: clinic.nowMs() });
  expect(listDamaged(db, north.siteId)).toMatchObject([{ digest: former, studyId: study }]);
});

test('what was held and is sent again once nothing stands against it is filed, and waits for nobody any more', async () => {
  const { db, north } = clinic;
  const { study, row } = await withOneAside(OTHER_PIXELS);
  await file(row.quarantineId, 'as-current-version');
  const send = () => clinic.receive(clinic.associate(), aSlice(1, { SeriesDescription: 'corrected' }));
  await send();
  const [waiting] = held();
  expect([waiting?.reason, held().length]).toEqual(['same-uid-other-pixels', 1]);
  await send();
  expect(held()).toHaveLength(1);
  const [change] = listChangesOf(db, north.siteId, study);
  const undoing = { siteId: north.siteId, changeId: change?.changeId ?? '', actor, atMs: clinic.nowMs() };
  expect(undoIdentityChange(db, undoing)).toMatchObject({ ok: true });
  await send();
  expect(listInstances(db, study).map(({ digest }) => digest)).toContain(waiting?.digest);
  expect(held()).toEqual([]);
  expect(held('released')).toContainEqual(
    expect.objectContaining({
      quarantineId: waiting?.quarantineId,
      settledBy: waiting?.peerId,
      settledBecause: 'filed-again',
    }),
  );
  expect(clinic.events('quarantine-settled').at(-1)).toMatchObject({
    studyId: study,
    payload: { quarantineId: waiting?.quarantineId, digest: waiting?.digest, how: 'filed', because: 'filed-again' },
  });
  expect(planOf(db, LIST_HELD_OF_OBJECT).join()).toMatch(
    /USING INDEX (sqlite_autoindex_quarantine|quarantine_by_digest)/,
  );
});

test('of two objects let in one after the other the later one is undone first, also once they were split off', async () => {
  const { db, north } = clinic;
  const { study, row } = await withOneAside(OTHER_PIXELS);
  const former = listInstances(db, study).find(({ sopUid }) => sopUid === row.sopUid)?.digest;
  await file(row.quarantineId, 'as-current-version');
  await clinic.receive(clinic.associate(), aSlice(1, { PixelData: new Uint16Array(16).fill(7) }));
  await file(held()[0]?.quarantineId ?? '', 'as-current-version');
  clinic.pass(3_600_000);
  clinic.runJobs();
  const split = splitStudy(db, {
    ...{ siteId: north.siteId, studyId: study, seriesIds: [], sopUids: [row.sopUid ?? ''], to: null },
    ...{ reason: 'other', actor, atMs: clinic.nowMs() },
  });
  const splitOff = split.ok ? split.value.newStudyId : '';
  const [second, first] = listChangesOf(db, north.siteId, study).filter(({ kind }) => kind === 'version-replaced');
  const undo = (changeId = '') =>
    undoIdentityChange(db, { siteId: north.siteId, changeId, actor, atMs: clinic.nowMs() });
  expect(undo(first?.changeId)).toEqual({ ok: false, error: { code: 'later-change-depends' } });
  expect(undo(second?.changeId)).toEqual({ ok: true, value: { studyIds: [splitOff] } });
  expect(undo(first?.changeId)).toMatchObject({ ok: true });
  expect(listInstances(db, splitOff).map(({ digest }) => digest)).toEqual([former]);
});

test('what another patient’s object says, let in under a study’s UID, changes nothing that the study says; undone it is where it was', async () => {
  const { db, north } = clinic;
  const rowOf = (id: string) =>
    db.prepare('SELECT * FROM studies WHERE study_id = ?').get(id) as Record<string, unknown>;
  const says = (id: string) => {
    const { accession, description, date_raw, laterality, modality, stated_name, stated_sex } = rowOf(id);
    return { accession, description, date_raw, laterality, modality, stated_name, stated_sex };
  };
  const seriesOf = (uid: string) =>
    db.prepare('SELECT series_id FROM instances WHERE sop_uid = ?').pluck().get(uid) as string;
  const johns = {
    ...{ ...JOHN, ...OTHER_PIXELS, AccessionNumber: 'J9', StudyDescription: 'MR Knee', StudyDate: '20250101' },
    ...{ Modality: 'MR', Laterality: 'L', SeriesInstanceUID: '1.2.10.77', SOPInstanceUID: '1.2.10.1.1' },
  };
  const study = await clinic.send([1, 2].map((n) => without(aSlice(n), 'PatientSex')));
  await clinic.receive(clinic.associate(), aSlice(1, johns));
  const [row] = held();
  expect(row?.reason).toBe('same-uid-other-patient');
  const [before, series] = [says(study), seriesOf('1.2.10.1.1')];
  const isDoubted = () => rowOf(study).is_stated_otherwise;
  expect(isDoubted()).toBe(0);
  expect(await file(row?.quarantineId ?? '', 'as-current-version')).toMatchObject({ ok: true });
  expect(says(study)).toEqual(before);
  expect(clinic.events('study-attributes-changed')).toEqual([]);
  expect([seriesOf('1.2.10.1.1') === series, isDoubted()]).toEqual([false, 1]);
  const [change] = listChangesOf(db, north.siteId, study);
  const undoing = { siteId: north.siteId, changeId: change?.changeId ?? '', actor, atMs: clinic.nowMs() };
  expect(undoIdentityChange(db, undoing)).toMatchObject({ ok: true });
  expect([says(study), seriesOf('1.2.10.1.1'), isDoubted()]).toEqual([before, series, 0]);
});

test('undone, the doubt about the patient stays where an object that came since may say otherwise as well', async () => {
  const { db, north } = clinic;
  const study = await clinic.send([1, 2].map((n) => aSlice(n)));
  await clinic.receive(clinic.associate(), aSlice(1, { ...JOHN, ...OTHER_PIXELS }));
  await file(held()[0]?.quarantineId ?? '', 'as-current-version');
  await clinic.receive(clinic.associate(), aSlice(3));
  const [change] = listChangesOf(db, north.siteId, study);
  undoIdentityChange(db, { siteId: north.siteId, changeId: change?.changeId ?? '', actor, atMs: clinic.nowMs() });
  expect(db.prepare('SELECT is_stated_otherwise FROM studies').pluck().all()).toEqual([1]);
});

test('an object let in cannot be undone once its study was deleted and came again: it says so and touches nothing', async () => {
  const { db, north } = clinic;
  const { study, row } = await withOneAside(OTHER_PIXELS);
  await file(row.quarantineId, 'as-current-version');
  const [change] = listChangesOf(db, north.siteId, study);
  const rule = { name: 'r', olderThanDays: 1, action: 'delete' as const, evenUnproven: true, inForceBy: 'lead' };
  clinic.pass(10 * 86_400_000);
  clinic.runJobs();
  const deletion = { siteId: north.siteId, studyId: study, rules: [rule], isOpen: false, atMs: clinic.nowMs() };
  expect(deleteStudy(db, deletion)).toMatchObject({ ok: true });
  await freeDeleted(db, study, clinic.nowMs(), async () => undefined);
  const again = await clinic.send([aSlice(1, { PixelData: new Uint16Array(16).fill(7) })]);
  const current = listInstances(db, again);
  const undoing = { siteId: north.siteId, changeId: change?.changeId ?? '', actor, atMs: clinic.nowMs() };
  expect(undoIdentityChange(db, undoing)).toEqual({ ok: false, error: { code: 'former-version-gone' } });
  expect(listInstances(db, again)).toEqual(current);
});
