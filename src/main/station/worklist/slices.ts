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
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { FILTERS, type OpenFilter } from './filters.ts';
import { isNarrowed, NARROWED, narrowedBy, NOTHING_NARROWED } from './narrowing.ts';
import { type ReadRow, SHOWN, showRow } from './row-columns.ts';
import { ARCHIVED_SORT, decodeSortKey, encodeSortKey, type Sort, type SortKey, SORTS } from './sorts.ts';
import { countTallied } from './tallies.ts';

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
  readonly at?: { readonly place: number } | { readonly key: string } | undefined;
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
type Walk = { readonly sort: Sort; readonly index: string; readonly condition: string; readonly isDown: boolean };
type KeyedRow = ReadRow & Readonly<Record<`key${number}`, string | number>>;
type Compare = '>' | '>=' | '<' | '<=' | null;

const OF_SITES = '+site_id IN (SELECT value FROM json_each(@sites))';

/** Rows of the open list in an order, from a key on where one is compared with; walks the order's index and opens only what it gives. */
export const LIST_OPEN = ({ sort, index, condition }: Walk, compare: Compare, direction: 'ASC' | 'DESC') => `
  SELECT ${keyColumns(sort)}, ${SHOWN} FROM open_studies INDEXED BY ${index}
   WHERE ${comparison(sort, compare)} AND ${OF_SITES} AND ${condition} AND ${NARROWED}
   ORDER BY ${ordering(sort, direction)} LIMIT @limit OFFSET @skip
`;
/** How many rows of the open list stand on one side of a key; reads the index alone. */
export const COUNT_OPEN = ({ sort, index, condition }: Walk, compare: Compare) => `
  SELECT count(*) AS rows FROM open_studies INDEXED BY ${index}
   WHERE ${comparison(sort, compare)} AND ${OF_SITES} AND ${condition} AND ${NARROWED}
`;
export const LIST_ARCHIVED = ({ sort, index }: Walk, compare: Compare, direction: 'ASC' | 'DESC') => `
  SELECT ${keyColumns(sort)}, ${SHOWN} FROM archived_studies INDEXED BY ${index}
   WHERE ${comparison(sort, compare)} AND ${OF_SITES} AND ${NARROWED}
   ORDER BY ${ordering(sort, direction)} LIMIT @limit OFFSET @skip
`;
export const COUNT_ARCHIVED = ({ sort, index }: Walk, compare: Compare) => `
  SELECT count(*) AS rows FROM archived_studies INDEXED BY ${index}
   WHERE ${comparison(sort, compare)} AND ${OF_SITES} AND ${NARROWED}
`;

/** The way a list is walked. In the order it is read in, what few rows are has its own short index. */
export function walkOf(filter: WorklistFilter, sort: WorklistSort): Walk {
  if (filter === 'archived') return { sort: ARCHIVED_SORT, index: ARCHIVED_SORT.index, condition: '1', isDown: true };
  const { condition, index } = FILTERS[filter satisfies OpenFilter];
  return {
    sort: SORTS[sort.by],
    index: sort.by === 'urgency' ? index : SORTS[sort.by].index,
    condition,
    isDown: sort.direction === 'descending',
  };
}

/** A part of a list, where it stands in the whole, and how many rows that has. */
export function listSlice(db: ReadableDb, query: SliceQuery): WorklistSlice {
  const { filter, at, limit } = query;
  const before = Math.min(query.before, limit);
  const walk = walkOf(filter, query.sort);
  const asked = parametersOf(query);
  const seq = ledgerHead(db).seq;
  const total = countRows(db, query);
  const key = at !== undefined && 'key' in at ? decodeSortKey(at.key, walk.sort) : null;
  if (key === null) {
    const place = Math.max(0, Math.min(at !== undefined && 'place' in at ? at.place - before : 0, total - limit));
    const rows = list(db, walk, { filter, asked, limit, skip: place, key: null, from: 'top' });
    return shown(db, walk, rows, { place, total, seq });
  }
  const earlier = before === 0 ? [] : list(db, walk, { filter, asked, limit: before, skip: 0, key, from: 'before' });
  const later = list(db, walk, { filter, asked, limit: limit - earlier.length, skip: 0, key, from: 'key' });
  // Towards the end the window reaches further back instead.
  const rows = [...earlier.toReversed(), ...later];
  const [first] = rows;
  const place = first === undefined ? total : countBefore(db, walk, { filter, asked, key: keyOf(first, walk.sort) });
  return shown(db, walk, rows, { place, total: Math.max(total, place + rows.length), seq });
}

/** The rows of a window of the open list in the order they are read, with the key of the next one. */
export function listWindow(db: ReadableDb, query: WindowQuery): WorklistWindow {
  const { filter, limit } = query;
  const walk = walkOf(filter, READING_ORDER);
  const key = decodeWindowKey(query.after, walk.sort);
  const rows = list(db, walk, {
    ...{ filter, limit, skip: 0, key, from: key === null ? 'top' : 'after' },
    asked: parametersOf({ ...query, narrowed: NOTHING_NARROWED, sort: READING_ORDER }),
  });
  const last = rows.at(-1);
  return {
    rows: rows.map((row) => showRow(db, row)),
    next: last !== undefined && rows.length === limit ? windowKey(keyOf(last, walk.sort)) : null,
    seq: ledgerHead(db).seq,
  };
}

/** How many rows a list has: as tallied where that tells, else counted along its index. */
function countRows(db: ReadableDb, question: ListQuestion): number {
  const { filter, narrowed, siteIds } = question;
  const tallied = isNarrowed(narrowed) ? null : countTallied(db, siteIds, filter);
  if (tallied !== null) return tallied;
  const walk = walkOf(filter, question.sort);
  const sql = filter === 'archived' ? COUNT_ARCHIVED(walk, null) : COUNT_OPEN(walk, null);
  return prepared<{ rows: number }>(db, sql).get(parametersOf(question))?.rows ?? 0;
}

type Listing = {
  readonly filter: WorklistFilter;
  readonly asked: Readonly<Record<string, unknown>>;
  readonly limit: number;
  readonly skip: number;
  readonly key: SortKey | null;
  readonly from: 'top' | 'key' | 'after' | 'before';
};

function list(db: ReadableDb, walk: Walk, { filter, asked, limit, skip, key, from }: Listing): readonly KeyedRow[] {
  const isDown = walk.isDown !== (from === 'before');
  const compare: Compare = from === 'top' ? null : from === 'key' ? (isDown ? '<=' : '>=') : isDown ? '<' : '>';
  const build = filter === 'archived' ? LIST_ARCHIVED : LIST_OPEN;
  const sql = build(walk, compare, isDown ? 'DESC' : 'ASC');
  return prepared<KeyedRow>(db, sql).all({ ...asked, ...keyParameters(key), limit, skip });
}

function countBefore(
  db: ReadableDb,
  walk: Walk,
  { filter, asked, key }: { filter: WorklistFilter; asked: Readonly<Record<string, unknown>>; key: SortKey },
): number {
  const build = filter === 'archived' ? COUNT_ARCHIVED : COUNT_OPEN;
  const sql = build(walk, walk.isDown ? '>' : '<');
  return prepared<{ rows: number }>(db, sql).get({ ...asked, ...keyParameters(key) })?.rows ?? 0;
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

function parametersOf({ siteIds, userId, filter, narrowed }: ListQuestion): Readonly<Record<string, unknown>> {
  return { sites: JSON.stringify(siteIds), ...(filter === 'mine' && { userId }), ...narrowedBy(narrowed) };
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
