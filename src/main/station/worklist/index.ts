import type { Consumer } from '../platform/ledger/follow.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { projectRow } from './project-row.ts';

export {
  countFilters,
  countUnopenedCritical,
  findNextUnread,
  findRow,
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
    coalesce: (event) => event.studyId,
    handle(db, event) {
      if (event.studyId === null) return;
      projectRow(db, event.studyId);
      if (event.siteId !== null) changed({ siteId: event.siteId, studyId: event.studyId, seq: event.seq });
    },
  };
}
