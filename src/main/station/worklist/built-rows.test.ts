import { afterEach, beforeEach, expect, test } from 'vitest';
import { createUser } from '../access/index.ts';
import { getStudyCard, hideObjects, moveStudy, splitStudy } from '../archive/index.ts';
import { inferenceConsumer } from '../inference/index.ts';
import { type Consumer, followLedger } from '../platform/ledger/follow.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { openStudy } from '../reading/index.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { SHIPPED_POLICY } from '../testing/deadlines.ts';
import { failNext, finishNext, installed } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { followAll } from '../testing/ward.ts';
import { declareUrgency, triageConsumer } from '../triage/index.ts';
import { searchRows, worklistConsumer } from './index.ts';

let clinic: Clinic;
beforeEach(() => (clinic = openClinic()));
afterEach(() => clinic.close());

const by = () => ({ siteId: clinic.north.siteId, actor: serviceActor('test'), atMs: clinic.nowMs() });
const VOLUME = [1, 2, 3, 4, 5, 6, 7, 8];
async function arrive(
  name: string,
  callingAe: 'CT1' | 'PACS' | 'SOUTH' = 'CT1',
  changes: Parameters<typeof aSlice>[1] = {},
): Promise<string> {
  clinic.pass(60_000);
  const ofStudy = {
    ...{ StudyInstanceUID: `1.2.${name.length}.${name.charCodeAt(0)}`, PatientID: name },
    ...{ PatientName: `${name}^Jane`, AccessionNumber: `A${name}`, ...changes },
  };
  const studyId = await clinic.send(
    VOLUME.map((n) => aSlice(n, ofStudy)),
    callingAe,
  );
  followAll(clinic);
  return studyId;
}
const addReader = () => {
  const created = createUser(clinic.db, {
    ...{ username: 'anna', displayName: 'Anna', passwordHash: 'x', state: 'active', roles: ['radiologist'] },
    ...{ siteId: clinic.north.siteId, actor: serviceActor('test'), atMs: 0 },
  });
  if (!created.ok) throw new Error(created.error.code);
  return created.value;
};
const patientOf = (studyId: string) => getStudyCard(clinic.db, studyId).patient.patientId;
function done(outcome: { readonly ok: boolean }): void {
  expect(outcome.ok).toBe(true);
  clinic.pass(1000);
  followAll(clinic);
}

/** The list made anew as an upgrade makes it, and what follows the ledger at the next start. */
function startAnew(list: Consumer): void {
  clinic.db.exec(`
    DELETE FROM open_studies; DELETE FROM archived_studies; DELETE FROM worklist_tallies; DELETE FROM worklist_kinds;
    DELETE FROM open_words; DELETE FROM open_fragments; DELETE FROM archived_words; DELETE FROM archived_fragments;
    UPDATE cursors SET seq = 0 WHERE consumer = 'worklist'
  `);
  const consumers = [inferenceConsumer, triageConsumer(SHIPPED_POLICY), list];
  followLedger(clinic.db, consumers, { clock: clinic.archive.clock, log: clinic.log }).catchUp();
}

/** All that lists, counts and choices are answered from, and what searches find. */
function wholeList() {
  const all = (sql: string) => clinic.db.prepare(sql).all() as Readonly<Record<string, unknown>>[];
  const found = (text: string) =>
    searchRows(clinic.db, {
      ...{
        siteIds: [clinic.north.siteId, clinic.south.siteId],
        userId: '',
        filter: 'all',
        narrowed: {},
        text,
        limit: 100,
      },
    }).rows.map(({ studyId }) => studyId);
  return {
    rows: all('SELECT * FROM open_studies ORDER BY study_id').map(({ row_no: _, ...row }) => row),
    archived: all('SELECT study_id FROM archived_studies'),
    tallies: all('SELECT * FROM worklist_tallies WHERE rows > 0'),
    kinds: all('SELECT * FROM worklist_kinds'),
    found: Object.fromEntries(
      ['jane', 'opened', 'Amoved', 'ug', 'ct', 'brain'].map((text) => [text, found(text).toSorted()]),
    ),
  };
}

test('a list made anew is built a row a study from what is, and is the list that all its events build', async () => {
  installed(clinic, 'general', { category: 1 });
  const anna = addReader();
  const flagged = await arrive('flagged');
  finishNext(clinic, 0.9);
  followAll(clinic);
  const opened = await arrive('opened');
  finishNext(clinic, 0.1);
  followAll(clinic);
  openStudy(clinic.db, { ...by(), studyId: opened, userId: anna });
  const again = await arrive('openagain');
  openStudy(clinic.db, { ...by(), studyId: again, userId: anna });
  clinic.pass(1000);
  finishNext(clinic, 0.9);
  followAll(clinic);
  await arrive('failed');
  failNext(clinic, 'internal');
  followAll(clinic);
  const urgent = await arrive('urgent');
  done(
    declareUrgency(clinic.db, SHIPPED_POLICY, {
      ...{ siteId: clinic.north.siteId, studyId: urgent, patientId: patientOf(urgent), level: 'urgent', userId: anna },
      ...{ reason: 'the ward called', displayName: 'Anna', permissions: ['urgency.raise'], openedRevision: null },
      atMs: clinic.nowMs(),
    }),
  );
  const moved = await arrive('moved');
  done(moveStudy(clinic.db, { ...by(), reason: 'other', studyId: moved, to: { patientId: patientOf(urgent) } }));
  const hidden = await arrive('hidden');
  const whole = { reason: 'test-images', level: 'study', subjects: [] } as const;
  done(hideObjects(clinic.db, { ...by(), ...whole, studyId: hidden }));
  const split = await arrive('split');
  const sopUids = clinic.db
    .prepare('SELECT sop_uid FROM instances WHERE study_id = ? ORDER BY sop_uid LIMIT 3')
    .pluck()
    .all(split) as string[];
  const to = { patientId: patientOf(flagged) };
  done(splitStudy(clinic.db, { ...by(), reason: 'other', studyId: split, seriesIds: [], sopUids, to }));
  await arrive('prior', 'PACS', { StudyDate: '20200101' });
  await arrive('south', 'SOUTH');
  await arrive('doubt');
  // The same study, said to be of somebody else.
  const association = clinic.associate();
  await clinic.receive(
    association,
    aSlice(9, { StudyInstanceUID: '1.2.5.100', PatientID: 'other', PatientName: 'Other^Jane' }),
  );
  // Still coming in.
  await clinic.receive(clinic.associate(), aSlice(1, { StudyInstanceUID: '1.2.99', PatientID: 'coming' }));
  const final = await arrive('reported');
  clinic.db
    .prepare('INSERT INTO reports VALUES (?, ?, ?, ?, ?, ?)')
    .run('r', clinic.north.siteId, patientOf(final), 'final', anna, 5);
  clinic.db.prepare("INSERT INTO report_studies VALUES ('r', ?, 'A1', 1)").run(final);
  followAll(clinic);

  const { buildSome, ...byEvents } = worklistConsumer(() => undefined);
  startAnew(byEvents);
  const built = wholeList();
  expect(built.rows.length).toBeGreaterThanOrEqual(13);
  expect(new Set(built.rows.map(({ ai_state: state }) => state)).size).toBeGreaterThanOrEqual(4);
  expect(new Set(built.rows.map(({ report }) => report))).toEqual(new Set(['none', 'final']));

  const told: string[] = [];
  let handled = 0;
  startAnew({
    ...worklistConsumer(({ studyId }) => told.push(studyId)),
    handle: () => (handled += 1),
  });
  expect(wholeList()).toEqual(built);
  expect([buildSome === undefined, handled, told]).toEqual([false, 0, []]);
  // The search shows the newest first by it.
  const arrivals = clinic.db
    .prepare('SELECT received_at_ms FROM open_studies ORDER BY row_no')
    .pluck()
    .all() as number[];
  expect(arrivals.length).toBe(built.rows.length);
  const seqs = clinic.db
    .prepare("SELECT c.seq - h.seq FROM cursors c, cursors h WHERE c.consumer = 'worklist' AND h.consumer = 'triage'")
    .pluck()
    .get();
  expect(seqs).toBe(0);
});

test('no page hears that somebody looked at a study, and what else happened to it is not passed over for that', async () => {
  const anna = addReader();
  const studyId = await arrive('looked-at');
  const look = () =>
    inTransaction(clinic.db, () =>
      appendEvent(clinic.db, {
        ...{ ...by(), kind: 'study-read', payload: { surface: 'detail' }, studyId },
        correlationId: freshRowId(),
      }),
    );
  look();
  expect(followAll(clinic)).toEqual([]);
  openStudy(clinic.db, { ...by(), studyId, userId: anna });
  look();
  expect(followAll(clinic)).toContain(studyId);
});
