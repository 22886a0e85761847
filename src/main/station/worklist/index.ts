import { listStudyIdsOf } from '../archive/index.ts';
import type { LedgerEvent } from '../platform/ledger/event.ts';
import type { Consumer } from '../platform/ledger/follow.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { projectRow } from './project-row.ts';

export {
  countFilters,
  countUnopenedCritical,
  findNextUnread,
  findRow,
  isOpenStudy,
  listWindow,
  type WindowQuery,
} from './queries.ts';

/**
 * Builds a study's row anew at once, for the answer to a verb that just changed it; the follower does the same a moment
 * later, from the verb's event, and tells the pages (docs/decisions/0004).
 */
export function refreshRow(db: WritableDb, studyId: string): void {
  projectRow(db, studyId);
}

/** The worklist as a follower of the ledger: every event about a study builds its row anew, and tells who listens. */
export function worklistConsumer(
  changed: (change: { readonly siteId: string; readonly studyId: string; readonly seq: number }) => void,
): Consumer {
  return {
    name: 'worklist',
    startsFrom: 'beginning',
    coalesce: (event) => (patientsOf(event).length > 0 ? null : event.studyId),
    handle(db, event) {
      const { siteId, seq } = event;
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

function patientsOf(event: LedgerEvent): readonly string[] {
  // One study less counts as a prior of the others.
  if (event.kind === 'study-deleted' && event.patientId !== null) return [event.patientId];
  return event.payload !== null && 'patientIds' in event.payload ? event.payload.patientIds : [];
}
