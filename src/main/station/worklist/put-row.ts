import { prepared, type WritableDb } from '../platform/store/database.ts';
import { LIST_RANK } from './list-rank.ts';
import type { SearchText } from './search-text.ts';

/** Why a row may leave the open list after a while, and since when; null while it is somebody's work. */
export type Settled = {
  readonly as: 'final' | 'opened' | 'comparison';
  readonly atMs: number;
  /** When it was last raised above Routine, where it was: what is raised after it left comes back. */
  readonly raisedAtMs?: number | undefined;
};

/** A row as it is stored: what lists go by, and the row itself as JSON. */
export type StoredRow = {
  readonly studyId: string;
  readonly siteId: string;
  /** Of its class; one that is opened stands behind (`LIST_RANK`). */
  readonly rank: number;
  readonly dueAtMs: number;
  readonly receivedAtMs: number;
  readonly nameOrder: string;
  readonly examOrder: string;
  readonly examAt: string;
  readonly nameKey: string;
  readonly familyBirthKey: string;
  readonly patientId: string;
  readonly intent: string;
  readonly isOpened: 0 | 1;
  readonly aiState: string;
  readonly completeness: string;
  readonly inPacs: string;
  readonly report: string;
  readonly modality: string;
  readonly bodyPart: string;
  readonly serviceLevel: string;
  readonly orderPriority: string;
  readonly ageYears: number | null;
  readonly readerId: string;
  /** For whom it is to read, while it waits; empty: nobody alone. */
  readonly routedTo: string;
  readonly settled: Settled | null;
  readonly search: SearchText;
  readonly row: string;
};

type Found = {
  readonly rowNo: number;
  readonly place: 'open' | 'archived';
  readonly settledAtMs: number | null;
  readonly searchText: string;
};

const FIND_PLACE = `
  SELECT row_no AS rowNo, 'open' AS place, settled_at_ms AS settledAtMs, search_text AS searchText FROM open_studies WHERE study_id = @studyId
  UNION ALL SELECT row_no, 'archived', settled_at_ms, search_text FROM archived_studies WHERE study_id = @studyId
`;
const NEXT_ROW_NO = `
  SELECT 1 + max(coalesce((SELECT max(row_no) FROM open_studies), 0), coalesce((SELECT max(row_no) FROM archived_studies), 0)) AS rowNo
`;
const COLUMNS = `
  row_no, study_id, site_id, urgency_rank, due_at_ms, received_at_ms, name_order, exam_order, exam_at, name_key, family_birth_key, patient_id, intent,
  is_opened, ai_state, completeness, in_pacs, report, modality, body_part, service_level, order_priority, age_years, reader_id, routed_to, settled_as,
  settled_at_ms, search_text, row
`;
const VALUES = `
  @rowNo, @studyId, @siteId, ${LIST_RANK}, @dueAtMs, @receivedAtMs, @nameOrder, @examOrder, @examAt, @nameKey, @familyBirthKey, @patientId, @intent,
  @isOpened, @aiState, @completeness, @inPacs, @report, @modality, @bodyPart, @serviceLevel, @orderPriority, @ageYears, @readerId, @routedTo, @settledAs,
  @settledAtMs, @searchText, @row
`;
const ANEW = COLUMNS.split(',')
  .map((column) => column.trim())
  .filter((column) => column !== 'row_no' && column !== 'study_id')
  .map((column) => `${column} = excluded.${column}`)
  .join(', ');
const PUT_OPEN = `INSERT INTO open_studies (${COLUMNS}) VALUES (${VALUES}) ON CONFLICT (study_id) DO UPDATE SET ${ANEW}`;
const PUT_ARCHIVED = `INSERT INTO archived_studies (${COLUMNS}) VALUES (${VALUES}) ON CONFLICT (study_id) DO UPDATE SET ${ANEW}`;
const MOVE_TO_ARCHIVED = `INSERT INTO archived_studies (${COLUMNS}) SELECT ${COLUMNS} FROM open_studies WHERE study_id = ?`;
const DROP_OPEN = 'DELETE FROM open_studies WHERE study_id = ?';
const DROP_ARCHIVED = 'DELETE FROM archived_studies WHERE study_id = ?';
const FORGET = {
  open: ['DELETE FROM open_words WHERE rowid = ?', 'DELETE FROM open_fragments WHERE rowid = ?'],
  archived: ['DELETE FROM archived_words WHERE rowid = ?', 'DELETE FROM archived_fragments WHERE rowid = ?'],
} as const;
const INDEX = {
  open: [
    'INSERT INTO open_words (rowid, name, number, exam) VALUES (@rowNo, @name, @number, @exam)',
    'INSERT INTO open_fragments (rowid, name, number) VALUES (@rowNo, @name, @number)',
  ],
  archived: [
    'INSERT INTO archived_words (rowid, name, number, exam) VALUES (@rowNo, @name, @number, @exam)',
    'INSERT INTO archived_fragments (rowid, name, number) VALUES (@rowNo, @name, @number)',
  ],
} as const;

/**
 * Stores a study's row where it belongs: on the open list, or, where it had left that and is still nobody's work, among
 * the archived; one that was raised meanwhile is not left there, for nobody looks at what is urgent among the archived.
 * The search has it by the same texts.
 */
export function putRow(db: WritableDb, stored: StoredRow): void {
  const { settled, search, ...columns } = stored;
  const found = prepared<Found>(db, FIND_PLACE).get({ studyId: stored.studyId });
  const place = found?.place === 'archived' && settled !== null && !isRaisedSince(settled, found) ? 'archived' : 'open';
  const rowNo = found?.rowNo ?? prepared<{ rowNo: number }>(db, NEXT_ROW_NO).get()?.rowNo ?? 1;
  const searchText = JSON.stringify(search);
  if (found !== undefined && found.place !== place) prepared(db, DROP_ARCHIVED).run(stored.studyId);
  prepared(db, place === 'open' ? PUT_OPEN : PUT_ARCHIVED).run({
    ...columns,
    ...{ rowNo, searchText, settledAs: settled?.as ?? null, settledAtMs: settled?.atMs ?? null },
  });
  if (found?.place === place && found.searchText === searchText) return;
  if (found !== undefined) forget(db, found);
  index(db, place, rowNo, search);
}

/** Takes a study off every list; one that is on none stays so. */
export function dropRow(db: WritableDb, studyId: string): void {
  const found = prepared<Found>(db, FIND_PLACE).get({ studyId });
  if (found === undefined) return;
  forget(db, found);
  prepared(db, found.place === 'open' ? DROP_OPEN : DROP_ARCHIVED).run(studyId);
}

/** Moves a row from the open list to the archived ones; the caller knows that it is settled. */
export function moveToArchived(db: WritableDb, studyId: string): void {
  const found = prepared<Found>(db, FIND_PLACE).get({ studyId });
  if (found?.place !== 'open') return;
  prepared(db, MOVE_TO_ARCHIVED).run(studyId);
  forget(db, found);
  prepared(db, DROP_OPEN).run(studyId);
  index(db, 'archived', found.rowNo, JSON.parse(found.searchText) as SearchText);
}

function isRaisedSince({ raisedAtMs }: Settled, { settledAtMs }: Found): boolean {
  return raisedAtMs !== undefined && raisedAtMs > (settledAtMs ?? 0);
}

function forget(db: WritableDb, { place, rowNo }: Pick<Found, 'place' | 'rowNo'>): void {
  for (const sql of FORGET[place]) prepared(db, sql).run(rowNo);
}

function index(db: WritableDb, place: Found['place'], rowNo: number, { name, number, exam }: SearchText): void {
  const [words, fragments] = INDEX[place];
  prepared(db, words).run({ rowNo, name, number, exam });
  prepared(db, fragments).run({ rowNo, name, number });
}
