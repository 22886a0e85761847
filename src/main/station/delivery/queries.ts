import type { Delivery } from '../../../shared/contract/deliveries.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';

const LIST_DELIVERIES = `
  SELECT delivery_id AS deliveryId, study_id AS studyId, destination, kind, state, attempts, code, queued_at_ms AS queuedAtMs
    FROM deliveries WHERE site_id IN (SELECT value FROM json_each(@sites)) AND (@state IS NULL OR state = @state)
   ORDER BY queued_at_ms DESC LIMIT @limit
`;

/** What is owed and was delivered, newest first. */
export function listDeliveries(
  db: ReadableDb,
  siteIds: readonly string[],
  query: { readonly state?: Delivery['state'] | undefined; readonly limit: number },
): Delivery[] {
  return prepared<Delivery>(db, LIST_DELIVERIES).all({
    sites: JSON.stringify(siteIds),
    state: query.state ?? null,
    limit: query.limit,
  });
}
