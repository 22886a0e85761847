import type { Consumer } from '../platform/ledger/follow.ts';
import { projectRow } from './project-row.ts';

export { projectRow } from './project-row.ts';

export {
  countFilters,
  countUnopenedCritical,
  findNextUnread,
  findRow,
  listWindow,
  type WindowQuery,
} from './queries.ts';

/** The worklist as a follower of the ledger: every event about a study builds its row anew, and tells who listens. */
export function worklistConsumer(changed: (studyId: string, seq: number) => void): Consumer {
  return {
    name: 'worklist',
    startsFrom: 'beginning',
    coalesce: (event) => event.studyId,
    handle(db, event) {
      if (event.studyId === null) return;
      projectRow(db, event.studyId);
      changed(event.studyId, event.seq);
    },
  };
}
