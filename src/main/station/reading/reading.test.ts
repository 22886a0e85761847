import { afterEach, beforeEach, expect, test } from 'vitest';
import { createUser } from '../access/index.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice } from '../testing/objects.ts';
import { findOpening, findReport, openStudy } from './index.ts';

let clinic: Clinic;
let studyId: string;
beforeEach(async () => {
  clinic = openClinic();
  studyId = await clinic.send([aSlice(1)]);
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
const open = (userId: string, siteId: string = clinic.north.siteId, of = studyId) =>
  openStudy(clinic.db, { siteId, studyId: of, userId, atMs: clinic.nowMs() });

test('opening is recorded once for each reader and revision, with who and which images', async () => {
  const [anna, ben] = [reader('anna'), reader('ben')];
  for (const userId of [anna, anna, ben]) expect(open(userId)).toEqual({ ok: true, value: null });
  await clinic.send([aSlice(2)]);
  clinic.pass(1000);
  open(anna);
  expect(clinic.events('study-opened').map(({ payload }) => [payload.userId, payload.revision])).toEqual([
    [anna, 1],
    [ben, 1],
    [anna, 2],
  ]);
  expect(findOpening(clinic.db, studyId)).toEqual({ userId: anna, revision: 2, raises: 0, atMs: clinic.nowMs() });
});

test('a study of another site, or of none, is not found and leaves no trace', () => {
  const anna = reader('anna');
  const refused = { ok: false, error: { code: 'study-not-found' } };
  expect([open(anna, clinic.south.siteId), open(anna, clinic.north.siteId, 'nowhere')]).toEqual([refused, refused]);
  expect([findOpening(clinic.db, studyId), clinic.events('study-opened')]).toEqual([null, []]);
});

test('the latest signed report stands; a draft is nobody’s report yet', () => {
  const anna = reader('anna');
  const { patient_id: patientId } = clinic.db.prepare('SELECT patient_id FROM studies').get() as { patient_id: string };
  const report = (id: string, state: string, signedAtMs: number | null) => {
    clinic.db
      .prepare('INSERT INTO reports VALUES (?, ?, ?, ?, ?, ?)')
      .run(id, clinic.north.siteId, patientId, state, signedAtMs === null ? null : anna, signedAtMs);
    clinic.db.prepare("INSERT INTO report_studies VALUES (?, ?, 'A1', 1)").run(id, studyId);
  };
  report('d', 'draft', null);
  expect(findReport(clinic.db, studyId)).toEqual({ state: 'none', signedAtMs: null });
  report('p', 'preliminary', 5);
  expect(findReport(clinic.db, studyId)).toEqual({ state: 'preliminary', signedAtMs: 5 });
  report('f', 'final', 9);
  expect(findReport(clinic.db, studyId)).toEqual({ state: 'final', signedAtMs: 9 });
});
