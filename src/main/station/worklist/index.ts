import { listStudyIdsOf } from '../archive/index.ts';
import { isSilentRun } from '../inference/index.ts';
import type { LedgerEvent } from '../platform/ledger/event.ts';
import type { Consumer } from '../platform/ledger/follow.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { buildSomeRows, oweBuilding, type RowChange } from './build-anew.ts';
import { projectRow } from './project-row.ts';

export { BUILD_ANEW_JOB, buildAnewJob } from './build-anew.ts';

export { ARCHIVE_ROWS_JOB, archiveRowsJob, type LeavingRules, oweArchiving } from './archive-rows.ts';
export { findNextUnread, findRow, isOpenStudy } from './queries.ts';
export { type SearchQuery, searchRows } from './search-rows.ts';
export { type ListQuestion, listSlice, listWindow, type SliceQuery, type WindowQuery } from './slices.ts';
export { recordTaking, rowsToTake, tableToTake, type TakeQuestion } from './take-rows.ts';
export { deleteView, listViews, saveView } from './views.ts';
export { countFilters, countUnopenedCritical, listChoices, listUnopenedCritical } from './tallies.ts';

/**
 * Builds a study's row anew at once, for the answer to a verb that just changed it; the follower does the same a moment
 * later, from the verb's event, and tells the pages (docs/decisions/0004).
 */
export function refreshRow(db: WritableDb, studyId: string): void {
  projectRow(db, studyId);
}

/**
 * The worklist as a follower of the ledger: every event about a study builds its row anew, and tells who listens. A list that is
 * made anew, after an upgrade, is built a row a study: a row says what is, whichever events it came by.
 */
export function worklistConsumer(changed: (change: RowChange) => void): Consumer {
  return {
    name: 'worklist',
    startsFrom: 'beginning',
    buildSome: buildSomeRows,
    // A run's event stands alone: whether it is one that nobody is shown is asked when it is handled.
    coalesce: (event) =>
      patientsOf(event).length > 0 || runOf(event) !== null || isReading(event) ? null : event.studyId,
    handle(db, event) {
      if (isReading(event)) return;
      const { siteId, seq } = event;
      if (event.kind === 'model-exposure-settled' && event.payload !== null && siteId !== null)
        oweBuilding(db, siteId, event.payload.digest, event.atMs);
      const runId = runOf(event);
      // Of what is silent no page hears, not even that something happened.
      if (runId !== null && isSilentRun(db, runId)) return;
      // Who corrects an identity changes what the patients' other studies count as priors, too.
      const others = patientsOf(event).flatMap((patientId) => listStudyIdsOf(db, patientId));
      for (const studyId of new Set([event.studyId, ...others])) {
        if (studyId === null) continue;
        projectRow(db, studyId);
        if (siteId !== null) changed({ siteId, studyId, seq });
      }
    },
  };
}

/** That somebody looked at a study changes no row, and pages that ask anew at every look would be asked anew by it. */
function isReading({ kind }: LedgerEvent): boolean {
  return kind === 'study-read';
}

function runOf({ payload }: LedgerEvent): string | null {
  return payload !== null && 'runId' in payload ? String(payload.runId) : null;
}

function patientsOf(event: LedgerEvent): readonly string[] {
  // One study less counts as a prior of the others.
  if (event.kind === 'study-deleted' && event.patientId !== null) return [event.patientId];
  return event.payload !== null && 'patientIds' in event.payload ? event.payload.patientIds : [];
}
