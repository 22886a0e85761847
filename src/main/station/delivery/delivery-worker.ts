import type { DeliveryCode } from '../../../shared/domain/delivery.ts';
import { listPeers, releaseHold, requestCommitment } from '../archive/index.ts';
import type { Clock } from '../platform/clock.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import type { Log } from '../platform/log.ts';
import { durable } from '../platform/store/durability.ts';
import { isOutOfRoom } from '../platform/store/out-of-room.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { NO_ROOM_PAUSE_MS, whenRoom } from '../platform/store/when-room.ts';
import { type Attempt, attemptDelivery, type AttemptTools } from './attempt-delivery.ts';
import {
  findDelivery,
  listItems,
  type ImageDelivery,
  moveDelivery,
  nextDelivery,
  noteCommitment,
  requeueLost,
} from './deliveries.ts';
import { holderOf } from './send-study.ts';

/** Sends what is owed, one delivery at a time to each peer. */
export type DeliveryWorker = {
  start(): void;
  /** Something may wait, or was given up. */
  notify(): void;
  /** Breaks off what is under way; the rows stay, and the next start goes on with them. */
  stop(): Promise<void>;
};

type WorkerTools = Omit<AttemptTools, 'nowMs'> & {
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 to 1, as `Math.random`: so that what failed together is not tried again together. */
  readonly random?: () => number;
  /** How long a disk without room is left alone, in ms. */
  readonly noRoomPauseMs?: number;
};

type Running = { readonly deliveryId: string; readonly done: Promise<void>; readonly breakOff: () => void };

/** Peers sent to at the same time. */
const AT_ONCE = 4;
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 30 * 60_000;
const LONGEST_SLEEP_MS = 30_000;
/**
 * After so many attempts that ended for this reason a person has to look; everything else is tried for as long as it takes.
 * What waits for files to come back is held after about an hour, what a peer refuses again and again after about a day.
 */
const PATIENCE: Readonly<Partial<Record<DeliveryCode, number>>> = {
  'objects-not-here': 8,
  'refused-for-now': 50,
  'internal-fault': 5,
};

/** How long to wait after so many attempts, in ms: three times longer each time, at most half an hour, give or take a fifth. */
export function pauseBefore(attempts: number, random: number): number {
  const pauseMs = Math.min(FIRST_PAUSE_MS * 3 ** Math.max(0, attempts - 1), LONGEST_PAUSE_MS);
  return Math.round(pauseMs * (0.8 + 0.4 * random));
}

/** A worker over the queue of deliveries. */
export function createDeliveryWorker(tools: WorkerTools): DeliveryWorker {
  const { db, clock, log, random = Math.random, noRoomPauseMs = NO_ROOM_PAUSE_MS } = tools;
  const ending = new AbortController();
  const running = new Map<string, Running>();
  const attemptTools: AttemptTools = { ...tools, nowMs: () => clock.nowMs() };
  let isStarted = false;
  let timer: NodeJS.Timeout | null = null;

  /** A fault here, a full disk say, ends nothing: the queue is rows, and is looked at again. */
  function look(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    try {
      breakOffGivenUp();
      begin();
    } catch (error) {
      if (!isOutOfRoom(error)) log.incident('deliveries-not-begun', error);
      if (isStarted) timer = setTimeout(look, noRoomPauseMs).unref();
    }
  }

  /** One that was given up meanwhile is broken off, also where the peer does not answer. */
  function breakOffGivenUp(): void {
    for (const { deliveryId, breakOff } of running.values()) if (!isUnderWay(deliveryId)) breakOff();
  }

  function begin(): void {
    while (isStarted && running.size < AT_ONCE) {
      const next = nextDelivery(db, [...running.keys()]);
      const waitMs = next === null ? LONGEST_SLEEP_MS : next.dueAtMs - clock.nowMs();
      if (next === null || waitMs > 0) {
        timer = setTimeout(look, Math.min(waitMs, LONGEST_SLEEP_MS)).unref();
        return;
      }
      const { delivery } = next;
      if (moveDelivery(db, delivery.deliveryId, 'claim', { atMs: clock.nowMs() })) attempt(delivery);
    }
  }

  function attempt(delivery: ImageDelivery): void {
    const { deliveryId, peerId } = delivery;
    const breaking = new AbortController();
    const done = run(delivery, breaking.signal)
      // It stays as it is, and is found as lost at the next start.
      .catch((error: unknown) => void log.incident('delivery-not-settled', error, { correlationId: deliveryId }))
      .finally(() => {
        running.delete(peerId);
        look();
      });
    running.set(peerId, { deliveryId, done, breakOff: () => breaking.abort() });
  }

  function isUnderWay(deliveryId: string): boolean {
    return ['claimed', 'sent'].includes(findDelivery(db, deliveryId)?.state ?? '');
  }

  async function run(delivery: ImageDelivery, signal: AbortSignal): Promise<void> {
    const { deliveryId } = delivery;
    const mayGoOn = () => !signal.aborted && isUnderWay(deliveryId);
    let outcome: Attempt;
    try {
      // Who wants it sent stands in the ledger before anything leaves.
      await durable(db);
      outcome = await attemptDelivery(attemptTools, delivery, signal, mayGoOn);
    } catch (error) {
      const code = isOutOfRoom(error) ? 'no-room-here' : 'internal-fault';
      if (code === 'internal-fault') log.incident('delivery-attempt-failed', error, { correlationId: deliveryId });
      outcome = { how: 'again', code, status: null, gotFurther: false };
    }
    // What a shutdown broke off stays as it is, and is found as lost at the next start.
    if (signal.aborted || outcome.how === 'stopped') return;
    const settled = outcome;
    await whenRoom(() => settle(deliveryId, settled), ending.signal, noRoomPauseMs);
  }

  function settle(deliveryId: string, attempt: Exclude<Attempt, { how: 'stopped' }>): void {
    inTransaction(db, () => {
      const delivery = findDelivery(db, deliveryId);
      if (delivery === null) throw new Error('a delivery is not there');
      const { siteId, studyId, peerId, sent, failed, attempts } = delivery;
      const atMs = clock.nowMs();
      const about = {
        ...{ siteId, studyId, actor: serviceActor('delivery'), correlationId: deliveryId, atMs },
      } as const;
      if (attempt.how === 'delivered') {
        if (!moveDelivery(db, deliveryId, 'accepted', { atMs, code: null })) return;
        appendEvent(db, { kind: 'delivery-delivered', payload: { deliveryId, peerId, sent }, ...about });
        askToAnswer(delivery, attempt.sopUids, atMs);
        releaseHold(db, { studyId, holder: holderOf(deliveryId) }, about);
        return;
      }
      const { code, status } = attempt;
      if (attempt.how === 'rejected') {
        if (moveDelivery(db, deliveryId, 'refused', { atMs, code, status }))
          appendEvent(db, {
            ...{ kind: 'delivery-rejected', payload: { deliveryId, peerId, code, sent, failed }, ...about },
          });
        return;
      }
      if (attempts >= (PATIENCE[code] ?? Number.POSITIVE_INFINITY)) {
        if (moveDelivery(db, deliveryId, 'stuck', { atMs, code, status }))
          appendEvent(db, { kind: 'delivery-held', payload: { deliveryId, peerId, code, sent }, ...about });
        return;
      }
      // What got further is worth another look soon.
      const dueAtMs = atMs + pauseBefore(attempt.gotFurther ? 1 : attempts, random());
      moveDelivery(db, deliveryId, 'again', { atMs, code, status, dueAtMs });
    });
  }

  /** An archive that offers it is asked to answer for what it took, so that the study may leave here one day. */
  function askToAnswer(delivery: ImageDelivery, sopUids: readonly string[], atMs: number): void {
    const { siteId, studyId, peerId, deliveryId } = delivery;
    const peer = listPeers(db, siteId).find((one) => one.peerId === peerId);
    if (peer === undefined || !peer.isArchive || !peer.services.includes('commit')) return;
    const items = listItems(db, deliveryId);
    const taken = new Map(
      sopUids.flatMap((sopUid) => {
        const item = items.get(sopUid);
        return item?.state === 'sent' ? [[sopUid, item] as const] : [];
      }),
    );
    const asked = requestCommitment(db, {
      ...{ siteId, studyId, peer: { peerId }, taken, actor: serviceActor('delivery'), atMs },
    });
    if (asked.ok) noteCommitment(db, deliveryId, asked.value);
  }

  return {
    start() {
      isStarted = true;
      requeueLost(db, clock.nowMs());
      look();
    },
    notify: look,
    async stop() {
      isStarted = false;
      ending.abort();
      if (timer !== null) clearTimeout(timer);
      for (const { breakOff } of running.values()) breakOff();
      await Promise.all([...running.values()].map(({ done }) => done));
    },
  };
}
