import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  READING_ORDER,
  type WORKLIST_FILTERS,
  WORKLIST_SORT_KEYS,
  WorklistRow,
} from '../../../shared/contract/worklist.ts';
import { createUser } from '../access/index.ts';
import { getStudyCard } from '../archive/index.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { openStudy } from '../reading/index.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { finishNext, installed } from '../testing/models.ts';
import { aSlice, without } from '../testing/objects.ts';
import { followAll } from '../testing/ward.ts';
import { FILTERS, type OpenFilter } from './filters.ts';
import {
  countFilters,
  countUnopenedCritical,
  findNextUnread,
  findRow,
  listUnopenedCritical,
  listWindow,
} from './index.ts';
import { putRow } from './put-row.ts';
import { FIND_NAMESAKE, FIND_TWIN } from './row-columns.ts';
import { searchRows } from './search-rows.ts';
import { narrowedBy } from './narrowing.ts';
import { COUNT_ARCHIVED, COUNT_OPEN, LIST_OPEN, walkOf } from './slices.ts';
import { SORTS } from './sorts.ts';
import {
  COUNT_KINDS,
  COUNT_FOR_ME,
  COUNT_MINE,
  LIST_CHOICES,
  LIST_TALLIES,
  LIST_UNOPENED_CRITICAL,
} from './tallies.ts';

let clinic: Clinic;
let studies: number;
beforeEach(() => {
  reader = '';
  clinic = openClinic();
  studies = 0;
});
afterEach(() => clinic.close());

const VOLUME = [1, 2, 3, 4, 5, 6, 7, 8];
async function arrive(
  changes: Parameters<typeof aSlice>[1] = {},
  callingAe: 'CT1' | 'PACS' | 'SOUTH' = 'CT1',
  slices = VOLUME,
) {
  studies += 1;
  const uid = `1.2.${studies}`;
  const id = await clinic.send(
    slices.map((n) => aSlice(n, { StudyInstanceUID: uid, PatientID: uid, ...changes })),
    callingAe,
  );
  followAll(clinic);
  return id;
}
const north = () => [clinic.north.siteId];
const OPEN_FILTERS = Object.keys(FILTERS) as OpenFilter[];
let reader = '';
const asks = () => ({ siteIds: north(), userId: reader });
const ids = (filter: OpenFilter = 'all') =>
  listWindow(clinic.db, { ...asks(), filter, limit: 100 }).rows.map(({ studyId }) => studyId);
const found = (text: string, filter: (typeof WORKLIST_FILTERS)[number] = 'all') =>
  searchRows(clinic.db, { ...asks(), filter, narrowed: {}, text, limit: 100 }).rows.map(({ studyId }) => studyId);
function addReader(): string {
  const created = createUser(clinic.db, {
    ...{ username: 'reader', displayName: 'Rita Reader', passwordHash: 'x', state: 'active', roles: ['radiologist'] },
    ...{ siteId: clinic.north.siteId, actor: serviceActor('test'), atMs: 0 },
  });
  if (!created.ok) throw new Error(created.error.code);
  return created.value;
}
const open = (studyId: string, userId: string) => {
  openStudy(clinic.db, { siteId: clinic.north.siteId, studyId, userId, atMs: clinic.nowMs() });
  followAll(clinic);
};

/** The way a list of grown-ups is counted, of some classes besides. */
function ofAge(filter: 'unread' | 'archived', index: string): ReturnType<typeof walkOf> {
  const { condition } = narrowedBy({ ageYears: { from: 18, to: 40 }, levels: ['critical', 'urgent'] });
  return { ...walkOf(filter, READING_ORDER, condition), index };
}

const ORDERS = OPEN_FILTERS.flatMap((filter) =>
  WORKLIST_SORT_KEYS.flatMap((by) =>
    (['ascending', 'descending'] as const).map((direction) => [filter, by, direction] as const),
  ),
);
test.each(ORDERS)(
  '"%s" by %s, %s, walks one index in its order, sorts nothing, and is counted along it',
  (filter, by, direction) => {
    const walk = walkOf(filter, { by, direction });
    const index = by === 'urgency' ? FILTERS[filter].index : SORTS[by].index;
    const [down, from] = direction === 'descending' ? (['DESC', '<='] as const) : (['ASC', '>='] as const);
    for (const sql of [LIST_OPEN(walk, from, down), LIST_OPEN(walk, null, down), COUNT_OPEN(walk, '<')]) {
      const plan = planOf(clinic.db, sql).join('\n');
      expect(plan).toMatch(new RegExp(`(SEARCH|SCAN) open_studies USING (COVERING )?INDEX ${index}`));
      expect(plan).not.toContain('TEMP B-TREE');
    }
  },
);

test.each([
  ['namesakes', FIND_NAMESAKE, /COVERING INDEX open_studies_by_name \(site_id=\? AND name_key=\?\)/],
  ['twins', FIND_TWIN, /COVERING INDEX open_studies_by_family_and_birth \(site_id=\? AND family_birth_key=\?\)/],
  ['tallies', LIST_TALLIES, /PRIMARY KEY \(place=\? AND site_id=\?\)/],
  ['choices', LIST_CHOICES, /PRIMARY KEY \(place=\? AND site_id=\?\)/],
  ['kinds', COUNT_KINDS(FILTERS.unread.condition, "modality IN ('CT')"), /PRIMARY KEY \(place=\? AND site_id=\?/],
  ['what is for a reader', COUNT_FOR_ME, /INDEX open_studies_by_routing \(routed_to=\?\)/],
  [
    'the open of an age',
    COUNT_OPEN(ofAge('unread', 'open_studies_by_age'), null),
    /COVERING INDEX open_studies_by_age \(age_years>\?/,
  ],
  [
    'the archived of an age',
    COUNT_ARCHIVED(ofAge('archived', 'archived_studies_by_age'), null),
    /COVERING INDEX archived_studies_by_age \(age_years>\?/,
  ],
  ['unopened Criticals', LIST_UNOPENED_CRITICAL, /INDEX open_studies_critical \(urgency_rank=\?\)/],
  ['a reader’s own', COUNT_MINE, /INDEX open_studies_by_reader \(reader_id=\?\)/],
])('%s come from an index alone, without a sort', (_what, sql, index) => {
  const plan = planOf(clinic.db, sql).join('\n');
  expect(plan).toMatch(index);
  expect(plan).not.toMatch(/TEMP B-TREE|SCAN open_studies/);
});

test('a row says everything the page shows, from the first image on', async () => {
  const association = clinic.associate();
  await clinic.receive(association, aSlice(1));
  followAll(clinic);
  const [row] = listWindow(clinic.db, { ...asks(), filter: 'receiving', limit: 10 }).rows;
  expect(WorklistRow.parse(row)).toEqual(row);
  expect(row).toMatchObject({
    ...{
      studyUid: '1.2.10',
      revision: 1,
      intent: 'new',
      accession: 'A1',
      completeAtMs: null,
      receivedAtMs: clinic.nowMs(),
    },
    patient: {
      name: 'Doe^Jane',
      mrn: '4711',
      birthDateRaw: '19600102',
      sex: 'F',
      nameAlert: false,
      underInvestigation: false,
    },
    exam: { description: 'CT Head', modality: 'CT', bodyPart: 'HEAD', dateRaw: '20260301', timeRaw: '101500' },
    ...{
      urgency: { level: 'routine', standing: 'ordinary' },
      serviceLevel: null,
      openByAtMs: null,
      reportByAtMs: null,
    },
    images: { received: 1, expected: null, completeness: 'receiving' },
    ...{ ai: { state: 'awaiting-images' }, priors: 0, openedBy: null, report: 'none', reasons: [], quarantined: 0 },
  });
});

test('the dangerous come first, then the earlier due; a flag moves its row to the top', async () => {
  installed(clinic, 'general', { category: 1 });
  const first = await arrive();
  clinic.pass(60_000);
  const second = await arrive();
  expect(ids()).toEqual([first, second]);
  finishNext(clinic, 0.1);
  finishNext(clinic, 0.9);
  followAll(clinic);
  expect(ids()).toEqual([second, first]);
  expect(findRow(clinic.db, north(), second)).toMatchObject({
    urgency: { level: 'critical', standing: 'suspected' },
    ai: { state: 'flagged' },
    reasons: [{ code: 'ai-flag' }, { code: 'no-order-matched' }],
  });
  expect([ids('critical'), ids('ai-flagged'), findNextUnread(clinic.db, north())?.studyId]).toEqual([
    [second],
    [second],
    second,
  ]);
});

test('who opened a study shows on its row, and it is no longer unread', async () => {
  installed(clinic, 'general', { category: 1 });
  const [one, two] = [await arrive(), await arrive()];
  finishNext(clinic, 0.9);
  followAll(clinic);
  expect(countUnopenedCritical(clinic.db, north())).toBe(1);
  open(one, addReader());
  expect(findRow(clinic.db, north(), one)?.openedBy).toMatchObject({
    displayName: 'Rita Reader',
    atMs: clinic.nowMs(),
  });
  expect([
    ids('unread'),
    countUnopenedCritical(clinic.db, north()),
    findNextUnread(clinic.db, north())?.studyId,
  ]).toEqual([[two], 0, two]);
});

test('every filter’s count is the number of its rows', async () => {
  installed(
    clinic,
    'general',
    { category: 1 },
    { id: 'thick', appliesTo: { slices: { min: 50, max: 100 }, bodyParts: ['NECK'], descriptionPatterns: [] } },
  );
  const flagged = await arrive();
  finishNext(clinic, 0.9);
  await arrive({ BodyPartExamined: 'NECK', StudyDescription: 'CT Neck', SeriesDescription: 'x' });
  await arrive({}, 'PACS');
  await arrive({}, 'CT1', [1, 2]);
  followAll(clinic);
  reader = addReader();
  open(flagged, reader);
  const counts = countFilters(clinic.db, north(), reader);
  expect(counts).toEqual({
    all: 3,
    mine: 1,
    'for-me': 0,
    'not-in-pacs': 0,
    archived: 0,
    critical: 1,
    urgent: 0,
    unread: 2,
    'ai-flagged': 1,
    'ai-not-run': 1,
    receiving: 1,
    comparison: 1,
  });
  for (const filter of OPEN_FILTERS) expect([filter, ids(filter).length]).toEqual([filter, counts[filter]]);
});

test.each([
  ['the name', 'muller', 1],
  ['the name with its accent', 'Müller', 1],
  ['the given name in capitals', 'JÜRGEN', 1],
  ['part of a name', 'ülle', 1],
  ['several words in any order', 'jurgen muller', 1],
  ['the number', '0815', 1],
  ['the accession', 'acc-7', 1],
  ['the description', 'ct head', 1],
  ['a name that is not there', 'meier', 0],
  ['one word of two that is not there', 'muller meier', 0],
  ['the end of the number', '815', 1],
  ['letters of two words', 'ülle rge', 1],
  ['an operator of the index', 'muller NOT jurgen', 0],
  ['nothing but punctuation, which finds nothing', '%', 0],
])('search finds by %s (%j)', async (_what, text, hits) => {
  await arrive({ PatientName: 'Müller^Jürgen', PatientID: '0815', AccessionNumber: 'ACC-7' });
  expect(found(text)).toHaveLength(hits);
});

test('two patients of like name are both told apart, in either order; the same patient twice is not', async () => {
  const alert = (id: string) => findRow(clinic.db, north(), id)?.patient.nameAlert;
  const [anna, again] = [
    await arrive({ PatientName: 'Meier^Anna', PatientID: 'a' }),
    await arrive({ PatientName: 'Meier^Anna', PatientID: 'a' }),
  ];
  expect([alert(anna), alert(again)]).toEqual([false, false]);
  const other = await arrive({ PatientName: 'MEIER^A.', PatientID: 'b' });
  const elsewhere = await arrive({ PatientName: 'Schulz^Anna', PatientID: 'c', PatientBirthDate: '19700101' });
  expect([anna, again, other, elsewhere].map(alert)).toEqual([true, true, true, false]);
});

test('a study in doubt about its patient says so', async () => {
  const id = await arrive();
  const association = clinic.associate();
  await clinic.receive(association, aSlice(50, { StudyInstanceUID: '1.2.1', PatientID: 'other' }));
  followAll(clinic);
  expect(findRow(clinic.db, north(), id)).toMatchObject({ quarantined: 1, patient: { underInvestigation: true } });
});

test('a patient without number shows none', async () => {
  const id = await clinic.send([without(aSlice(1), 'PatientID')]);
  followAll(clinic);
  expect(findRow(clinic.db, north(), id)?.patient.mrn).toBeNull();
});

test('no read shows a row of another site', async () => {
  installed(clinic, 'general', { category: 1 });
  const mine = await arrive();
  const theirs = await arrive({ PatientName: 'Doe^Jane', PatientID: 'x' }, 'SOUTH');
  for (let runs = 0; runs < 2; runs += 1) finishNext(clinic, 0.9);
  followAll(clinic);
  expect(ids()).toEqual([mine]);
  expect(listWindow(clinic.db, { siteIds: [], userId: reader, filter: 'all', limit: 10 }).rows).toEqual([]);
  expect(findRow(clinic.db, north(), theirs)).toBeNull();
  expect(findRow(clinic.db, north(), mine)?.patient.nameAlert).toBe(false);
  expect([
    countFilters(clinic.db, north(), reader).all,
    countFilters(clinic.db, [], reader).all,
    countUnopenedCritical(clinic.db, north()),
  ]).toEqual([1, 0, 1]);
  expect(findNextUnread(clinic.db, [clinic.south.siteId])?.studyId).toBe(theirs);
  expect(countFilters(clinic.db, [clinic.north.siteId, clinic.south.siteId], reader)).toMatchObject({
    all: 2,
    'ai-flagged': 2,
  });
});

test('windows, one after another, show every row once and in order, whatever the rows are', async () => {
  const template = getRowTemplate(await arrive());
  const rows = fc.array(
    fc.record({
      rank: fc.integer({ min: 0, max: 2 }),
      dueAtMs: fc.integer({ min: 0, max: 5 }),
      isNew: fc.boolean(),
      isOpened: fc.boolean(),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 7 }), fc.constantFrom(...OPEN_FILTERS), (made, limit, filter) => {
      clinic.db.exec('DELETE FROM open_studies');
      made.forEach((row, index) => template(index, row));
      const seen: string[] = [];
      let after: string | undefined;
      for (let windows = 0; windows <= made.length + 1; windows += 1) {
        const window = listWindow(clinic.db, { ...asks(), filter, limit, after });
        seen.push(...window.rows.map(({ studyUid }) => studyUid));
        if (window.next === null) break;
        after = window.next;
      }
      const expected = made
        .map((row, index) => ({ ...row, rank: row.rank + (row.isOpened && row.isNew ? 3 : 0), index }))
        .filter(({ rank, isNew, isOpened }) =>
          (FILTERS[filter].holds ?? (filter === 'mine' ? isMine : isForMe))({
            intent: isNew ? 'new' : 'comparison',
            rank,
            isOpened: isOpened ? 1 : 0,
            aiState: 'no-flag',
            completeness: 'complete',
            inPacs: 'not-yet',
          }),
        )
        .toSorted((a, b) => a.rank - b.rank || a.dueAtMs - b.dueAtMs || a.index - b.index)
        .map(({ index }) => String(index));
      expect(seen).toEqual(expected);
      expect(countFilters(clinic.db, north(), reader)[filter]).toBe(expected.length);
    }),
    { numRuns: 60 },
  );
});

const isForMe = ({ intent, isOpened }: { intent: string; isOpened: 0 | 1 }) => intent === 'new' && isOpened === 0;
const isMine = ({ intent, isOpened }: { intent: string; isOpened: 0 | 1 }) => intent === 'new' && isOpened === 1;

test('names unopened Criticals far down the list: one that comes there as another is opened is told by its name alone', async () => {
  const put = getRowTemplate(await arrive());
  const critical = { rank: 0, isNew: true, isOpened: false };
  for (let index = 0; index < 150; index += 1) put(index, { ...critical, dueAtMs: index });
  const before = new Set(listUnopenedCritical(clinic.db, north()));
  put(0, { ...critical, dueAtMs: 0, isOpened: true });
  put(150, { ...critical, dueAtMs: 150 });
  const now = listUnopenedCritical(clinic.db, north());
  expect([before.size, now.length, now.filter((id) => !before.has(id))]).toEqual([
    150,
    150,
    ['019a0000-0000-7000-8000-000000000150'],
  ]);
});

/** Puts rows like the given study's, told apart by their study UID; those that are opened, the reader opened. */
function getRowTemplate(studyId: string) {
  reader = 'reader';
  const row = findRow(clinic.db, north(), studyId);
  const { siteId } = getStudyCard(clinic.db, studyId);
  return (index: number, made: { rank: number; dueAtMs: number; isNew: boolean; isOpened: boolean }) => {
    const id = `019a0000-0000-7000-8000-${String(index).padStart(12, '0')}`;
    putRow(clinic.db, {
      ...{ studyId: id, siteId, rank: made.rank, dueAtMs: made.dueAtMs, receivedAtMs: 0, nameOrder: '', examOrder: '' },
      ...{ examAt: '', nameKey: '', familyBirthKey: '', patientId: '', intent: made.isNew ? 'new' : 'comparison' },
      ...{
        isOpened: made.isOpened ? 1 : 0,
        aiState: 'no-flag',
        completeness: 'complete',
        inPacs: 'not-yet',
        report: 'none',
      },
      ...{ modality: 'CT', bodyPart: '', serviceLevel: '', orderPriority: '', ageYears: null },
      ...{
        readerId: made.isOpened ? reader : '',
        routedTo: made.isOpened ? '' : reader,
        settled: null,
        search: { name: '', number: '', exam: '' },
      },
      row: JSON.stringify({ ...row, studyId: id, studyUid: String(index) }),
    });
  };
}

test.each(['', 'nonsense', '0~0~', "0~0~' OR 1", '-1~0~019a0000-0000-7000-8000-000000000000'])(
  'a window from the key %j starts at the top',
  async (after) => {
    const id = await arrive();
    expect(
      listWindow(clinic.db, { ...asks(), filter: 'all', limit: 5, after }).rows.map(({ studyId }) => studyId),
    ).toEqual([id]);
  },
);
