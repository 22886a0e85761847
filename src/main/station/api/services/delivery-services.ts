import type { Delivery } from '../../../../shared/contract/deliveries.ts';
import type { CancelReason, DeliveryState, RetryReason } from '../../../../shared/domain/delivery.ts';
import { StudyId } from '../../../../shared/domain/ids.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { actorOf, type Principal, type Scope } from '../../access/index.ts';
import { countLetGo, listCommitmentsOf, recallStudy, type RetrievalWorker } from '../../archive/index.ts';
import {
  cancelDelivery,
  type DeliveryRow,
  type DeliveryWorker,
  findDeliveryRow,
  listDeliveries,
  retryDelivery,
  sendStudy,
} from '../../delivery/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ReadableDb, WritableDb } from '../../platform/store/database.ts';
import { findStudyFace, nameActor } from './study-face.ts';

type Settled = Result<Delivery, { readonly code: string }>;

/** What is owed to others offers the api. */
export type DeliveryServices = {
  list(scope: Scope, query: { readonly state?: DeliveryState | undefined; readonly limit: number }): Delivery[];
  send(
    principal: Principal,
    input: {
      readonly studyId: string;
      readonly patientId: string;
      readonly peerId: string;
      readonly seriesIds?: readonly string[] | undefined;
    },
  ): Settled;
  retry(principal: Principal, deliveryId: string, reason: RetryReason): Settled;
  cancel(principal: Principal, deliveryId: string, reason: CancelReason): Settled;
};

type DeliveryTools = {
  readonly db: WritableDb;
  readonly clock: Clock;
  readonly deliveries: Pick<DeliveryWorker, 'notify'>;
  readonly retrievals: Pick<RetrievalWorker, 'notify'>;
};

/** Binds deliveries to the verbs. */
export function deliveryServices({ db, clock, deliveries, retrievals }: DeliveryTools): DeliveryServices {
  const shown = (outcome: Result<{ readonly deliveryId: string }, { readonly code: string }>): Settled => {
    if (!outcome.ok) return outcome;
    deliveries.notify();
    const row = findDeliveryRow(db, outcome.value.deliveryId);
    return row === null ? err({ code: 'delivery-not-found' }) : ok(showDelivery(db, row));
  };
  return {
    list: ({ siteIds }, query) => listDeliveries(db, siteIds, query).map((row) => showDelivery(db, row)),
    send(principal, input) {
      const who = { siteId: principal.siteId, actor: actorOf(principal), atMs: clock.nowMs() };
      const sent = sendStudy(db, { ...input, ...who });
      // What was let go is fetched meanwhile; until it is back the delivery waits.
      if (sent.ok && countLetGo(db, input.studyId) > 0 && recallStudy(db, { ...who, studyId: input.studyId }).ok)
        retrievals.notify();
      return shown(sent);
    },
    retry: (principal, deliveryId, reason) =>
      shown(retryDelivery(db, { deliveryId, reason, ...settler(principal, clock) })),
    cancel: (principal, deliveryId, reason) =>
      shown(cancelDelivery(db, { deliveryId, reason, ...settler(principal, clock) })),
  };
}

function settler(principal: Principal, clock: Clock) {
  return { siteId: principal.siteId, actor: actorOf(principal), atMs: clock.nowMs() };
}

function showDelivery(db: ReadableDb, row: DeliveryRow): Delivery {
  const { siteId: _siteId, studyId, commitmentRequests: _requests, askedBy, ...shown } = row;
  return {
    ...shown,
    studyId: studyId === null ? null : StudyId.parse(studyId),
    study: findStudyFace(db, studyId),
    askedBy: nameActor(db, askedBy),
    commitment: findCommitment(db, row),
  };
}

function findCommitment(
  db: ReadableDb,
  { studyId, commitmentRequests }: Pick<DeliveryRow, 'studyId' | 'commitmentRequests'>,
): Delivery['commitment'] {
  if (studyId === null || commitmentRequests === null) return 'not-asked';
  const requestIds = JSON.parse(commitmentRequests) as readonly string[];
  const cards = listCommitmentsOf(db, studyId).filter(({ requestId }) => requestIds.includes(requestId));
  if (cards.length < requestIds.length || cards.some(({ state }) => state !== 'settled')) return 'asked';
  return cards.every(({ failed }) => failed === 0) ? 'committed' : 'not-committed';
}
