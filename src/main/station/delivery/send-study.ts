import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { CancelReason, RetryReason } from '../../../shared/domain/delivery.ts';
import { findPeerTitle, findRemote, findStudyCard, listSeries, placeHold, releaseHold } from '../archive/index.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { Actor } from '../platform/ledger/event.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { findDelivery, findOpenDelivery, type ImageDelivery, insertDelivery, moveDelivery } from './deliveries.ts';
import { TRANSITIONS } from './delivery-states.ts';

/** What somebody asks to have sent, and whom they saw as the patient. */
export type SendStudy = {
  readonly siteId: string;
  readonly studyId: string;
  readonly patientId: string;
  readonly peerId: string;
  /** Chosen series; left out, all of the study. */
  readonly seriesIds?: readonly string[] | undefined;
  readonly actor: Actor;
  readonly atMs: number;
};

/** Why a study is not owed to a peer. */
export type SendRefusal = {
  readonly code: 'study-not-found' | 'identity-changed' | 'series-not-found' | 'peer-not-callable' | 'nothing-to-send';
};

/** Who holds a study for a delivery. */
export const holderOf = (deliveryId: string): string => `delivery/${deliveryId}`;

/**
 * Owes a peer the images of a study, in the versions that are current when they leave; the study is held here until then.
 * One that is on its way there already stands in for it. Of a study
 * that a person corrected, copies leave that name whom it names now.
 */
export function sendStudy(db: WritableDb, input: SendStudy): Result<ImageDelivery, SendRefusal> {
  return inTransaction(db, () => {
    const { siteId, studyId, peerId, actor, atMs } = input;
    const study = findStudyCard(db, studyId);
    if (study === null || study.siteId !== siteId) return err({ code: 'study-not-found' });
    if (study.patient.patientId !== input.patientId) return err({ code: 'identity-changed' });
    if (study.images === 0) return err({ code: 'nothing-to-send' });
    const known = new Set(listSeries(db, studyId).map(({ seriesId }) => seriesId));
    const seriesIds = input.seriesIds === undefined ? null : [...new Set(input.seriesIds)];
    if (seriesIds?.some((seriesId) => !known.has(seriesId))) return err({ code: 'series-not-found' });
    const destination = findPeerTitle(db, peerId);
    if (destination === null || findRemote(db, { siteId, peerId }) === null) return err({ code: 'peer-not-callable' });
    const open = findOpenDelivery(db, { studyId, peerId, seriesIds });
    if (open !== null) return ok(open);
    const deliveryId = freshRowId();
    insertDelivery(db, {
      ...{ deliveryId, siteId, studyId, peerId, seriesIds, destination, actor, atMs },
      revision: study.revision,
    });
    appendEvent(db, {
      kind: 'delivery-queued',
      payload: { deliveryId, peerId, series: seriesIds?.length ?? null },
      ...{ siteId, studyId, patientId: study.patient.patientId, actor, correlationId: deliveryId, atMs },
    });
    placeHold(db, { studyId, holder: holderOf(deliveryId), reason: 'not-delivered-yet' }, { actor, atMs });
    return ok(getDelivery(db, deliveryId));
  });
}

type Settling<Reason> = {
  readonly siteId: string;
  readonly deliveryId: string;
  readonly reason: Reason;
  readonly actor: Actor;
  readonly atMs: number;
};

/** Has a delivery that waits or came to rest tried again at once; what the peer has refused is offered to it anew. */
export function retryDelivery(
  db: WritableDb,
  { siteId, deliveryId, reason, actor, atMs }: Settling<RetryReason>,
): Result<ImageDelivery, { code: 'delivery-not-found' | 'delivery-has-ended' | 'delivery-is-under-way' }> {
  return inTransaction(db, () => {
    const delivery = findDelivery(db, deliveryId);
    if (delivery === null || delivery.siteId !== siteId) return err({ code: 'delivery-not-found' });
    if (!moveDelivery(db, deliveryId, 'retry', { atMs, code: null, dueAtMs: atMs })) {
      const isOver = Object.keys(TRANSITIONS[delivery.state]).length === 0;
      return err({ code: isOver ? 'delivery-has-ended' : 'delivery-is-under-way' });
    }
    const { studyId, peerId } = delivery;
    appendEvent(db, {
      kind: 'delivery-retried',
      payload: { deliveryId, peerId, reason },
      ...{ siteId, studyId, actor, correlationId: deliveryId, atMs },
    });
    return ok(getDelivery(db, deliveryId));
  });
}

/** Gives a delivery up: nothing more of it is sent, and the study is no longer held for it. */
export function cancelDelivery(
  db: WritableDb,
  { siteId, deliveryId, reason, actor, atMs }: Settling<CancelReason>,
): Result<ImageDelivery, { code: 'delivery-not-found' | 'delivery-has-ended' }> {
  return inTransaction(db, () => {
    const delivery = findDelivery(db, deliveryId);
    if (delivery === null || delivery.siteId !== siteId) return err({ code: 'delivery-not-found' });
    if (!moveDelivery(db, deliveryId, 'cancel', { atMs })) return err({ code: 'delivery-has-ended' });
    const { studyId, peerId, sent } = delivery;
    appendEvent(db, {
      kind: 'delivery-cancelled',
      payload: { deliveryId, peerId, reason, sent },
      ...{ siteId, studyId, actor, correlationId: deliveryId, atMs },
    });
    releaseHold(db, { studyId, holder: holderOf(deliveryId) }, { actor, atMs });
    return ok(getDelivery(db, deliveryId));
  });
}

function getDelivery(db: WritableDb, deliveryId: string): ImageDelivery {
  const delivery = findDelivery(db, deliveryId);
  if (delivery === null) throw new Error('a delivery is not there');
  return delivery;
}
