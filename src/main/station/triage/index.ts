import type { Consumer } from '../platform/ledger/follow.ts';
import { placeSplitOff, placeStudy, raiseForRun, type TriagePolicy } from './set-urgency.ts';

export { DeadlinePolicy } from './deadlines.ts';
export type { TriagePolicy } from './set-urgency.ts';
export { findUrgency, type StudyUrgency } from './urgency-rows.ts';

/** Triage as a follower of the ledger: complete studies get clocks, flags raise them. */
export function triageConsumer(policy: TriagePolicy): Consumer {
  return {
    name: 'triage',
    startsFrom: 'beginning',
    handle(db, event) {
      if (event.studyId === null) return;
      switch (event.kind) {
        case 'study-completed':
          placeStudy(db, policy, event.studyId, event.atMs);
          return;
        case 'study-promoted':
          placeStudy(db, policy, event.studyId, event.atMs, event.atMs);
          return;
        case 'study-split':
          if (event.payload?.role === 'split-off')
            placeSplitOff(db, policy, event.studyId, event.payload.otherStudyId, event.atMs);
          return;
        case 'run-finished':
          if (event.payload !== null) raiseForRun(db, policy, event.studyId, event.payload.runId, event.atMs);
          return;
        default:
          return;
      }
    },
  };
}
