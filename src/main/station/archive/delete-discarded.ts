import { DAY_MS } from '../../../shared/domain/durations.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { findObject, recordEvicted } from '../platform/objects/records.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { type FreedFiles, isHere } from './eviction.ts';
import { listDiscarded } from './settle-quarantined.ts';

/** Discarded objects that may go, by digest, and as of when nothing else named them. */
export type DiscardedList = { readonly digests: readonly string[]; readonly asOfMs: number };

/** Rows of any site by which somebody may still want the file: held, or discarded a shorter while ago. */
const FIND_WANTED = `
  SELECT 1 FROM quarantine WHERE digest = @digest AND (state = 'held' OR (state = 'discarded' AND settled_at_ms >= @beforeMs)) LIMIT 1
`;
/** Walks instance_versions_by_arrival, site by site: what was filed since the list was made. */
export const FIND_FILED_SINCE = `
  WITH RECURSIVE holding (site_id) AS (
    SELECT min(site_id) FROM instances
    UNION ALL SELECT (SELECT min(i.site_id) FROM instances i WHERE i.site_id > holding.site_id) FROM holding WHERE site_id IS NOT NULL)
  SELECT 1 FROM holding CROSS JOIN instance_versions v ON v.site_id = holding.site_id AND v.received_at_ms >= @sinceMs
   WHERE v.digest = @digest LIMIT 1
`;
const LIST_ROWS = `
  SELECT quarantine_id AS quarantineId, study_id AS studyId, settled_because AS because FROM quarantine
   WHERE site_id = @siteId AND digest = @digest AND state = 'discarded'
`;

/**
 * What of a site was discarded before a moment, is still here, and nothing else names. Looks through every version on
 * record, so on a reader thread.
 */
export function listDeletableDiscarded(db: ReadableDb, siteId: string, beforeMs: number, nowMs: number): DiscardedList {
  const digests = [...new Set(listDiscarded(db, siteId, beforeMs))].filter(
    (digest) => isHere(db, digest) && prepared(db, FIND_WANTED).get({ digest, beforeMs }) === undefined,
  );
  return { digests, asOfMs: nowMs };
}

/**
 * Lets one discarded object go, judged anew here and now: its row stays and says that it was discarded, and it cannot be taken
 * back any more. Gives the file that is then nobody's, none where somebody wants it after all.
 */
export function deleteDiscarded(
  db: WritableDb,
  {
    siteId,
    digest,
    beforeMs,
    listedAtMs,
    atMs,
  }: Readonly<Record<'siteId' | 'digest', string>> & {
    readonly beforeMs: number;
    readonly listedAtMs: number;
    readonly atMs: number;
  },
): FreedFiles {
  return inTransaction(db, () => {
    const object = findObject(db, digest);
    const rows = prepared<{ quarantineId: string; studyId: string | null; because: string | null }>(db, LIST_ROWS).all({
      siteId,
      digest,
    });
    const isWanted =
      prepared(db, FIND_WANTED).get({ digest, beforeMs }) !== undefined ||
      prepared(db, FIND_FILED_SINCE).get({ digest, sinceMs: listedAtMs - DAY_MS }) !== undefined;
    if (object === null || rows.length === 0 || isWanted || !recordEvicted(db, digest, atMs)) return [];
    for (const { quarantineId, studyId, because } of rows)
      appendEvent(db, {
        kind: 'quarantine-settled',
        payload: { quarantineId, digest, how: 'deleted', because: because ?? '' },
        ...{ siteId, studyId, actor: serviceActor('archive'), correlationId: quarantineId, atMs },
      });
    return [object];
  });
}
