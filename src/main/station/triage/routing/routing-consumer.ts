import { findStudyCard } from '../../archive/index.ts';
import { serviceActor } from '../../platform/ledger/event.ts';
import type { Consumer } from '../../platform/ledger/follow.ts';
import type { WritableDb } from '../../platform/store/database.ts';
import { pointsOf } from './kind-of-study.ts';
import { endPinOpened, endTakes } from './overrides.ts';
import { endPresence } from './presence.ts';
import { isSeenOfLate } from './readers-now.ts';
import { noteReaderOpening } from './reading-speed.ts';
import { oweRouting } from './route-job.ts';
import { dropRoute, findRoute, outdateRoute } from './route-rows.ts';

/** Events that come one on another are answered with one look at the list. */
const SOON_MS = 300;

/** Routing as a follower of the ledger: it looks again at what changed, and at everybody where somebody came, went or opened something. */
export const routingConsumer: Consumer = {
  name: 'routing',
  startsFrom: 'registration',
  handle(db, event) {
    const { studyId, siteId, atMs } = event;
    if (siteId === null) return;
    const lookSoon = () => oweRouting(db, siteId, atMs + SOON_MS);
    switch (event.kind) {
      case 'user-signed-in':
        return lookSoon();
      case 'user-signed-out':
        if (event.payload !== null) endHere(db, siteId, event.payload.userId, atMs);
        return lookSoon();
      case 'study-opened': {
        const study = studyId === null ? null : findStudyCard(db, studyId);
        if (study === null || event.payload === null) return;
        const { userId } = event.payload;
        const points = findRoute(db, study.studyId)?.points ?? pointsOf(db, study.studyId, study.images, study.priors);
        noteReaderOpening(db, { siteId, userId, studyId: study.studyId, points, atMs });
        endPinOpened(db, study.studyId, userId, atMs);
        dropRoute(db, study.studyId);
        return lookSoon();
      }
      case 'study-deleted':
        if (studyId !== null) dropRoute(db, studyId);
        return;
      case 'urgency-set':
        if (studyId === null || event.payload === null) return;
        outdateRoute(db, studyId, event.payload.level !== event.payload.previous);
        return lookSoon();
      case 'run-finished':
      case 'study-completed':
      case 'study-attributes-changed':
      case 'study-moved':
      case 'identity-undone':
        if (studyId === null) return;
        outdateRoute(db, studyId, false);
        return lookSoon();
      default:
        return;
    }
  },
};

/** What a reader said of themselves ends as they sign out, and so does what they took; not where they read on at another machine. */
function endHere(db: WritableDb, siteId: string, userId: string, atMs: number): void {
  if (isSeenOfLate(db, { siteId, userId, nowMs: atMs })) return;
  endPresence(db, { siteId, userId, atMs, actor: serviceActor('triage') });
  endTakes(db, { siteId, userId, atMs });
}
