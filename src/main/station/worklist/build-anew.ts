import { listStudyIdsAfter } from '../archive/index.ts';
import { wasHeldAgainst } from '../inference/index.ts';
import { type JobHandler, scheduleJob } from '../platform/jobs/jobs.ts';
import { ledgerHead } from '../platform/ledger/append.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { projectRow } from './project-row.ts';

/** The job that builds the rows of a site anew that a model's exposure may have changed. */
export const BUILD_ANEW_JOB = 'worklist-build-anew';

/** That a row changed, for who listens. */
export type RowChange = { readonly siteId: string; readonly studyId: string; readonly seq: number };

/** So many rows are looked at, and so many built, before the next turn. */
const LOOK_AT = 100;
const BUILD = 8;
/** Behind every id. */
const NEWEST = '~';
/** So many rows in one transaction where nobody is served yet. */
const AT_ONCE = 250;

/** Walks the ids of open and archived rows back from a place: they grow with time, and the newest rows are the ones people look at. */
export const LIST_ROWS_BEFORE = `
  SELECT study_id AS studyId, site_id AS siteId FROM open_studies WHERE study_id < @before
   UNION ALL SELECT study_id, site_id FROM archived_studies WHERE study_id < @before
   ORDER BY study_id DESC LIMIT ${LOOK_AT}
`;
const FIND_ROW = `
  SELECT row FROM open_studies WHERE study_id = @studyId UNION ALL SELECT row FROM archived_studies WHERE study_id = @studyId
`;

/** Asks for the rows of a site that were held against a model to be built anew; in the transaction that owes it. */
export function oweBuilding(db: WritableDb, siteId: string, digest: string, atMs: number): void {
  scheduleJob(db, { kind: BUILD_ANEW_JOB, subjectId: `${siteId} ${digest} ${NEWEST}`, siteId, dueAtMs: atMs });
}

/** Builds some of the rows anew and owes the rest: what a cut leaves is gone on with from where it was. Of a row that stays as it was nobody is told. */
export function buildAnewJob(changed: (change: RowChange) => void): JobHandler {
  return (db, { subjectId, siteId }, atMs) => {
    const [, digest = '', before = NEWEST] = subjectId.split(' ');
    const looked = prepared<{ studyId: string; siteId: string }>(db, LIST_ROWS_BEFORE).all({ before });
    let built = 0;
    for (const { studyId, siteId: site } of looked) {
      if (site === siteId && wasHeldAgainst(db, studyId, digest)) {
        const was = rowOf(db, studyId);
        projectRow(db, studyId);
        if (rowOf(db, studyId) !== was) changed({ siteId, studyId, seq: ledgerHead(db).seq });
        built += 1;
      }
      if (built < BUILD && studyId !== looked.at(-1)?.studyId) continue;
      if (built < BUILD && looked.length < LOOK_AT) return;
      scheduleJob(db, { kind: BUILD_ANEW_JOB, subjectId: `${siteId} ${digest} ${studyId}`, siteId, dueAtMs: atMs });
      return;
    }
  };
}

/** Builds the rows of some studies behind an id from what is known of them now, the oldest first; the id to go on from, or null at the end. */
export function buildSomeRows(db: WritableDb, after: string): string | null {
  const studyIds = listStudyIdsAfter(db, after, AT_ONCE);
  for (const studyId of studyIds) projectRow(db, studyId);
  return studyIds.length < AT_ONCE ? null : (studyIds.at(-1) ?? null);
}

function rowOf(db: WritableDb, studyId: string): string | null {
  return prepared<{ row: string }>(db, FIND_ROW).get({ studyId })?.row ?? null;
}
