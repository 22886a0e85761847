import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DicomRecord } from '../dicom/dataset/write-dataset.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared } from '../platform/store/database.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice, CT_CLASS, without } from '../testing/objects.ts';
import {
  confirmIdentity,
  findInstances,
  findPatients,
  findStudies,
  findStudyCard,
  getStudyCard,
  hideObjects,
  type HideInput,
  listChangesOf,
  listExpired,
  listHidden,
  listInstances,
  listInstancesBelow,
  listPriorIds,
  listSeries,
  mergePatients,
  moveStudy,
  splitStudy,
  type SplitInput,
  undoIdentityChange,
} from './index.ts';

let clinic: Clinic;
beforeEach(() => (clinic = openClinic()));
afterEach(() => clinic.close());

const actor: Actor = { kind: 'user', id: 'coordinator' };
const JANE: DicomRecord = {};
const JOHN: DicomRecord = { PatientName: 'Roe^John', PatientID: '99', PatientBirthDate: '19500505', PatientSex: 'M' };
const said = () => ({ siteId: clinic.north.siteId, reason: 'other' as const, actor, atMs: clinic.nowMs() });
const slices = (count: number, changes: DicomRecord) => Array.from({ length: count }, (_, n) => aSlice(n + 1, changes));
const patientOf = (studyId: string) => getStudyCard(clinic.db, studyId).patient;
const undo = (changeId: string) =>
  undoIdentityChange(clinic.db, { siteId: clinic.north.siteId, changeId, actor, atMs: clinic.nowMs() });
const move = (studyId: string, patientId: string) => moveStudy(clinic.db, { ...said(), studyId, to: { patientId } });
const merge = (fromPatientId: string, toPatientId: string) =>
  mergePatients(clinic.db, { ...said(), fromPatientId, toPatientId });
const split = (studyId: string, what: Partial<SplitInput>) =>
  splitStudy(clinic.db, { ...said(), studyId, seriesIds: [], sopUids: [], to: null, ...what });
const hide = (studyId: string, what: Partial<HideInput> = {}) =>
  hideObjects(clinic.db, { ...said(), reason: 'test-images', studyId, level: 'study', subjects: [], ...what });
const seriesOf = (studyId: string) => listSeries(clinic.db, studyId).map(({ seriesId }) => seriesId);
const sopsOf = (studyId: string) => listInstances(clinic.db, studyId).map(({ sopUid }) => sopUid);
const studyUids = () =>
  findStudies(clinic.db, [clinic.north.siteId], {}, { limit: 100, offset: 0 }).map(({ studyUid }) => studyUid);

/** A made correction's id; a refusal fails the test. */
function made<T>(outcome: { ok: true; value: T } | { ok: false; error: { code: string } }): T {
  if (!outcome.ok) throw new Error(outcome.error.code);
  return outcome.value;
}

async function twoPeople() {
  const janes = await clinic.send(slices(5, { StudyInstanceUID: '1.2.10', ...JANE }));
  const johns = await clinic.send(slices(5, { StudyInstanceUID: '1.2.20', ...JOHN }));
  return { janes, johns, jane: patientOf(janes).patientId, john: patientOf(johns).patientId };
}

test('a moved study is the other patient’s everywhere at once, and undone it is the first one’s again', async () => {
  const { janes, johns, jane, john } = await twoPeople();
  const before = { jane: patientOf(janes), version: versionOf(john) };
  const { changeId } = made(move(janes, john));
  expect(patientOf(janes)).toMatchObject({ patientId: john, name: 'Roe^John', birthDateRaw: '19500505', mrn: '99' });
  expect(listPriorIds(clinic.db, johns)).toEqual([janes]);
  const named = (patientName: string) =>
    findStudies(clinic.db, [clinic.north.siteId], { patientName }, { limit: 9, offset: 0 }).map((one) => one.studyUid);
  expect([named('Roe*').toSorted(), named('Doe*')]).toEqual([['1.2.10', '1.2.20'], []]);
  expect(versionOf(john)).toBe(before.version + 1);
  expect(clinic.events('study-moved')).toMatchObject([{ studyId: janes, payload: { patientIds: [jane, john] } }]);
  expect(listChangesOf(clinic.db, clinic.north.siteId, janes)).toMatchObject([{ kind: 'study-moved', undoneBy: null }]);
  made(undo(changeId));
  expect(patientOf(janes)).toEqual(before.jane);
  expect(listPriorIds(clinic.db, johns)).toEqual([]);
  expect(undo(changeId)).toMatchObject({ error: { code: 'already-undone' } });
});

test('what still arrives of a moved study joins it, under the old name and under the corrected one', async () => {
  const { janes, john } = await twoPeople();
  made(move(janes, john));
  const late = clinic.associate();
  const statuses = await clinic.receive(
    late,
    aSlice(6, { StudyInstanceUID: '1.2.10' }),
    aSlice(7, { StudyInstanceUID: '1.2.10', ...JOHN }),
    aSlice(8, { StudyInstanceUID: '1.2.10', PatientID: '5', PatientName: 'Else^Eve', PatientBirthDate: '19990101' }),
  );
  expect(statuses).toEqual(['success', 'success', 'success']);
  expect(sopsOf(janes)).toHaveLength(7);
  expect(getStudyCard(clinic.db, janes)).toMatchObject({ quarantined: 1, patient: { name: 'Roe^John' } });
});

test('a study moves to somebody new by number and issuer, who goes again when it is undone; a number in use is refused', async () => {
  const { janes } = await twoPeople();
  const somebody = { name: 'New^Nora', number: '77', issuer: 'NORTH', birthDateRaw: '19700101', sex: 'F' };
  const to = (number: string, issuer: string) =>
    moveStudy(clinic.db, { ...said(), studyId: janes, to: { ...somebody, number, issuer } });
  expect(to('99', '')).toMatchObject({ error: { code: 'number-in-use' } });
  const { changeId } = made(to('99', 'NORTH'));
  expect(patientOf(janes)).toMatchObject({ name: 'New^Nora', mrn: '99', issuer: 'NORTH' });
  expect(findPatients(clinic.db, clinic.north.siteId, '99')).toHaveLength(2);
  made(undo(changeId));
  expect(findPatients(clinic.db, clinic.north.siteId, 'New')).toEqual([]);
});

test('refuses what is not there, of another site, or theirs already', async () => {
  const { janes, jane, john } = await twoPeople();
  const theirs = await clinic.send([aSlice(1, { StudyInstanceUID: '1.2.30', PatientID: '1' })], 'SOUTH');
  expect(move(janes, jane)).toMatchObject({ error: { code: 'already-theirs' } });
  expect(move(janes, patientOf(theirs).patientId)).toMatchObject({ error: { code: 'patient-not-found' } });
  expect(move(theirs, john)).toMatchObject({ error: { code: 'study-not-found' } });
  expect(merge(jane, jane)).toMatchObject({ error: { code: 'same-patient' } });
  expect(hide(theirs)).toMatchObject({ error: { code: 'study-not-found' } });
  expect(hide(janes, { level: 'instance', subjects: ['1.9'] })).toMatchObject({ error: { code: 'not-of-this-study' } });
  expect(split(janes, { seriesIds: seriesOf(janes) })).toMatchObject({ error: { code: 'nothing-left' } });
  expect(confirmIdentity(clinic.db, { ...said(), studyId: janes })).toMatchObject({ error: { code: 'not-in-doubt' } });
  expect(undo('nowhere')).toMatchObject({ error: { code: 'change-not-found' } });
});

test('merged patients are one, those that arrive later included; undone, everybody has their own again', async () => {
  const { janes, johns, jane, john } = await twoPeople();
  const { changeId } = made(merge(jane, john));
  expect(merge(jane, john)).toMatchObject({ error: { code: 'already-merged' } });
  const later = await clinic.send(slices(5, { StudyInstanceUID: '1.2.11', ...JANE }));
  expect([janes, later].map((id) => patientOf(id).name)).toEqual(['Roe^John', 'Roe^John']);
  expect(listPriorIds(clinic.db, johns).toSorted()).toEqual([janes, later].toSorted());
  made(undo(changeId));
  expect([janes, later, johns].map((id) => patientOf(id).name)).toEqual(['Doe^Jane', 'Doe^Jane', 'Roe^John']);
  expect(patientOf(later)).toMatchObject({ patientId: jane, birthDateRaw: '19600102', mrn: '4711' });
});

test('a correction on which another builds waits for it', async () => {
  const { janes, jane, john } = await twoPeople();
  const moved = made(move(janes, john));
  const merged = made(merge(john, jane));
  expect(undo(moved.changeId)).toMatchObject({ error: { code: 'later-change-depends' } });
  made(undo(merged.changeId));
  made(undo(moved.changeId));
  expect(patientOf(janes).patientId).toBe(jane);
});

test('two moves to one patient are undone in either order', async () => {
  const { janes, john } = await twoPeople();
  const other = await clinic.send(slices(5, { StudyInstanceUID: '1.2.12', ...JANE }));
  const first = made(move(janes, john));
  made(move(other, john));
  made(undo(first.changeId));
  expect([patientOf(janes).name, patientOf(other).name]).toEqual(['Doe^Jane', 'Roe^John']);
});

const SECOND = { StudyInstanceUID: '1.2.10', SeriesInstanceUID: '1.2.10.2', SeriesNumber: 2 };
const twoSeries = () => clinic.send([...slices(5, { StudyInstanceUID: '1.2.10' }), ...slices(5, SECOND)]);

test('a series split off is a study of its own under a UID of ours, for search and retrieval too', async () => {
  const source = await twoSeries();
  const [, second = ''] = seriesOf(source);
  const john = patientOf(await clinic.send(slices(5, { StudyInstanceUID: '1.2.20', ...JOHN }))).patientId;
  const revision = getStudyCard(clinic.db, source).revision;
  const { changeId, newStudyId } = made(split(source, { seriesIds: [second], to: { patientId: john } }));
  const { studyUid } = getStudyCard(clinic.db, newStudyId);
  expect(studyUid).toMatch(/^2\.25\.\d+$/);
  expect(getStudyCard(clinic.db, source)).toMatchObject({
    images: 5,
    revision: revision + 1,
    completeRevision: revision + 1,
  });
  expect(getStudyCard(clinic.db, newStudyId)).toMatchObject({
    images: 5,
    patient: { name: 'Roe^John' },
    accession: null,
  });
  const below = listInstancesBelow(clinic.db, [clinic.north.siteId], { studyUid });
  expect(below.map(({ seriesUid }) => seriesUid)).toEqual(Array.from({ length: 5 }, () => '1.2.10.2'));
  expect(listInstancesBelow(clinic.db, [clinic.north.siteId], { studyUid: '1.2.10' })).toHaveLength(5);
  // More of that series follows it, and the same again is the same.
  const late = clinic.associate();
  expect(await clinic.receive(late, aSlice(6, SECOND), aSlice(1, SECOND))).toEqual(['success', 'success']);
  expect([sopsOf(source).length, sopsOf(newStudyId).length]).toEqual([5, 6]);
  made(undo(changeId));
  expect([sopsOf(source).length, findStudyCard(clinic.db, newStudyId)?.isShown]).toEqual([11, false]);
  expect(studyUids()).not.toContain(studyUid);
});

test('single objects split off get a series UID of ours; a corrected header of one stays where a person put it', async () => {
  const source = await twoSeries();
  const { changeId, newStudyId } = made(split(source, { sopUids: ['1.2.10.2.1', '1.2.10.2.2'] }));
  const [series] = listSeries(clinic.db, newStudyId);
  expect(series).toMatchObject({ instances: 2, seriesUid: expect.stringMatching(/^2\.25\./) });
  await clinic.receive(clinic.associate(), aSlice(1, { ...SECOND, StudyDescription: 'Corrected' }));
  expect(sopsOf(newStudyId)).toEqual(['1.2.10.2.1', '1.2.10.2.2']);
  expect(getStudyCard(clinic.db, newStudyId).quarantined + getStudyCard(clinic.db, source).quarantined).toBe(0);
  made(undo(changeId));
  expect(sopsOf(source)).toHaveLength(10);
  expect(listSeries(clinic.db, source).map(({ instances }) => instances)).toEqual([5, 5]);
});

test('hidden objects are found, listed and served nowhere, come back when shown again, and stay hidden sent again', async () => {
  const source = await twoSeries();
  const [, second = ''] = seriesOf(source);
  const one = made(hide(source, { level: 'instance', subjects: ['1.2.10.1.1'] }));
  const other = made(hide(source, { level: 'series', subjects: [second] }));
  expect(hide(source, { level: 'series', subjects: [second] })).toMatchObject({ error: { code: 'already-hidden' } });
  expect(sopsOf(source)).toEqual(['1.2.10.1.2', '1.2.10.1.3', '1.2.10.1.4', '1.2.10.1.5']);
  const found = findInstances(clinic.db, [clinic.north.siteId], { studyUids: ['1.2.10'] }, { limit: 99, offset: 0 });
  expect(found).toHaveLength(4);
  await clinic.receive(clinic.associate(), aSlice(1), aSlice(1, { StudyDescription: 'Again' }), aSlice(6, SECOND));
  expect(sopsOf(source)).toHaveLength(4);
  expect(new Set(listHidden(clinic.db, source).map(({ sopUid }) => sopUid)).size).toBe(7);
  made(undo(one.changeId));
  expect(sopsOf(source)).toHaveLength(5);
  made(undo(other.changeId));
  expect(sopsOf(source)).toHaveLength(11);
});

test('a person says that the doubt is none; undone, the doubt is back', async () => {
  const { janes } = await twoPeople();
  const married = await clinic.send(slices(5, { StudyInstanceUID: '1.2.13', PatientName: 'Smith^Jane' }));
  expect(getStudyCard(clinic.db, married)).toMatchObject({ identityInDoubt: true, isIdentityConfirmable: true });
  const { changeId } = made(confirmIdentity(clinic.db, { ...said(), reason: 'name-changed', studyId: married }));
  expect([married, janes].map((id) => getStudyCard(clinic.db, id).identityInDoubt)).toEqual([false, false]);
  made(undo(changeId));
  expect(getStudyCard(clinic.db, married).identityInDoubt).toBe(true);
});

const NOTE_CLASS = '1.2.840.10008.5.1.4.1.1.88.59';
const aNote = (code: string, sopUids: readonly string[], uid = '1.2.10.9.1', studyUid = '1.2.10'): DicomRecord => ({
  ...without(aSlice(1, { StudyInstanceUID: '1.2.10' }), 'PixelData', 'Rows', 'Columns', 'ImagePositionPatient'),
  SOPClassUID: NOTE_CLASS,
  SeriesInstanceUID: '1.2.10.9',
  SOPInstanceUID: uid,
  Modality: 'KO',
  ConceptNameCodeSequence: [{ CodeValue: code, CodingSchemeDesignator: 'DCM', CodeMeaning: 'Rejected' }],
  CurrentRequestedProcedureEvidenceSequence: [
    {
      StudyInstanceUID: studyUid,
      ReferencedSeriesSequence: [
        {
          SeriesInstanceUID: '1.2.10.1',
          ReferencedSOPSequence: sopUids.map((sop) => ({
            ReferencedSOPClassUID: CT_CLASS,
            ReferencedSOPInstanceUID: sop,
          })),
        },
      ],
    },
  ],
});
const mayReject = () => {
  const association = clinic.associate();
  return { ...association, peer: { ...association.peer, services: [...association.peer.services, 'reject' as const] } };
};

test.each([
  ['113001', 'rejected-for-quality'],
  ['113037', 'rejected-for-patient-safety'],
  ['113038', 'incorrect-worklist-entry'],
  ['113039', 'retention-expired'],
])('a rejection note titled %s hides what it names as %s, before or after it arrives, once', async (code, reason) => {
  const note = aNote(code, ['1.2.10.1.1', '1.2.10.1.2']);
  const study = await clinic.send([aSlice(1), aSlice(3)]);
  const association = mayReject();
  expect(await clinic.receive(association, note, note, aSlice(2), aSlice(1))).toEqual(Array(4).fill('success'));
  expect(sopsOf(study)).toEqual(['1.2.10.1.3', '1.2.10.9.1']);
  const hidden = listHidden(clinic.db, study);
  expect(hidden.map((one) => [one.sopUid, one.reason])).toEqual([
    ['1.2.10.1.1', reason],
    ['1.2.10.1.2', reason],
  ]);
  expect(clinic.events('rejection-note-received')).toMatchObject([{ payload: { outcome: 'honoured', references: 2 } }]);
  const expired = listExpired(clinic.db, clinic.north.siteId).map(({ sopUid }) => sopUid);
  expect(expired).toEqual(reason === 'retention-expired' ? ['1.2.10.1.1', '1.2.10.1.2'] : []);
  // A person may say otherwise, and the same note sent again changes nothing of that.
  made(undo(hidden[0]?.changeId ?? ''));
  await clinic.receive(association, note);
  expect(sopsOf(study)).toHaveLength(4);
});

test('a rejection note hides nothing of another patient, and of another study than it names nothing either', async () => {
  const own = await clinic.send([aSlice(1)]);
  const others = { ...JOHN, PatientID: '100', StudyInstanceUID: '1.2.21', SeriesInstanceUID: '1.2.21.1' };
  const other = await clinic.send([aSlice(1, { ...others, SOPInstanceUID: '1.2.21.1.1' })]);
  const sibling = await clinic.send([
    aSlice(1, { StudyInstanceUID: '1.2.20', SeriesInstanceUID: '1.2.20.1', SOPInstanceUID: '1.2.20.1.1' }),
  ]);
  const notes = [
    aNote('113037', ['1.2.21.1.1'], '1.2.10.9.1'), // says that it is of its own study
    aNote('113037', ['1.2.21.1.1'], '1.2.10.9.2', '1.2.21'), // says truly whose it is
    aNote('113037', ['1.2.21.1.7'], '1.2.10.9.3'), // and of one that comes later
    aNote('113037', ['1.2.20.1.1'], '1.2.10.9.4', '1.2.20'), // another study of the same patient
  ];
  await clinic.receive(mayReject(), ...notes);
  await clinic.send([aSlice(7, { ...others, SOPInstanceUID: '1.2.21.1.7' })]);
  expect([sopsOf(other), sopsOf(sibling), sopsOf(own)]).toMatchObject([
    ['1.2.21.1.1', '1.2.21.1.7'],
    [],
    { length: 5 },
  ]);
  expect(clinic.events('rejection-note-received').map(({ payload }) => payload.applied)).toEqual([1, 0, 1, 1]);
});

test('a rejection note of a peer that may not reject is kept and hides nothing; other titles reject nothing', async () => {
  const study = await clinic.send([aSlice(1), aSlice(2)]);
  await clinic.receive(clinic.associate(), aNote('113037', ['1.2.10.1.1']));
  await clinic.receive(mayReject(), aNote('113000', ['1.2.10.1.1'], '1.2.10.9.2'));
  expect(sopsOf(study)).toHaveLength(4);
  expect(clinic.events('rejection-note-received')).toMatchObject([{ payload: { outcome: 'peer-not-permitted' } }]);
});

test('whatever is corrected and then undone in turn leaves everything as it was', async () => {
  const Step = fc.record({
    kind: fc.constantFrom('move', 'split', 'part', 'merge', 'hide', 'hide-one'),
    pick: fc.nat(7),
    whom: fc.nat(7),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(Step, { minLength: 1, maxLength: 8 }), async (steps) => {
      clinic.close();
      clinic = openClinic();
      await twoSeries();
      await clinic.send(slices(5, { StudyInstanceUID: '1.2.20', ...JOHN }));
      await clinic.send(slices(5, { StudyInstanceUID: '1.2.21', ...JOHN, PatientID: '100', PatientName: 'Poe^Ed' }));
      const before = shownState();
      const changes = steps.flatMap((step) => {
        const studies = allStudies();
        const study = studies[step.pick % studies.length] ?? '';
        const patients = [...new Set(studies.map((id) => patientOf(id).patientId))];
        const whom = patients[step.whom % patients.length] ?? '';
        const outcome = {
          move: () => move(study, whom),
          split: () => split(study, { seriesIds: seriesOf(study).slice(0, 1), to: { patientId: whom } }),
          part: () => split(study, { sopUids: sopsOf(study).slice(0, 1 + (step.whom % 3)) }),
          merge: () => merge(patientOf(study).patientId, whom),
          hide: () => hide(study),
          'hide-one': () => hide(study, { level: 'instance', subjects: sopsOf(study).slice(0, 1) }),
        }[step.kind]?.();
        return outcome?.ok === true ? [outcome.value.changeId] : [];
      });
      for (const changeId of changes.toReversed()) made(undo(changeId));
      expect(shownState()).toEqual(before);
    }),
    { numRuns: 10 },
  );
});

function allStudies(): readonly string[] {
  return prepared<{ id: string }>(clinic.db, 'SELECT study_id AS id FROM studies ORDER BY study_id')
    .all()
    .map(({ id }) => id);
}

function shownState() {
  return allStudies()
    .map((studyId) => getStudyCard(clinic.db, studyId))
    .filter(({ isShown }) => isShown)
    .map(({ studyId, patient, images, hidden, priors, identityInDoubt }) => ({
      ...{ studyId, patient, images, hidden, priors, identityInDoubt },
      series: listSeries(clinic.db, studyId),
      sops: sopsOf(studyId),
    }));
}

function versionOf(patientId: string): number {
  const row = prepared<{ version: number }>(
    clinic.db,
    'SELECT identity_version AS version FROM patients WHERE patient_id = ?',
  ).get(patientId);
  return row?.version ?? 0;
}

test('what was corrected is told as it is served, to whoever serves it; what was not says nothing', async () => {
  const { janes, johns, john } = await twoPeople();
  made(move(janes, john));
  const servedAs = (studyUid: string) =>
    listInstancesBelow(clinic.db, [clinic.north.siteId], { studyUid })[0]?.servedAs ?? null;
  expect(servedAs('1.2.10')).toEqual({
    ...{ studyUid: '1.2.10', seriesUid: '1.2.10.1' },
    patient: { name: 'Roe^John', birthDateRaw: '19500505', sex: 'M', mrn: '99', issuer: '' },
    ...{ isWithoutOrder: false, correctedAtMs: clinic.nowMs(), because: 'study-moved' },
  });
  expect(servedAs('1.2.20')).toBeNull();
  const { newStudyId } = made(split(johns, { sopUids: ['1.2.20.1.1'] }));
  expect(servedAs(getStudyCard(clinic.db, newStudyId).studyUid)).toMatchObject({
    ...{ studyUid: getStudyCard(clinic.db, newStudyId).studyUid, patient: null, because: 'study-split' },
  });
});
