import type { Delivery } from '../../../shared/contract/deliveries.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';

/** Walks deliveries_in_order, or deliveries_by_state where one state is asked for. */
export const LIST_DELIVERIES = (narrowing: '' | 'AND state = @state') => `
  SELECT delivery_id AS deliveryId, study_id AS studyId, destination, kind, state, attempts, code, queued_at_ms AS queuedAtMs
    FROM deliveries WHERE +site_id IN (SELECT value FROM json_each(@sites)) ${narrowing}
   ORDER BY queued_at_ms DESC LIMIT @limit
`;

/** What is owed and was delivered, newest first. */
export function listDeliveries(
  db: ReadableDb,
  siteIds: readonly string[],
  query: { readonly state?: Delivery['state'] | undefined; readonly limit: number },
): Delivery[] {
  const { state, limit } = query;
  const sites = JSON.stringify(siteIds);
  return state === undefined
    ? prepared<Delivery>(db, LIST_DELIVERIES('')).all({ sites, limit })
    : prepared<Delivery>(db, LIST_DELIVERIES('AND state = @state')).all({ sites, state, limit });
}
