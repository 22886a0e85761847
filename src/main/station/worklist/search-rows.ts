import type { WorklistFilter, WorklistNarrowing, WorklistWindow } from '../../../shared/contract/worklist.ts';
import { ledgerHead } from '../platform/ledger/append.ts';
import type { ReadableDb } from '../platform/store/database.ts';
import { FILTERS } from './filters.ts';
import { narrowedBy, statementOf } from './narrowing.ts';
import { type ReadRow, SHOWN, showRow } from './row-columns.ts';
import {
  beginningsOf,
  fragmentsOf,
  hasBeginnings,
  hasFragments,
  type SearchText,
  type SearchWords,
  wholeOf,
  wordsOf,
} from './search-text.ts';

/** What is searched, for whom, from where on. */
export type SearchQuery = {
  readonly siteIds: readonly string[];
  readonly userId: string;
  readonly filter: WorklistFilter;
  readonly narrowed: WorklistNarrowing;
  readonly text: string;
  readonly after?: string | undefined;
  readonly limit: number;
};

/** A list that is searched, and how well a row matches: the smaller, the better. Rows that match alike stand newest first. */
type Place = 'open' | 'archived';
type Match = (typeof MATCHES)[number];
/** 0 a whole number or accession; 1 beginnings of words of the name and numbers; 2 of any words; 3 letters within names and numbers. */
const MATCHES = [0, 1, 2, 3] as const;
type From = { readonly place: Place; readonly match: Match; readonly below: number };
type FoundRow = ReadRow & { readonly searchText: string };

const OF_SITES = '+s.site_id IN (SELECT value FROM json_each(@sites))';
/** The search walks its own index from the newest row back, and opens only rows that match. */
export const SEARCH_OPEN_WORDS = (condition: string, narrowed: string) => `
  SELECT ${SHOWN}, search_text AS searchText FROM open_words w CROSS JOIN open_studies s ON s.row_no = w.rowid
   WHERE open_words MATCH @match AND w.rowid < @below AND ${OF_SITES} AND ${condition} AND ${narrowed}
   ORDER BY w.rowid DESC LIMIT @limit
`;
export const SEARCH_OPEN_FRAGMENTS = (condition: string, narrowed: string) => `
  SELECT ${SHOWN}, search_text AS searchText FROM open_fragments w CROSS JOIN open_studies s ON s.row_no = w.rowid
   WHERE open_fragments MATCH @match AND w.rowid < @below AND ${OF_SITES} AND ${condition} AND ${narrowed}
   ORDER BY w.rowid DESC LIMIT @limit
`;
export const SEARCH_ARCHIVED_WORDS = (condition: string, narrowed: string) => `
  SELECT ${SHOWN}, search_text AS searchText FROM archived_words w CROSS JOIN archived_studies s ON s.row_no = w.rowid
   WHERE archived_words MATCH @match AND w.rowid < @below AND ${OF_SITES} AND ${condition} AND ${narrowed}
   ORDER BY w.rowid DESC LIMIT @limit
`;
export const SEARCH_ARCHIVED_FRAGMENTS = (condition: string, narrowed: string) => `
  SELECT ${SHOWN}, search_text AS searchText FROM archived_fragments w CROSS JOIN archived_studies s ON s.row_no = w.rowid
   WHERE archived_fragments MATCH @match AND w.rowid < @below AND ${OF_SITES} AND ${condition} AND ${narrowed}
   ORDER BY w.rowid DESC LIMIT @limit
`;
const SEARCHES = {
  open: { words: SEARCH_OPEN_WORDS, fragments: SEARCH_OPEN_FRAGMENTS },
  archived: { words: SEARCH_ARCHIVED_WORDS, fragments: SEARCH_ARCHIVED_FRAGMENTS },
} as const;
/** Before the newest row. */
const TOP = Number.MAX_SAFE_INTEGER;

/**
 * The studies that match what was typed, best first, then the newest; among all open ones it goes on among the archived.
 * Text without letter or digit asks for nothing and finds nothing.
 */
export function searchRows(db: ReadableDb, query: SearchQuery): WorklistWindow {
  const { limit } = query;
  const words = wordsOf(query.text);
  const seq = ledgerHead(db).seq;
  const rows: ReadRow[] = [];
  if (words.length === 0) return { rows: [], next: null, seq };
  let from: From | null = decodePlace(query.after) ?? { place: startOf(query.filter), match: 0, below: TOP };
  while (from !== null && rows.length < limit) {
    const asked = limit - rows.length;
    const found: readonly FoundRow[] = look(db, query, words, from, asked);
    rows.push(...found.filter((row) => matchesAlike(row, words, from?.match ?? 0)));
    const last = found.at(-1);
    from =
      last !== undefined && rows.length >= limit ? { ...from, below: last.rowNo } : goOn(from, found, query, asked);
  }
  return { rows: rows.slice(0, limit).map((row) => showRow(db, row)), next: from && encodePlace(from), seq };
}

/** Where to look after what was found: on in the same matches where they may go on, else in the next ones. */
function goOn(from: From, found: readonly FoundRow[], { filter }: SearchQuery, asked: number): From | null {
  const last = found.at(-1);
  // Of fragments some found rows are left out, for they matched better: there may be more behind them.
  if (last !== undefined && from.match === 3 && found.length === asked) return { ...from, below: last.rowNo };
  const next = MATCHES[from.match + 1];
  if (next !== undefined) return { ...from, match: next, below: TOP };
  return from.place === 'open' && filter === 'all' ? { place: 'archived', match: 0, below: TOP } : null;
}

function look(
  db: ReadableDb,
  { siteIds, userId, filter, narrowed }: SearchQuery,
  words: SearchWords,
  { place, match, below }: From,
  limit: number,
): readonly FoundRow[] {
  const expression = expressionOf(words, match);
  if (expression === null) return [];
  const condition = place === 'archived' || filter === 'archived' ? '1' : FILTERS[filter].condition;
  const narrow = narrowedBy(narrowed);
  const sql = SEARCHES[place][match === 3 ? 'fragments' : 'words'](condition, narrow.condition);
  return statementOf<FoundRow>(db, sql, narrow).all({
    ...{ match: expression, below, limit, sites: JSON.stringify(siteIds) },
    ...(condition.includes('@userId') && { userId }),
    ...narrow.parameters,
  });
}

/** What is looked for, without what a better match has found already; null where nothing can match so. */
function expressionOf(words: SearchWords, match: Match): string | null {
  const whole = `number : ${wholeOf(words)}`;
  const beginnings = beginningsOf(words);
  switch (match) {
    case 0:
      return whole;
    case 1:
      return `({name number} : (${beginnings})) NOT (${whole})`;
    case 2:
      return `(${beginnings}) NOT ({name number} : (${beginnings}))`;
    case 3:
      return fragmentsOf(words);
  }
}

/** Of fragments, rows that did not match better, and in which the short words stand too. */
function matchesAlike({ searchText }: FoundRow, words: SearchWords, match: Match): boolean {
  if (match !== 3) return true;
  const text = JSON.parse(searchText) as SearchText;
  return hasFragments(text, words) && !hasBeginnings(text, words);
}

function startOf(filter: WorklistFilter): Place {
  return filter === 'archived' ? 'archived' : 'open';
}

function encodePlace({ place, match, below }: From): string {
  return `${place === 'open' ? 'o' : 'a'}${match}~${below}`;
}

/** A place made by us; null for anything else. */
function decodePlace(text: string | undefined): From | null {
  const [, place, match, below] = /^([oa])([0-3])~(\d{1,16})$/.exec(text ?? '') ?? [];
  const known = MATCHES.find((one) => one === Number(match));
  return place === undefined || known === undefined
    ? null
    : { place: place === 'o' ? 'open' : 'archived', match: known, below: Number(below) };
}
