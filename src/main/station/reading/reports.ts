import type { ReportState } from '../../../shared/domain/study.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';

const FIND_REPORT = `
  SELECT r.state, r.signed_at_ms AS signedAtMs FROM report_studies s JOIN reports r ON r.report_id = s.report_id
   WHERE s.study_id = ? AND r.state <> 'draft' ORDER BY r.signed_at_ms DESC LIMIT 1
`;

/** Where a study's signed report stands; a draft is nobody's report yet. */
export function findReport(
  db: ReadableDb,
  studyId: string,
): { readonly state: ReportState; readonly signedAtMs: number | null } {
  const report = prepared<{ state: Exclude<ReportState, 'none'>; signedAtMs: number }>(db, FIND_REPORT).get(studyId);
  return report ?? { state: 'none', signedAtMs: null };
}

/** Whether a study's report is final; an addendum makes it no less so. */
export function isFinal(db: ReadableDb, studyId: string): boolean {
  const { state } = findReport(db, studyId);
  return state === 'final' || state === 'addended';
}
