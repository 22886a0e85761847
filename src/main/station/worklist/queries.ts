import { WorklistRow } from '../../../shared/contract/worklist.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { type ReadRow, SHOWN, showRow } from './row-columns.ts';
import { listWindow } from './slices.ts';

const FIND_ROW = `
  SELECT ${SHOWN} FROM open_studies WHERE study_id = @studyId UNION ALL SELECT ${SHOWN} FROM archived_studies WHERE study_id = @studyId
`;

/** One study's row, open or archived, or null where these sites have none. */
export function findRow(db: ReadableDb, siteIds: readonly string[], studyId: string): WorklistRow | null {
  const row = prepared<ReadRow>(db, FIND_ROW).get({ studyId });
  return row === undefined || !siteIds.includes(row.siteId) ? null : WorklistRow.parse(showRow(db, row));
}

/** A row stays for as long as the study does: that there is one says nothing. */
const IS_OPEN = `
  SELECT 1 FROM open_studies WHERE study_id = ? AND intent = 'new'
     AND CASE report WHEN 'none' THEN is_opened = 0 WHEN 'preliminary' THEN 1 ELSE 0 END
`;

/**
 * Whether a study is somebody's work still: it came as new, and is neither reported finally nor, where reports are written
 * elsewhere, was opened as it is now.
 */
export function isOpenStudy(db: ReadableDb, studyId: string): boolean {
  return prepared(db, IS_OPEN).get(studyId) !== undefined;
}

/** The first unread row of the true order, or null. */
export function findNextUnread(db: ReadableDb, siteIds: readonly string[]): WorklistRow | null {
  return listWindow(db, { siteIds, userId: '', filter: 'unread', limit: 1 }).rows[0] ?? null;
}
