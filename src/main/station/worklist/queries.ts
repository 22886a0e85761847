import {
  type WorklistCounts,
  type WorklistFilter,
  WORKLIST_FILTERS,
  WorklistRow,
  type WorklistWindow,
} from '../../../shared/contract/worklist.ts';
import { searchable } from '../../../shared/domain/person-name.ts';
import { ledgerHead } from '../platform/ledger/append.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { type FilteredRow, FILTERS } from './filters.ts';

/** A window asked for: of which sites, through which filter, from a key. */
export type WindowQuery = {
  readonly siteIds: readonly string[];
  readonly filter: WorklistFilter;
  readonly after?: string | undefined;
  readonly limit: number;
  readonly text?: string | undefined;
};

type Key = { readonly rank: number; readonly dueAtMs: number; readonly studyId: string };
type ProjectedRow = Key & {
  readonly nameKey: string;
  readonly familyBirthKey: string;
  readonly patientId: string;
  readonly siteId: string;
  readonly row: string;
};

/** Walks the filter's index from a key, in the order (urgency_rank, due_at_ms, study_id); sites are a plain condition on the way. */
export const LIST_OPEN_STUDIES_AFTER = (filter: WorklistFilter, search = '') => `
  SELECT urgency_rank AS rank, due_at_ms AS dueAtMs, study_id AS studyId, name_key AS nameKey, family_birth_key AS familyBirthKey, patient_id AS patientId, site_id AS siteId, row
    FROM open_studies INDEXED BY ${FILTERS[filter].index}
   WHERE (urgency_rank, due_at_ms, study_id) > (@rank, @dueAtMs, @studyId)
     AND +site_id IN (SELECT value FROM json_each(@sites)) AND ${FILTERS[filter].condition} ${search}
   ORDER BY urgency_rank, due_at_ms, study_id LIMIT @limit
`;
/** Another patient of the same family name and first letter on the open list; walks open_studies_by_name. */
export const FIND_NAMESAKE = `
  SELECT 1 FROM open_studies WHERE site_id = ? AND name_key = ? AND patient_id <> ? LIMIT 1
`;
/** Another patient of the same family name and birth date: twins; walks open_studies_by_family_and_birth. */
export const FIND_TWIN = `
  SELECT 1 FROM open_studies WHERE site_id = ? AND family_birth_key = ? AND patient_id <> ? LIMIT 1
`;
const FIND_ROW = `
  SELECT urgency_rank AS rank, due_at_ms AS dueAtMs, study_id AS studyId, name_key AS nameKey, family_birth_key AS familyBirthKey, patient_id AS patientId, site_id AS siteId, row
    FROM open_studies WHERE study_id = ?
`;
/** Counts by all that filters ask; walks open_studies_counted, where alike rows lie together. */
export const COUNT_ALIKE = `
  SELECT intent, urgency_rank AS rank, is_opened AS isOpened, ai_state AS aiState, completeness, count(*) AS rows
    FROM open_studies INDEXED BY open_studies_counted WHERE site_id = ?
   GROUP BY intent, urgency_rank, is_opened, ai_state, completeness
`;
const COUNT_UNOPENED_CRITICAL = `
  SELECT count(*) AS unopened FROM open_studies WHERE urgency_rank = 0 AND intent = 'new' AND is_opened = 0
     AND site_id IN (SELECT value FROM json_each(?))
`;
const BEFORE_FIRST: Key = { rank: -1, dueAtMs: 0, studyId: '' };

/** The rows of a window in stored order, with the key of the next one. */
export function listWindow(db: ReadableDb, query: WindowQuery): WorklistWindow {
  const words =
    query.text === undefined
      ? []
      : searchable(query.text)
          .split(' ')
          .filter((word) => word !== '');
  const search = words.map((_, index) => `AND search_text LIKE @word${index}`).join(' ');
  const named = Object.fromEntries(words.map((word, index) => [`word${index}`, `%${word}%`]));
  const seq = ledgerHead(db).seq;
  const rows = prepared<ProjectedRow>(db, LIST_OPEN_STUDIES_AFTER(query.filter, search)).all({
    ...(decodeKey(query.after) ?? BEFORE_FIRST),
    ...named,
    sites: JSON.stringify(query.siteIds),
    limit: query.limit,
  });
  const last = rows.at(-1);
  return {
    rows: rows.map((row) => showRow(db, row)),
    next: last !== undefined && rows.length === query.limit ? encodeKey(last) : null,
    seq,
  };
}

/** One study's row, or null where these sites have none. */
export function findRow(db: ReadableDb, siteIds: readonly string[], studyId: string): WorklistRow | null {
  const row = prepared<ProjectedRow>(db, FIND_ROW).get(studyId);
  return row === undefined || !siteIds.includes(row.siteId) ? null : showRow(db, row);
}

/** A row stays for as long as the study does: that there is one says nothing. */
const IS_OPEN = `
  SELECT 1 FROM open_studies WHERE study_id = ? AND intent = 'new'
     AND CASE json_extract(row, '$.report') WHEN 'none' THEN is_opened = 0 WHEN 'preliminary' THEN 1 ELSE 0 END
`;

/**
 * Whether a study is somebody's work still: it came as new, and is neither reported finally nor, where reports are written
 * elsewhere, was ever opened.
 */
export function isOpenStudy(db: ReadableDb, studyId: string): boolean {
  return prepared(db, IS_OPEN).get(studyId) !== undefined;
}

/** The first unread row of the true order, or null. */
export function findNextUnread(db: ReadableDb, siteIds: readonly string[]): WorklistRow | null {
  return listWindow(db, { siteIds, filter: 'unread', limit: 1 }).rows[0] ?? null;
}

/** How many rows of these sites each filter lets through. */
export function countFilters(db: ReadableDb, siteIds: readonly string[]): WorklistCounts {
  const groups = siteIds.flatMap((siteId) => prepared<FilteredRow & { rows: number }>(db, COUNT_ALIKE).all(siteId));
  const count = (filter: WorklistFilter) =>
    groups.filter(FILTERS[filter].holds).reduce((sum, { rows }) => sum + rows, 0);
  return Object.fromEntries(WORKLIST_FILTERS.map((filter) => [filter, count(filter)])) as WorklistCounts;
}

/** How many critical studies of these sites nobody has opened. */
export function countUnopenedCritical(db: ReadableDb, siteIds: readonly string[]): number {
  return prepared<{ unopened: number }>(db, COUNT_UNOPENED_CRITICAL).get(JSON.stringify(siteIds))?.unopened ?? 0;
}

function showRow(db: ReadableDb, projected: ProjectedRow): WorklistRow {
  const row = WorklistRow.parse(JSON.parse(projected.row));
  const { siteId, nameKey, familyBirthKey, patientId } = projected;
  const nameAlert =
    (nameKey !== '' && prepared(db, FIND_NAMESAKE).get(siteId, nameKey, patientId) !== undefined) ||
    (familyBirthKey !== '' && prepared(db, FIND_TWIN).get(siteId, familyBirthKey, patientId) !== undefined);
  return { ...row, patient: { ...row.patient, nameAlert } };
}

function encodeKey(key: Key): string {
  return `${key.rank}~${key.dueAtMs}~${key.studyId}`;
}

/** A key made by us, or null for anything else: a window from a bad key starts at the top. */
function decodeKey(text: string | undefined): Key | null {
  const [, rank, dueAtMs, studyId] = /^(\d+)~(\d+)~([0-9a-f-]{36})$/.exec(text ?? '') ?? [];
  return rank === undefined || dueAtMs === undefined || studyId === undefined
    ? null
    : { rank: Number(rank), dueAtMs: Number(dueAtMs), studyId };
}
