import type { DeliveryCode, DeliveryState } from '../../../shared/domain/delivery.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';

/** A delivery as people see it; `series`: how many were chosen, null for the whole study. */
export type DeliveryRow = {
  readonly deliveryId: string;
  readonly siteId: string;
  readonly studyId: string | null;
  readonly destination: string;
  readonly kind: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly code: DeliveryCode | null;
  readonly status: number | null;
  readonly items: number | null;
  readonly sent: number;
  readonly failed: number;
  readonly series: number | null;
  readonly askedBy: string;
  readonly queuedAtMs: number;
  readonly nextAttemptAtMs: number | null;
  readonly endedAtMs: number | null;
  /** Transactions (JSON) by which the destination was asked to answer for it. */
  readonly commitmentRequests: string | null;
};

const COLUMNS = `
  delivery_id AS deliveryId, site_id AS siteId, study_id AS studyId, destination, kind, state, attempts, code, status, items, sent, failed,
  json_array_length(series_ids) AS series, asked_by AS askedBy, queued_at_ms AS queuedAtMs, iif(state = 'queued', due_at_ms, NULL) AS nextAttemptAtMs,
  ended_at_ms AS endedAtMs, commitment_requests AS commitmentRequests
`;

/** Walks deliveries_in_order, or deliveries_by_state where one state is asked for. */
export const LIST_DELIVERIES = (narrowing: '' | 'AND state = @state') => `
  SELECT ${COLUMNS} FROM deliveries WHERE +site_id IN (SELECT value FROM json_each(@sites)) ${narrowing}
   ORDER BY queued_at_ms DESC LIMIT @limit
`;

/** What is owed and was delivered, newest first. */
export function listDeliveries(
  db: ReadableDb,
  siteIds: readonly string[],
  query: { readonly state?: DeliveryState | undefined; readonly limit: number },
): readonly DeliveryRow[] {
  const { state, limit } = query;
  const sites = JSON.stringify(siteIds);
  return state === undefined
    ? prepared<DeliveryRow>(db, LIST_DELIVERIES('')).all({ sites, limit })
    : prepared<DeliveryRow>(db, LIST_DELIVERIES('AND state = @state')).all({ sites, state, limit });
}

const GET = `SELECT ${COLUMNS} FROM deliveries WHERE delivery_id = ?`;

/** One as people see it, or null. */
export function findDeliveryRow(db: ReadableDb, deliveryId: string): DeliveryRow | null {
  return prepared<DeliveryRow>(db, GET).get(deliveryId) ?? null;
}

/** Walks deliveries_waiting, without opening a row. */
export const COUNT_WAITING = `
  SELECT count(*) AS waiting FROM deliveries
   WHERE state IN ('queued', 'claimed', 'sent', 'held') AND peer_id = ?
`;

/** How many deliveries a peer has not taken yet, those that wait for a person included. */
export function countWaitingFor(db: ReadableDb, peerId: string): number {
  return prepared<{ waiting: number }>(db, COUNT_WAITING).get(peerId)?.waiting ?? 0;
}
