import { DAY_MS } from '../../../shared/domain/durations.ts';
import { type JobHandler, scheduleJob } from '../platform/jobs/jobs.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { moveToArchived } from './put-row.ts';
import type { RowChange } from './build-anew.ts';

/** The job that moves rows nobody has to do anything about from the open list to the archived ones. */
export const ARCHIVE_ROWS_JOB = 'worklist-archive-rows';

/** After how many days a row leaves the open list: reported finally, or else seen or come for comparison. */
export type LeavingRules = { readonly reportedAfterDays: number; readonly seenAfterDays: number };

/** So many rows in one turn of the main thread: half a millisecond each. */
const AT_ONCE = 6;
const EVERY_MS = 10 * 60_000;
/** Walks open_studies_settled. */
export const LIST_SETTLED = `
  SELECT study_id AS studyId, site_id AS siteId FROM open_studies INDEXED BY open_studies_settled
   WHERE settled_as = ? AND settled_at_ms <= ? LIMIT ?
`;

/** Has rows leave when they may, now and then; once for the station. */
export function oweArchiving(db: WritableDb, siteId: string, atMs: number): void {
  scheduleJob(db, { kind: ARCHIVE_ROWS_JOB, subjectId: 'all', siteId, dueAtMs: atMs });
}

/** Moves some of the rows whose time has come, and owes the rest. */
export function archiveRowsJob(rules: LeavingRules, changed: (change: RowChange) => void): JobHandler {
  const days = {
    final: rules.reportedAfterDays,
    opened: rules.seenAfterDays,
    comparison: rules.seenAfterDays,
  } as const;
  return (db, { siteId }, nowMs) => {
    let left = AT_ONCE;
    for (const [as, afterDays] of Object.entries(days)) {
      const leaving = prepared<Omit<RowChange, 'seq'>>(db, LIST_SETTLED).all(as, nowMs - afterDays * DAY_MS, left);
      for (const row of leaving) {
        moveToArchived(db, row.studyId);
        changed({ ...row, seq: 0 });
      }
      left -= leaving.length;
    }
    oweArchiving(db, siteId, left === 0 ? nowMs : nowMs + EVERY_MS);
  };
}
