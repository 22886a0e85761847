import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  MOST_PRINTED,
  READING_ORDER,
  WORKLIST_SORT_KEYS,
  type WorklistNarrowing,
  type WorklistRow,
  type WorklistSort,
} from '../../../shared/contract/worklist.ts';
import { DAY_MS } from '../../../shared/domain/durations.ts';
import { openTestStore, type TestStore } from '../platform/store/test-store.ts';
import { archiveRowsJob, LIST_SETTLED } from './archive-rows.ts';
import { csvCell } from './csv-rows.ts';
import { countFilters, findRow, listChoices, listSlice, rowsToTake, searchRows, tableToTake } from './index.ts';
import { dropRow, putRow, type Settled, type StoredRow } from './put-row.ts';
import { foldForSearch } from './search-text.ts';
import { planOf } from '../platform/store/test-plan.ts';

let store: TestStore;
beforeAll(() => (store = openTestStore()));
afterAll(() => store.close());
beforeEach(() => {
  const all = store.db.prepare('SELECT study_id FROM open_studies UNION ALL SELECT study_id FROM archived_studies');
  for (const id of all.pluck().all()) dropRow(store.db, String(id));
});

const SITE = 'north';
const idOf = (index: number) => `019a0000-0000-7000-8000-${String(index).padStart(12, '0')}`;
type Made = Partial<Omit<StoredRow, 'search'>> & { name?: string; mrn?: string; accession?: string; exam?: string };

function put(
  index: number,
  { name = 'Doe^Jane', mrn = '', accession = '', exam = 'CT head', ...made }: Made = {},
): string {
  const studyId = made.studyId ?? idOf(index);
  putRow(store.db, {
    ...{
      studyId,
      siteId: SITE,
      rank: 2,
      dueAtMs: 0,
      receivedAtMs: index,
      nameOrder: foldForSearch(name),
      examOrder: exam,
    },
    ...{
      examAt: '20260301',
      nameKey: '',
      familyBirthKey: '',
      patientId: '',
      intent: 'new',
      isOpened: 0,
      aiState: 'no-flag',
    },
    ...{ completeness: 'complete', inPacs: 'not-yet', report: 'none', modality: 'CT', bodyPart: '', serviceLevel: '' },
    ...{ orderPriority: '', ageYears: null, readerId: '', routedTo: '', settled: null },
    search: { name: foldForSearch(name), number: foldForSearch(`${mrn} ${accession}`), exam: foldForSearch(exam) },
    row: JSON.stringify({ ...SHOWN, studyId, studyUid: String(index), patient: { ...SHOWN.patient, name } }),
    ...made,
  });
  return studyId;
}
const SHOWN: WorklistRow = {
  ...{ studyId: idOf(0) as WorklistRow['studyId'], studyUid: '', revision: 1, intent: 'new', intentBecause: null },
  patient: {
    ...{ patientId: idOf(0) as WorklistRow['patient']['patientId'], name: 'Doe^Jane', birthDateRaw: null, sex: null },
    ...{ mrn: null, issuer: null, nameAlert: false, underInvestigation: false },
  },
  accession: null,
  exam: { description: null, modality: 'CT', bodyPart: null, laterality: null, dateRaw: null, timeRaw: null },
  ...{ orderPriority: null, urgency: { level: 'routine', standing: 'ordinary', raises: 0 }, serviceLevel: null },
  ...{ openByAtMs: null, reportByAtMs: null, receivedAtMs: 0, completeAtMs: null },
  images: { received: 1, expected: null, completeness: 'complete', marks: [] },
  ...{
    inPacs: 'not-yet',
    ai: { state: 'waiting' },
    priors: 0,
    openedBy: null,
    openAgain: [],
    report: 'none',
    routed: null,
    reasons: [],
    quarantined: 0,
  },
};
const asks = { siteIds: [SITE], userId: 'me' };
const everything = { ...asks, filter: 'all' as const, narrowed: {}, sort: READING_ORDER };
const search = (text: string, more: { filter?: 'all' | 'archived'; after?: string; limit?: number } = {}) =>
  searchRows(store.db, { ...everything, text, limit: 50, ...more });
const found = (text: string, more = {}) => search(text, more).rows.map(({ studyUid }) => Number(studyUid));
/** One turn of the job, at a time. */
function archive(nowMs: number): void {
  const job = archiveRowsJob({ reportedAfterDays: 3, seenAfterDays: 30 }, () => undefined);
  store.db.transaction(() =>
    job(store.db, { kind: '', subjectId: '', siteId: siteOf(), dueAtMs: 0, attempts: 0 }, nowMs),
  )();
}
function siteOf(): string {
  store.db.prepare("INSERT OR IGNORE INTO sites VALUES (?, 'north', 'North', 'Etc/UTC', 0)").run(SITE);
  return SITE;
}
const settled = (as: Settled['as'], atMs: number) => ({ settled: { as, atMs } });

test('a slice from any place or key is that part of the whole order, both ways, and says where it stands', () => {
  const rows = fc.array(
    fc.record({ rank: fc.nat(2), dueAtMs: fc.nat(3), receivedAtMs: fc.nat(3), name: fc.constantFrom('a', 'b', 'ä') }),
    { minLength: 1, maxLength: 25 },
  );
  const sorts = fc.record({
    by: fc.constantFrom(...WORKLIST_SORT_KEYS),
    direction: fc.constantFrom('ascending', 'descending'),
  });
  const parts = fc.record({
    at: fc.nat(24),
    before: fc.nat(4),
    limit: fc.integer({ min: 1, max: 9 }),
    near: fc.nat(24),
  });
  fc.assert(
    fc.property(rows, sorts, parts, (made, sort, { at, before, limit, near }) => {
      store.db.exec('DELETE FROM open_studies; DELETE FROM open_words; DELETE FROM open_fragments');
      made.forEach((row, index) => put(index, row));
      const ask = { ...everything, sort };
      const whole = listSlice(store.db, { ...ask, before: 0, limit: 100 });
      expect(whole).toMatchObject({ place: 0, total: made.length });
      expect(whole.rows.map(({ studyId }) => studyId)).toEqual(reference(made, sort));
      const place = Math.min(at, made.length - 1);
      const around = listSlice(store.db, { ...ask, at: { key: whole.keys[place] ?? '', near }, before, limit });
      const first = Math.max(0, place - Math.min(before, limit));
      expect(around.place).toBe(first);
      expect(around.keys).toEqual(whole.keys.slice(first, first + limit));
      const there = listSlice(store.db, { ...ask, at: { place }, before: 0, limit });
      expect(there.keys).toEqual(whole.keys.slice(there.place, there.place + limit));
      expect(there.place).toBe(Math.max(0, Math.min(place, made.length - limit)));
    }),
    { numRuns: 40 },
  );
});

type Ordered = {
  readonly rank: number;
  readonly dueAtMs: number;
  readonly receivedAtMs: number;
  readonly name: string;
};
function reference(made: readonly Ordered[], { by, direction }: WorklistSort): string[] {
  const keys: Record<WorklistSort['by'], (row: Ordered) => (string | number)[]> = {
    urgency: ({ rank, dueAtMs }) => [rank, dueAtMs],
    arrival: ({ receivedAtMs }) => [receivedAtMs],
    patient: ({ name }) => [foldForSearch(name)],
    exam: () => [''],
    'exam-date': () => [''],
  };
  const order = made
    .map((row, index) => [...keys[by](row), idOf(index)])
    .toSorted((a, b) => a.map((value, at) => compare(value, b[at] ?? '')).find((one) => one !== 0) ?? 0)
    .map((key) => String(key.at(-1)));
  return direction === 'ascending' ? order : order.toReversed();
}
const compare = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0);

test.each<[WorklistNarrowing, number[]]>([
  [{}, [1, 2, 3]],
  [{ modalities: ['MR'] }, [2]],
  [{ modalities: ['MR', 'CT'], levels: ['critical'] }, [1]],
  [{ ageYears: { from: 18 } }, [2]],
  [{ ageYears: { to: 17 } }, [1]],
  [{ examDates: { from: '20260301', to: '20260301' } }, [1, 3]],
  [{ examDates: { to: '20260228' } }, [2]],
  [{ bodyParts: ['HEAD'], serviceLevels: ['inpatient'], orderPriorities: ['STAT'] }, [1]],
  [{ aiStates: ['flagged'] }, [3]],
  [{ completeness: ['assumed'] }, []],
])('a list narrowed to %j has rows %j, and as many as it says', (narrowed, expected) => {
  put(1, {
    rank: 0,
    ageYears: 4,
    bodyPart: 'HEAD',
    serviceLevel: 'inpatient',
    orderPriority: 'STAT',
    examAt: '20260301101500',
  });
  put(2, { modality: 'MR', ageYears: 18, examAt: '20260228' });
  put(3, { aiState: 'flagged' });
  const { rows, total } = listSlice(store.db, { ...everything, narrowed, before: 0, limit: 10 });
  expect([rows.map(({ studyUid }) => Number(studyUid)), total]).toEqual([expected, expected.length]);
});

test('what is kept of kinds of rows is what the rows are, and a list has as many as it says, whatever becomes of them', () => {
  const act = fc.record({
    row: fc.nat(5),
    act: fc.constantFrom('put', 'settle', 'archive', 'drop'),
    modality: fc.constantFrom('CT', 'MR'),
    isOpened: fc.constantFrom(0 as const, 1 as const),
    aiState: fc.constantFrom('flagged', 'waiting'),
    ageYears: fc.constantFrom(null, 4, 15, 40),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 25 }), (acts) => {
      for (const { row, act: does, ...values } of acts) {
        if (does === 'archive') archive(99 * DAY_MS);
        else if (does === 'drop') dropRow(store.db, idOf(row));
        else put(row, { ...values, ...(does === 'settle' && settled('final', 0)) });
      }
      const KIND =
        'site_id, intent, urgency_rank, is_opened, ai_state, completeness, in_pacs, report, modality, body_part, service_level, order_priority';
      const counted = ['archived', 'open'].flatMap((place) =>
        store.db
          .prepare(
            `SELECT '${place}' AS place, ${KIND}, count(*) AS rows FROM ${place}_studies GROUP BY ${KIND} ORDER BY ${KIND}`,
          )
          .all(),
      );
      expect(store.db.prepare(`SELECT * FROM worklist_kinds ORDER BY place, ${KIND}`).all()).toEqual(counted);
      const narrowings: readonly WorklistNarrowing[] = [
        { modalities: ['MR'] },
        { modalities: ['CT'], aiStates: ['flagged'] },
        { ageYears: { from: 4, to: 15 } },
        { ageYears: { to: 15 }, levels: ['routine'] },
        { ageYears: { from: 15 }, modalities: ['MR'] },
      ];
      for (const narrowed of narrowings) {
        for (const filter of ['all', 'unread', 'archived'] as const) {
          const { rows, total } = listSlice(store.db, { ...everything, filter, narrowed, before: 0, limit: 50 });
          expect(total).toBe(rows.length);
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('choices are the values rows have, the commonest first; what is unknown is none', () => {
  for (const [index, modality] of ['CT', 'CT', 'MR'].entries()) put(index, { modality });
  expect(listChoices(store.db, [SITE], 'all')).toMatchObject({
    modalities: [
      { value: 'CT', rows: 2 },
      { value: 'MR', rows: 1 },
    ],
    levels: [{ value: 'routine', rows: 3 }],
    ...{ bodyParts: [], orderPriorities: [] },
  });
});

test.each([
  ['a family name in Han', '山田', true],
  ['one of its characters', '田', true],
  ['the whole name without the mark between', '山田太郎', true],
  ['characters the other way round', '田山', false],
  ['the phonetic group', 'やまだ', true],
  ['katakana where the name has it, half-width', 'ﾔﾏﾀﾞ', false],
  ['the letters of the first group, mixed with Han', 'yamada 太郎', true],
  ['Hangul', '홍길동', true],
  ['part of a name in Hangul', '길동', true],
  ['another name in Hangul', '홍길순', false],
  ['Cyrillic, from its beginning', 'иван', true],
])('a name of several scripts is found by %s: %s %s', (_what, text, isFound) => {
  put(1, { name: 'Yamada^Tarou=山田^太郎=やまだ^たろう' });
  put(2, { name: 'Hong^Gildong=洪^吉洞=홍^길동' });
  put(3, { name: 'Иванов^Пётр' });
  expect(found(text).length > 0).toBe(isFound);
});

test('the best match stands first: the whole number, then the name, then other words, then letters within; alike, the newest', () => {
  put(1, { name: 'Brain^Bob' });
  put(2, { name: 'Smith^A', exam: 'MR brain' });
  put(3, { name: 'Smith^B', mrn: 'BRAIN' });
  put(4, { name: 'Abrainsky^C' });
  put(5, { name: 'Brainard^D' });
  expect(found('brain')).toEqual([3, 5, 1, 2, 4]);
  const pages: number[][] = [];
  for (let after: string | undefined; pages.length < 9; ) {
    const { rows, next } = search('brain', { limit: 2, ...(after !== undefined && { after }) });
    pages.push(rows.map(({ studyUid }) => Number(studyUid)));
    if (next === null) break;
    after = next;
  }
  expect(pages.flat()).toEqual([3, 5, 1, 2, 4]);
});

test('letters within are looked for behind rows that matched better, too', () => {
  put(1, { name: 'Abrain^A' });
  put(2, { name: 'Cbrain^C' });
  put(3, { name: 'Brain^B' });
  expect(search('brain', { limit: 3 })).toMatchObject({
    rows: [{ studyUid: '3' }, { studyUid: '2' }, { studyUid: '1' }],
  });
});

test('a long number is found by any part of it, and not by its end where the rest is another', () => {
  put(1, { accession: 'ACC20260000077' });
  put(2, { accession: 'ACC20250000077' });
  expect(found('CC20260000077')).toEqual([1]);
  expect(found('60000077')).toEqual([1]);
  expect(found('0000077')).toEqual([2, 1]);
  expect(found('C20240000077')).toEqual([]);
});

test('a row is found by what it says now, and not by what it said before', () => {
  const studyId = put(1, { name: 'Before^A' });
  put(1, { name: 'After^A' });
  expect([found('before'), found('after')]).toEqual([[], [1]]);
  dropRow(store.db, studyId);
  expect(found('after')).toEqual([]);
});

test('rows leave the open list when their time has come, are found behind the open ones, and come back when there is work', () => {
  const now = 100 * DAY_MS;
  put(1, { name: 'Doe^Old', report: 'final', ...settled('final', now - 4 * DAY_MS) });
  put(2, { name: 'Doe^Fresh', report: 'final', ...settled('final', now - 2 * DAY_MS) });
  put(3, { name: 'Doe^Seen', isOpened: 1, ...settled('opened', now - 31 * DAY_MS) });
  put(4, { name: 'Doe^Open' });
  archive(now);
  const counts = countFilters(store.db, [SITE], 'me');
  expect([counts.all, counts.archived]).toEqual([2, 2]);
  const archived = listSlice(store.db, { ...everything, filter: 'archived', before: 0, limit: 10 });
  expect([archived.rows.map(({ studyUid }) => studyUid), archived.total]).toEqual([['1', '3'], 2]);
  expect([found('doe'), found('doe', { filter: 'archived' }), found('open')]).toEqual([[4, 2, 3, 1], [3, 1], [4]]);
  expect(findRow(store.db, [SITE], idOf(1))?.studyUid).toBe('1');
  // Changed, and still nobody's work: it stays where it is. A new image: it is back.
  put(3, { name: 'Doe^Corrected', isOpened: 1, ...settled('opened', now) });
  expect([countFilters(store.db, [SITE], 'me').archived, found('corrected')]).toEqual([2, [3]]);
  put(3, { name: 'Doe^Corrected', completeness: 'receiving' });
  expect(countFilters(store.db, [SITE], 'me')).toMatchObject({ all: 3, archived: 1, receiving: 1 });
  expect(found('corrected')).toEqual([3]);
});

test('what is raised after it left the open list comes back, and leaves again when its time has come anew', () => {
  const now = 100 * DAY_MS;
  const seen = { isOpened: 1, rank: 0 } as const;
  const raised = (atMs: number, raisedAtMs: number) => ({ settled: { as: 'opened' as const, atMs, raisedAtMs } });
  put(1, { ...seen, ...raised(now - 31 * DAY_MS, now - 40 * DAY_MS) });
  archive(now);
  const counts = () => {
    const { critical, archived } = countFilters(store.db, [SITE], 'me');
    return [critical, archived];
  };
  expect(counts()).toEqual([0, 1]);
  // Opened once more: nothing new. Raised: it is work.
  put(1, { ...seen, ...raised(now, now - 40 * DAY_MS) });
  expect(counts()).toEqual([0, 1]);
  put(1, { ...seen, ...raised(now + 1, now + 1) });
  expect(counts()).toEqual([1, 0]);
  archive(now + 31 * DAY_MS);
  put(1, { ...seen, ...raised(now + 1, now + 1) });
  expect(counts()).toEqual([0, 1]);
});

test('rows that may leave come from an index', () => {
  expect(planOf(store.db, LIST_SETTLED)).toEqual([
    expect.stringMatching(/INDEX open_studies_settled \(settled_as=\? AND settled_at_ms</),
  ]);
});

test.each([
  ['=1+1', `"'=1+1"`],
  ['+49', `"'+49"`],
  ['-2', `"'-2"`],
  ['@SUM(A1)', `"'@SUM(A1)"`],
  ['\t=1', `"'\t=1"`],
  [' =1', `"' =1"`],
  ['Doe, "Jane"', '"Doe, ""Jane"""'],
  [null, '""'],
  [-5, '-5'],
])('the cell %j is %s', (value, cell) => {
  expect(csvCell(value)).toBe(cell);
});

test('a table has a line a row behind its heading, and says how many rows the list has', () => {
  put(1, { name: '=cmd()^A' });
  put(2);
  const { csv, rows, total } = tableToTake(store.db, everything);
  expect([rows, total, csv.split('\r\n').length]).toEqual([2, 2, 4]);
  expect(csv).toContain(`"'=cmd()^A"`);
});

test('paper has the top of a long list, and says how many rows it has', () => {
  store.db.transaction(() => Array.from({ length: MOST_PRINTED + 1 }, (_, index) => put(index)))();
  const { rows, total } = rowsToTake(store.db, everything);
  expect([rows.length, total]).toEqual([MOST_PRINTED, MOST_PRINTED + 1]);
});

test('what a search finds is taken out, and nothing else; of one that finds more than is taken nobody counts the rest', () => {
  put(1, { name: 'Doe^Jane' });
  put(2, { name: 'Roe^Mary' });
  const taken = rowsToTake(store.db, { ...everything, text: 'mary' });
  expect([taken.rows.map(({ studyUid }) => studyUid), taken.total]).toEqual([['2'], 1]);
  expect(tableToTake(store.db, { ...everything, text: 'nobody' })).toMatchObject({ rows: 0, total: 0 });
  store.db.transaction(() => Array.from({ length: MOST_PRINTED + 1 }, (_, index) => put(index)))();
  expect(rowsToTake(store.db, { ...everything, text: 'jane' })).toMatchObject({ total: null });
});
