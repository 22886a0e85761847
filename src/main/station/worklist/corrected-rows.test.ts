import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  findStudies,
  getStudyCard,
  hideObjects,
  type HideInput,
  moveStudy,
  undoIdentityChange,
} from '../archive/index.ts';
import { listRuns } from '../inference/index.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { finishNext, installed } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { followAll } from '../testing/ward.ts';
import { findRow } from './index.ts';

let clinic: Clinic;
beforeEach(() => (clinic = openClinic()));
afterEach(() => clinic.close());

const actor: Actor = { kind: 'user', id: 'coordinator' };
const JOHN = { PatientName: 'Roe^John', PatientID: '99', PatientBirthDate: '19500505', PatientSex: 'M' };
const by = () => ({ siteId: clinic.north.siteId, actor, atMs: clinic.nowMs() });
const slices = (count: number, changes = {}) => Array.from({ length: count }, (_, n) => aSlice(n + 1, changes));
const hide = (studyId: string, what: Partial<HideInput> = {}) =>
  hideObjects(clinic.db, { ...by(), reason: 'test-images', studyId, level: 'study', subjects: [], ...what });
const undo = (changeId: string) => undoIdentityChange(clinic.db, { ...by(), changeId });
const rowOf = (studyId: string) => findRow(clinic.db, [clinic.north.siteId], studyId);
const studyUids = () =>
  findStudies(clinic.db, [clinic.north.siteId], {}, { limit: 100, offset: 0 }).map(({ studyUid }) => studyUid);

/** A made correction's id; a refusal fails the test. */
function made<T>(outcome: { ok: true; value: T } | { ok: false; error: { code: string } }): T {
  if (!outcome.ok) throw new Error(outcome.error.code);
  return outcome.value;
}

test('a moved study’s row shows the new patient, and theirs count it as a prior; undone, as before', async () => {
  const janes = await clinic.send(slices(5));
  const johns = await clinic.send(slices(5, { StudyInstanceUID: '1.2.20', ...JOHN }));
  followAll(clinic);
  const to = { patientId: getStudyCard(clinic.db, johns).patient.patientId };
  const { changeId } = made(moveStudy(clinic.db, { ...by(), reason: 'other', studyId: janes, to }));
  const told = followAll(clinic);
  expect(told).toEqual(expect.arrayContaining([janes, johns]));
  expect(rowOf(janes)?.patient).toMatchObject({ name: 'Roe^John', mrn: '99' });
  expect(rowOf(johns)).toMatchObject({ priors: 1 });
  made(undo(changeId));
  followAll(clinic);
  expect([rowOf(janes)?.patient.name, rowOf(johns)?.priors]).toEqual(['Doe^Jane', 0]);
});

test('a hidden study leaves the worklist, and what AI said of a hidden series is not shown', async () => {
  installed(clinic, 'general', {});
  const source = await clinic.send(slices(8, { StudyInstanceUID: '1.2.10' }));
  followAll(clinic);
  finishNext(clinic, 0.9);
  followAll(clinic);
  const row = () => rowOf(source);
  expect(row()).toMatchObject({ ai: { state: 'flagged' } });
  const { changeId } = made(hide(source));
  followAll(clinic);
  expect([row(), studyUids()]).toEqual([null, []]);
  made(undo(changeId));
  followAll(clinic);
  expect(row()).toMatchObject({ images: { received: 8 }, ai: { state: 'flagged' } });
});

test('models read anew what is left when images were hidden', async () => {
  installed(clinic, 'general', {});
  const source = await clinic.send(slices(9, { StudyInstanceUID: '1.2.10' }));
  followAll(clinic);
  finishNext(clinic, 0.1);
  made(hide(source, { level: 'instance', subjects: ['1.2.10.1.9'] }));
  followAll(clinic);
  const runs = listRuns(clinic.db, source).map(({ revision, state }) => ({ revision, state }));
  expect(runs).toEqual([
    { revision: 9, state: 'finished' },
    { revision: 10, state: 'queued' },
  ]);
});
