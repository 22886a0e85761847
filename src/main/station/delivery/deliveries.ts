import type { DeliveryCode, DeliveryState } from '../../../shared/domain/delivery.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { type DeliverySignal, statesBefore, TRANSITIONS } from './delivery-states.ts';

/** Images owed to a peer, and how far they are. `items`: objects that belong to it, null before they were counted. */
export type ImageDelivery = {
  readonly deliveryId: string;
  readonly siteId: string;
  readonly studyId: string;
  readonly peerId: string;
  readonly destination: string;
  /** Chosen series; null is the whole study. */
  readonly seriesIds: readonly string[] | null;
  readonly state: DeliveryState;
  /** Since a person last asked for it. */
  readonly attempts: number;
  readonly code: DeliveryCode | null;
  readonly items: number | null;
  readonly sent: number;
  readonly failed: number;
  readonly askedByKind: Actor['kind'];
  readonly askedBy: string;
};

/** What the peer said of one object; a status of null: it takes none of its class. */
export type ItemOutcome = {
  readonly sopUid: string;
  readonly digest: string;
  /** When it was corrected whose it is, as it left; null: it left as it was received. */
  readonly correctedAtMs: number | null;
  readonly state: 'sent' | 'refused';
  readonly status: number | null;
};

/** What a step changes besides the state; left out stays. */
export type DeliveryChange = {
  readonly atMs: number;
  readonly code?: DeliveryCode | null;
  readonly status?: number | null;
  readonly dueAtMs?: number;
};

const COLUMNS = `
  delivery_id AS deliveryId, site_id AS siteId, study_id AS studyId, peer_id AS peerId, destination, series_ids AS seriesIds, state, attempts,
  code, items, sent, failed, asked_by_kind AS askedByKind, asked_by AS askedBy
`;
const GET = `SELECT ${COLUMNS} FROM deliveries WHERE delivery_id = ? AND kind = 'images'`;
const INSERT = `
  INSERT INTO deliveries (delivery_id, site_id, study_id, study_revision, destination, peer_id, kind, series_ids, state, asked_by_kind, asked_by,
                          queued_at_ms, due_at_ms)
  VALUES (@deliveryId, @siteId, @studyId, @revision, @destination, @peerId, 'images', @seriesIds, 'queued', @askedByKind, @askedBy, @atMs, @atMs)
`;
/** Walks deliveries_open. */
export const FIND_OPEN_DELIVERY = `
  SELECT delivery_id AS deliveryId FROM deliveries INDEXED BY deliveries_open
   WHERE study_id = @studyId AND peer_id = @peerId AND state IN ('queued', 'claimed', 'sent', 'held') AND series_ids IS @seriesIds
`;
/** Walks deliveries_due, past destinations that are being sent to. */
export const NEXT_DELIVERY = `
  SELECT ${COLUMNS}, due_at_ms AS dueAtMs FROM deliveries INDEXED BY deliveries_due
   WHERE state = 'queued' AND kind = 'images' AND peer_id NOT IN (SELECT value FROM json_each(@busy))
   ORDER BY due_at_ms, delivery_id LIMIT 1
`;
const MOVE = (signal: DeliverySignal) => `
  UPDATE deliveries SET state = CASE state ${statesBefore(signal)
    .map((state) => `WHEN '${state}' THEN '${TRANSITIONS[state][signal]}'`)
    .join(' ')} END,
         attempts = attempts + @attempts, code = iif(@setsCode, @code, code), status = iif(@setsCode, @status, status),
         due_at_ms = coalesce(@dueAtMs, due_at_ms), started_at_ms = iif(@starts, @atMs, started_at_ms),
         ended_at_ms = iif(@ends, @atMs, NULL)
   WHERE delivery_id = @deliveryId AND state IN (${statesBefore(signal)
     .map((state) => `'${state}'`)
     .join()})
`;
const ENDS: ReadonlySet<DeliverySignal> = new Set(['accepted', 'refused', 'stuck', 'cancel']);
const FORGET_REFUSALS = "DELETE FROM delivery_items WHERE delivery_id = ? AND state = 'refused'";
const START_COUNTING_ANEW = 'UPDATE deliveries SET attempts = 0, failed = 0 WHERE delivery_id = ?';
const COUNT = `
  UPDATE deliveries SET items = coalesce(@items, items),
         sent = (SELECT count(*) FROM delivery_items WHERE delivery_id = @deliveryId AND state = 'sent'),
         failed = (SELECT count(*) FROM delivery_items WHERE delivery_id = @deliveryId AND state = 'refused')
   WHERE delivery_id = @deliveryId
`;
const PUT_ITEM = `
  INSERT INTO delivery_items (delivery_id, site_id, sop_uid, digest, corrected_at_ms, state, status)
  SELECT delivery_id, site_id, @sopUid, @digest, @correctedAtMs, @state, @status FROM deliveries WHERE delivery_id = @deliveryId
  ON CONFLICT (delivery_id, sop_uid) DO UPDATE SET digest = excluded.digest, corrected_at_ms = excluded.corrected_at_ms, state = excluded.state, status = excluded.status
`;
const LIST_ITEMS =
  'SELECT sop_uid AS sopUid, digest, corrected_at_ms AS correctedAtMs, state, status FROM delivery_items WHERE delivery_id = ?';
const NOTE_COMMITMENT = 'UPDATE deliveries SET commitment_requests = ? WHERE delivery_id = ?';
const LOSE_ALL = `
  UPDATE deliveries SET state = '${TRANSITIONS.claimed.lost}', due_at_ms = ? WHERE state IN (${statesBefore('lost')
    .map((state) => `'${state}'`)
    .join()})
`;

type Row = Omit<ImageDelivery, 'seriesIds'> & { readonly seriesIds: string | null };

function deliveryOf(row: Row): ImageDelivery {
  return { ...row, seriesIds: row.seriesIds === null ? null : (JSON.parse(row.seriesIds) as readonly string[]) };
}

/** Adds one that waits, due now. */
export function insertDelivery(
  db: WritableDb,
  row: Pick<ImageDelivery, 'deliveryId' | 'siteId' | 'studyId' | 'destination' | 'peerId' | 'seriesIds'> & {
    readonly revision: number;
    readonly actor: Actor;
    readonly atMs: number;
  },
): void {
  const { actor, seriesIds, ...rest } = row;
  prepared(db, INSERT).run({ ...rest, seriesIds: textOf(seriesIds), askedByKind: actor.kind, askedBy: actor.id });
}

/** One of the same study, series and peer that has not come to its end, or null. */
export function findOpenDelivery(
  db: ReadableDb,
  { studyId, peerId, seriesIds }: Pick<ImageDelivery, 'studyId' | 'peerId' | 'seriesIds'>,
): ImageDelivery | null {
  const values = { studyId, peerId, seriesIds: textOf(seriesIds) };
  const found = prepared<{ deliveryId: string }>(db, FIND_OPEN_DELIVERY).get(values);
  return found === undefined ? null : findDelivery(db, found.deliveryId);
}

const textOf = (seriesIds: readonly string[] | null) =>
  seriesIds === null ? null : JSON.stringify(seriesIds.toSorted());

/** A delivery of images, or null. */
export function findDelivery(db: ReadableDb, deliveryId: string): ImageDelivery | null {
  const row = prepared<Row>(db, GET).get(deliveryId);
  return row === undefined ? null : deliveryOf(row);
}

/** The one whose turn comes next among peers that are not busy, and when; null where none waits. */
export function nextDelivery(
  db: ReadableDb,
  busyPeerIds: readonly string[],
): { readonly delivery: ImageDelivery; readonly dueAtMs: number } | null {
  const row = prepared<Row & { readonly dueAtMs: number }>(db, NEXT_DELIVERY).get({
    busy: JSON.stringify(busyPeerIds),
  });
  return row === undefined ? null : { delivery: deliveryOf(row), dueAtMs: row.dueAtMs };
}

/** Takes a delivery a step on; false where it is in no state that the signal changes, a cancelled one say. */
export function moveDelivery(
  db: WritableDb,
  deliveryId: string,
  signal: DeliverySignal,
  { atMs, code, status = null, dueAtMs }: DeliveryChange,
): boolean {
  return inTransaction(db, () => {
    const { changes } = prepared(db, MOVE(signal)).run({
      ...{ deliveryId, atMs, status, code: code ?? null, dueAtMs: dueAtMs ?? null },
      attempts: signal === 'claim' ? 1 : 0,
      setsCode: code === undefined ? 0 : 1,
      starts: signal === 'claim' ? 1 : 0,
      ends: ENDS.has(signal) ? 1 : 0,
    });
    if (changes > 0 && signal === 'retry') {
      prepared(db, FORGET_REFUSALS).run(deliveryId);
      prepared(db, START_COUNTING_ANEW).run(deliveryId);
    }
    return changes > 0;
  });
}

/** Notes what the peer said of objects, and how many belong to the delivery where that was counted anew. */
export function noteItems(
  db: WritableDb,
  deliveryId: string,
  outcomes: readonly ItemOutcome[],
  items: number | null = null,
): void {
  inTransaction(db, () => {
    for (const outcome of outcomes) prepared(db, PUT_ITEM).run({ deliveryId, ...outcome });
    prepared(db, COUNT).run({ deliveryId, items });
  });
}

/** What the peer said so far, by SOP Instance UID. */
export function listItems(db: ReadableDb, deliveryId: string): ReadonlyMap<string, ItemOutcome> {
  return new Map(
    prepared<ItemOutcome>(db, LIST_ITEMS)
      .all(deliveryId)
      .map((item) => [item.sopUid, item]),
  );
}

/** Notes by which transactions the peer was asked to answer for what was delivered. */
export function noteCommitment(db: WritableDb, deliveryId: string, requestIds: readonly string[]): void {
  inTransaction(db, () => prepared(db, NOTE_COMMITMENT).run(JSON.stringify(requestIds), deliveryId));
}

/** At a start: what a stopped process was about waits again, due now. */
export function requeueLost(db: WritableDb, atMs: number): void {
  inTransaction(db, () => prepared(db, LOSE_ALL).run(atMs));
}
