import {
  READING_ORDER,
  type WorklistFilter,
  type WorklistNarrowing,
  type WorklistRow,
  type WorklistSlice,
  type WorklistSort,
  type WorklistWindow,
} from '../../../shared/contract/worklist.ts';
import { ledgerHead } from '../platform/ledger/append.ts';
import type { ReadableDb } from '../platform/store/database.ts';
import { inSnapshot } from '../platform/store/transaction.ts';
import { FILTERS, type OpenFilter } from './filters.ts';
import { isNarrowed, type Narrowed, narrowedBy, NOTHING_NARROWED, statementOf } from './narrowing.ts';
import { type ReadRow, SHOWN, showRow } from './row-columns.ts';
import { ARCHIVED_SORT, decodeSortKey, encodeSortKey, type Sort, type SortKey, SORTS } from './sorts.ts';
import { countKinds, countTallied } from './tallies.ts';

/** Who asks for a list, and of what. */
export type ListQuestion = {
  readonly siteIds: readonly string[];
  /** Whose rows are `mine`. */
  readonly userId: string;
  readonly filter: WorklistFilter;
  readonly narrowed: WorklistNarrowing;
  readonly sort: WorklistSort;
};

/** A part of a list: from the top, from a place, or around a key with so many rows before it. */
export type SliceQuery = ListQuestion & {
  /** `near`: about where the key's row stands; only how long its place takes to count goes by it. */
  readonly at?: { readonly place: number } | { readonly key: string; readonly near?: number | undefined } | undefined;
  readonly before: number;
  readonly limit: number;
};

/** A window of the open list as it is read: forward from a key. */
export type WindowQuery = {
  readonly siteIds: readonly string[];
  readonly userId: string;
  readonly filter: WorklistFilter;
  readonly after?: string | undefined;
  readonly limit: number;
};

/** How a list is walked: its columns and index, what lets a row through, and which way. */
type Walk = {
  readonly sort: Sort;
  readonly index: string;
  readonly condition: string;
  readonly narrowed: string;
  readonly isDown: boolean;
};
type KeyedRow = ReadRow & Readonly<Record<`key${number}`, string | number>>;
type Compare = '>' | '>=' | '<' | '<=' | null;

/** Open lists of many rows: the others have an index of their own that is shorter than any order's. */
const FILTERS_OF_MANY: ReadonlySet<WorklistFilter> = new Set(['all', 'unread']);
const OF_SITES = '+site_id IN (SELECT value FROM json_each(@sites))';

/** Rows of the open list in an order, from a key on where one is compared with; walks the order's index and opens only what it gives. */
export const LIST_OPEN = ({ sort, index, condition, narrowed }: Walk, compare: Compare, direction: 'ASC' | 'DESC') => `
  SELECT ${keyColumns(sort)}, ${SHOWN} FROM open_studies INDEXED BY ${index}
   WHERE ${comparison(sort, compare)} AND ${OF_SITES} AND ${condition} AND ${narrowed}
   ORDER BY ${ordering(sort, direction)} LIMIT @limit OFFSET @skip
`;
/** How many rows of the open list stand on one side of a key; reads the index alone. */
export const COUNT_OPEN = ({ sort, index, condition, narrowed }: Walk, compare: Compare) => `
  SELECT count(*) AS rows FROM open_studies INDEXED BY ${index}
   WHERE ${comparison(sort, compare)} AND ${OF_SITES} AND ${condition} AND ${narrowed}
`;
export const LIST_ARCHIVED = ({ sort, index, narrowed }: Walk, compare: Compare, direction: 'ASC' | 'DESC') => `
  SELECT ${keyColumns(sort)}, ${SHOWN} FROM archived_studies INDEXED BY ${index}
   WHERE ${comparison(sort, compare)} AND ${OF_SITES} AND ${narrowed}
   ORDER BY ${ordering(sort, direction)} LIMIT @limit OFFSET @skip
`;
export const COUNT_ARCHIVED = ({ sort, index, narrowed }: Walk, compare: Compare) => `
  SELECT count(*) AS rows FROM archived_studies INDEXED BY ${index}
   WHERE ${comparison(sort, compare)} AND ${OF_SITES} AND ${narrowed}
`;

/** The way a list is walked. In the order it is read in, what few rows are has its own short index. */
export function walkOf(filter: WorklistFilter, sort: WorklistSort, narrowed = '1'): Walk {
  if (filter === 'archived')
    return { sort: ARCHIVED_SORT, index: ARCHIVED_SORT.index, condition: '1', narrowed, isDown: true };
  const { condition, index } = FILTERS[filter satisfies OpenFilter];
  return {
    sort: SORTS[sort.by],
    index: sort.by === 'urgency' ? index : SORTS[sort.by].index,
    condition,
    narrowed,
    isDown: sort.direction === 'descending',
  };
}

/** A part of a list, where it stands in the whole, and how many rows that has: all as of one moment. */
export function listSlice(db: ReadableDb, query: SliceQuery): WorklistSlice {
  return inSnapshot(db, () => {
    const { at, limit } = query;
    const before = Math.min(query.before, limit);
    const asked = askedOf(query);
    const seq = ledgerHead(db).seq;
    const total = countRows(db, query);
    const key = at !== undefined && 'key' in at ? decodeSortKey(at.key, asked.walk.sort) : null;
    if (key === null) {
      const place = Math.max(0, Math.min(at !== undefined && 'place' in at ? at.place - before : 0, total - limit));
      return shown(db, asked.walk, listFrom(db, asked, { place, total, limit }), { place, total, seq });
    }
    const earlier = before === 0 ? [] : list(db, asked, { limit: before, skip: 0, key, from: 'before' });
    const later = list(db, asked, { limit: limit - earlier.length, skip: 0, key, from: 'key' });
    // Towards the end the window reaches further back instead.
    const rows = [...earlier.toReversed(), ...later];
    const [first] = rows;
    const near = at !== undefined && 'key' in at ? (at.near ?? 0) : 0;
    const place =
      first === undefined
        ? total
        : placeOf(db, asked, { key: keyOf(first, asked.walk.sort), isLate: near > total / 2, total });
    return shown(db, asked.walk, rows, { place, total: Math.max(total, place + rows.length), seq });
  });
}

/** The rows of a window of the open list in the order they are read, with the key of the next one. */
export function listWindow(db: ReadableDb, query: WindowQuery): WorklistWindow {
  const { limit } = query;
  const asked = askedOf({ ...query, narrowed: NOTHING_NARROWED, sort: READING_ORDER });
  const key = decodeWindowKey(query.after, asked.walk.sort);
  const rows = list(db, asked, { limit, skip: 0, key, from: key === null ? 'top' : 'after' });
  const last = rows.at(-1);
  return {
    rows: rows.map((row) => showRow(db, row)),
    next: last !== undefined && rows.length === limit ? windowKey(keyOf(last, asked.walk.sort)) : null,
    seq: ledgerHead(db).seq,
  };
}

/** How many rows a list has: as kept where that tells, else counted along an index. */
function countRows(db: ReadableDb, question: ListQuestion): number {
  const { filter, narrowed, siteIds } = question;
  if (!isNarrowed(narrowed)) {
    const tallied = countTallied(db, siteIds, filter);
    if (tallied !== null) return tallied;
  }
  const asked = askedOf(question);
  const kept = asked.narrowed.isOfKinds ? countKinds(db, siteIds, filter, asked.narrowed) : null;
  if (kept !== null) return kept;
  return count(
    db,
    { ...asked, walk: { ...asked.walk, index: countedAlong(question) ?? asked.walk.index } },
    null,
    null,
  );
}

/** The index of what a list of many rows is narrowed to: it has fewer than the list's own order; null where there is none. */
function countedAlong({ filter, narrowed }: ListQuestion): string | null {
  const asked = Object.entries(narrowed).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  // An age's index has the classes besides, and nothing else that rows are narrowed by.
  const isOfAge = asked.includes('ageYears') && asked.every((name) => name === 'ageYears' || name === 'levels');
  if (filter === 'archived') return isOfAge ? 'archived_studies_by_age' : null;
  if (!FILTERS_OF_MANY.has(filter)) return null;
  if (isOfAge) return 'open_studies_by_age';
  return narrowed.examDates === undefined ? null : SORTS['exam-date'].index;
}

type Asked = {
  readonly filter: WorklistFilter;
  readonly walk: Walk;
  readonly narrowed: Narrowed;
  readonly parameters: Readonly<Record<string, unknown>>;
};

function askedOf({ siteIds, userId, filter, narrowed, sort }: ListQuestion): Asked {
  const narrow = narrowedBy(narrowed);
  return {
    ...{ filter, narrowed: narrow, walk: walkOf(filter, sort, narrow.condition) },
    parameters: {
      sites: JSON.stringify(siteIds),
      ...((filter === 'mine' || filter === 'for-me') && { userId }),
      ...narrow.parameters,
    },
  };
}

type Listing = {
  readonly limit: number;
  readonly skip: number;
  readonly key: SortKey | null;
  readonly from: 'top' | 'end' | 'key' | 'after' | 'before';
};

function list(db: ReadableDb, { filter, walk, narrowed, parameters }: Asked, listing: Listing): readonly KeyedRow[] {
  const { limit, skip, key, from } = listing;
  const isDown = walk.isDown !== (from === 'before' || from === 'end');
  const compare: Compare =
    from === 'top' || from === 'end' ? null : from === 'key' ? (isDown ? '<=' : '>=') : isDown ? '<' : '>';
  const build = filter === 'archived' ? LIST_ARCHIVED : LIST_OPEN;
  const sql = build(walk, compare, isDown ? 'DESC' : 'ASC');
  return statementOf<KeyedRow>(db, sql, narrowed).all({ ...parameters, ...keyParameters(key), limit, skip });
}

/** The rows from a place on, walked to from the nearer end. */
function listFrom(
  db: ReadableDb,
  asked: Asked,
  { place, total, limit }: { readonly place: number; readonly total: number; readonly limit: number },
): readonly KeyedRow[] {
  // All rows there are have been found by then: nothing is walked on for another.
  const rows = Math.min(limit, total - place);
  if (rows <= 0) return [];
  const behind = total - place - rows;
  return behind < place
    ? list(db, asked, { limit: rows, skip: behind, key: null, from: 'end' }).toReversed()
    : list(db, asked, { limit: rows, skip: place, key: null, from: 'top' });
}

/** A key's place in the list, counted from the nearer end. */
function placeOf(
  db: ReadableDb,
  asked: Asked,
  { key, isLate, total }: { readonly key: SortKey; readonly isLate: boolean; readonly total: number },
): number {
  const { isDown } = asked.walk;
  return isLate ? total - count(db, asked, isDown ? '<=' : '>=', key) : count(db, asked, isDown ? '>' : '<', key);
}

function count(
  db: ReadableDb,
  { filter, walk, narrowed, parameters }: Asked,
  compare: Compare,
  key: SortKey | null,
): number {
  const sql = filter === 'archived' ? COUNT_ARCHIVED(walk, compare) : COUNT_OPEN(walk, compare);
  return statementOf<{ rows: number }>(db, sql, narrowed).get({ ...parameters, ...keyParameters(key) })?.rows ?? 0;
}

function shown(
  db: ReadableDb,
  { sort }: Walk,
  rows: readonly KeyedRow[],
  whole: { readonly place: number; readonly total: number; readonly seq: number },
): WorklistSlice {
  return {
    rows: rows.map((row): WorklistRow => showRow(db, row)),
    keys: rows.map((row) => encodeSortKey(keyOf(row, sort))),
    ...whole,
  };
}

function keyColumns({ columns }: Sort): string {
  return columns.map((column, at) => `${column} AS key${at}`).join(', ');
}

function comparison({ columns }: Sort, compare: Compare): string {
  if (compare === null) return '1';
  return `(${[...columns, 'study_id'].join(', ')}) ${compare} (${columns.map((_, at) => `@key${at}`).join(', ')}, @keyStudyId)`;
}

function ordering({ columns }: Sort, direction: 'ASC' | 'DESC'): string {
  return [...columns, 'study_id'].map((column) => `${column} ${direction}`).join(', ');
}

function keyOf(row: KeyedRow, { columns }: Sort): SortKey {
  return [...columns.map((_, at) => row[`key${at}`] ?? ''), row.studyId];
}

function keyParameters(key: SortKey | null): Readonly<Record<string, string | number>> {
  if (key === null) return {};
  const values = key.slice(0, -1).map((value, at) => [`key${at}`, value] as const);
  return { ...Object.fromEntries(values), keyStudyId: key.at(-1) ?? '' };
}

/** The key of a window in the order studies are read: numbers and an id, fit for an address. */
function windowKey(key: SortKey): string {
  return key.length === 3 ? key.join('~') : [0, ...key].join('~');
}

/** A key made by us, or null for anything else: a window from a bad key starts at the top. */
function decodeWindowKey(text: string | undefined, { columns }: Sort): SortKey | null {
  const [, rank, atMs, studyId] = /^(\d+)~(\d+)~([0-9a-f-]{36})$/.exec(text ?? '') ?? [];
  if (rank === undefined || atMs === undefined || studyId === undefined) return null;
  return columns.length === 2 ? [Number(rank), Number(atMs), studyId] : [Number(atMs), studyId];
}
