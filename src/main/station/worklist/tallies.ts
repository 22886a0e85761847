import {
  type WorklistChoices,
  type WorklistCounts,
  type WorklistFilter,
  WORKLIST_FILTERS,
} from '../../../shared/contract/worklist.ts';
import type { StudyId } from '../../../shared/domain/ids.ts';
import { urgencyRank } from '../../../shared/domain/urgency.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { type FilteredRow, FILTERS } from './filters.ts';
import { levelAt } from './list-rank.ts';
import { type Narrowed, statementOf } from './narrowing.ts';

/** What is tallied of a site: rows alike in all that filters ask, and how many; reads as many rows as there are kinds of rows. */
export const LIST_TALLIES = `
  SELECT place, intent, urgency_rank AS rank, is_opened AS isOpened, ai_state AS aiState, completeness, in_pacs AS inPacs, rows
    FROM worklist_tallies WHERE place = ? AND site_id = ? AND rows > 0
`;
/** A person's own rows; walks open_studies_by_reader. */
export const COUNT_MINE = `
  SELECT count(*) AS rows FROM open_studies INDEXED BY open_studies_by_reader
   WHERE reader_id = @userId AND intent = 'new' AND report IN ('none', 'preliminary') AND site_id IN (SELECT value FROM json_each(@sites))
`;
/** What is for a person to read; walks open_studies_by_routing. */
export const COUNT_FOR_ME = `
  SELECT count(*) AS rows FROM open_studies INDEXED BY open_studies_by_routing
   WHERE routed_to <> '' AND routed_to = @userId AND intent = 'new' AND is_opened = 0 AND site_id IN (SELECT value FROM json_each(@sites))
`;
const COUNT_UNOPENED_CRITICAL = `
  SELECT sum(rows) AS unopened FROM worklist_tallies
   WHERE place = 'open' AND intent = 'new' AND urgency_rank = 0 AND is_opened = 0 AND site_id IN (SELECT value FROM json_each(?))
`;
/** Which of them are read first; walks open_studies_critical, whose condition is said whole so that it is known to do. */
export const LIST_UNOPENED_CRITICAL = `
  SELECT study_id AS studyId FROM open_studies INDEXED BY open_studies_critical
   WHERE ${FILTERS.critical.condition} AND urgency_rank = ${urgencyRank('critical')} AND is_opened = 0
     AND site_id IN (SELECT value FROM json_each(?))
   ORDER BY urgency_rank, due_at_ms, study_id LIMIT 1000
`;
/** Every value that rows have of what lists are narrowed by, with how many; reads as many rows as there are kinds of rows. */
export const LIST_CHOICES = `
  SELECT urgency_rank AS levels, modality AS modalities, body_part AS bodyParts, service_level AS serviceLevels, order_priority AS orderPriorities,
         ai_state AS aiStates, completeness, in_pacs AS inPacs, report AS reports, rows
    FROM worklist_kinds WHERE place = ? AND site_id = ?
`;
/** How many rows of a place are of some kinds. */
export const COUNT_KINDS = (condition: string, narrowed: string) => `
  SELECT sum(rows) AS rows FROM worklist_kinds
   WHERE place = @place AND site_id IN (SELECT value FROM json_each(@sites)) AND ${condition} AND ${narrowed}
`;
const CHOICES = [
  ...(['levels', 'modalities', 'bodyParts', 'serviceLevels', 'orderPriorities'] as const),
  ...(['aiStates', 'completeness', 'inPacs', 'reports'] as const),
] as const satisfies readonly (keyof WorklistChoices)[];

type Tally = FilteredRow & { readonly rows: number };

/** How many rows of these sites a filter lets through, as tallied; null where tallies do not tell. */
export function countTallied(db: ReadableDb, siteIds: readonly string[], filter: WorklistFilter): number | null {
  if (filter === 'archived') return sum(siteIds.flatMap((siteId) => talliesOf(db, 'archived', siteId)));
  const { holds } = FILTERS[filter];
  return holds === null ? null : sum(siteIds.flatMap((siteId) => talliesOf(db, 'open', siteId)).filter(holds));
}

/** How many rows of these sites a filter and a narrowing let through, as kept; null where that depends on who asks. */
export function countKinds(
  db: ReadableDb,
  siteIds: readonly string[],
  filter: WorklistFilter,
  narrowed: Narrowed,
): number | null {
  const place = filter === 'archived' ? 'archived' : 'open';
  if (filter !== 'archived' && FILTERS[filter].holds === null) return null;
  const sql = COUNT_KINDS(filter === 'archived' ? '1' : FILTERS[filter].condition, narrowed.condition);
  const asked = { ...narrowed.parameters, place, sites: JSON.stringify(siteIds) };
  return statementOf<{ rows: number | null }>(db, sql, narrowed).get(asked)?.rows ?? 0;
}

/** How many rows of these sites each filter lets through. */
export function countFilters(db: ReadableDb, siteIds: readonly string[], userId: string): WorklistCounts {
  const count = (sql: string) =>
    prepared<{ rows: number }>(db, sql).get({ userId, sites: JSON.stringify(siteIds) })?.rows ?? 0;
  const own: Readonly<Partial<Record<WorklistFilter, number>>> = {
    mine: count(COUNT_MINE),
    'for-me': count(COUNT_FOR_ME),
  };
  return Object.fromEntries(
    WORKLIST_FILTERS.map((filter) => [filter, own[filter] ?? countTallied(db, siteIds, filter)]),
  ) as WorklistCounts;
}

/** How many critical studies of these sites nobody has opened as they are now. */
export function countUnopenedCritical(db: ReadableDb, siteIds: readonly string[]): number {
  return prepared<{ unopened: number | null }>(db, COUNT_UNOPENED_CRITICAL).get(JSON.stringify(siteIds))?.unopened ?? 0;
}

/** The first of them in the order they are read, a thousand at most. */
export function listUnopenedCritical(db: ReadableDb, siteIds: readonly string[]): readonly StudyId[] {
  return prepared<{ studyId: StudyId }>(db, LIST_UNOPENED_CRITICAL)
    .all(JSON.stringify(siteIds))
    .map(({ studyId }) => studyId);
}

/** The values that rows of these sites have, the commonest first, of each thing a list may be narrowed by; what is unknown is no choice. */
export function listChoices(db: ReadableDb, siteIds: readonly string[], filter: WorklistFilter): WorklistChoices {
  const place = filter === 'archived' ? 'archived' : 'open';
  const kinds = prepared<Record<string, string | number>>(db, LIST_CHOICES);
  const groups = siteIds.flatMap((siteId) => kinds.all(place, siteId));
  const choicesOf = (name: (typeof CHOICES)[number]) => {
    const rows = new Map<string, number>();
    for (const group of groups) {
      const value = name === 'levels' ? (levelAt(Number(group[name])) ?? '') : String(group[name]);
      if (value !== '') rows.set(value, (rows.get(value) ?? 0) + Number(group['rows']));
    }
    return [...rows].map(([value, count]) => ({ value, rows: count })).toSorted((a, b) => b.rows - a.rows);
  };
  return Object.fromEntries(CHOICES.map((name) => [name, choicesOf(name)])) as WorklistChoices;
}

function talliesOf(db: ReadableDb, place: 'open' | 'archived', siteId: string): readonly Tally[] {
  return prepared<Tally>(db, LIST_TALLIES).all(place, siteId);
}

function sum(tallies: readonly Tally[]): number {
  return tallies.reduce((all, { rows }) => all + rows, 0);
}
