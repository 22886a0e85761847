import type { QuarantineReason } from '../../../shared/domain/study.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';

export type QuarantineState = 'held' | 'released' | 'discarded';

/** An object set aside, as a list shows it. */
export type QuarantineRow = {
  readonly quarantineId: string;
  readonly siteId: string;
  readonly digest: string;
  readonly reason: QuarantineReason;
  readonly state: QuarantineState;
  readonly sopUid: string | null;
  readonly studyId: string | null;
  readonly peerId: string | null;
  readonly aeTitle: string | null;
  readonly receivedAtMs: number;
  readonly settledAtMs: number | null;
  readonly settledBy: string | null;
  readonly settledBecause: string | null;
};

/** Which rows are asked for, newest first; `after` is the key of the last row seen. */
export type QuarantineQuery = {
  readonly state: QuarantineState;
  readonly reason?: QuarantineReason | undefined;
  readonly peerId?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly after?: { readonly receivedAtMs: number; readonly quarantineId: string } | undefined;
  readonly limit: number;
};

const COLUMNS = `
  q.quarantine_id AS quarantineId, q.site_id AS siteId, q.digest, q.reason, q.state, q.sop_uid AS sopUid, q.study_id AS studyId,
  q.peer_id AS peerId, p.ae_title AS aeTitle, q.received_at_ms AS receivedAtMs, q.settled_at_ms AS settledAtMs,
  q.settled_by AS settledBy, q.settled_because AS settledBecause
`;
const SOURCE = 'quarantine q LEFT JOIN peers p ON p.peer_id = q.peer_id';
const FIND_ROW = `SELECT ${COLUMNS} FROM ${SOURCE} WHERE q.quarantine_id = ?`;
/** Walks quarantine_in_order from the newest down. */
export const LIST_ROWS = `
  SELECT ${COLUMNS} FROM ${SOURCE}
   WHERE q.site_id = @siteId AND q.state = @state AND q.received_at_ms BETWEEN @fromMs AND @toMs
     AND (q.received_at_ms, q.quarantine_id) < (@afterMs, @afterId)
     AND (@reason IS NULL OR q.reason = @reason) AND (@peerId IS NULL OR q.peer_id = @peerId)
   ORDER BY q.received_at_ms DESC, q.quarantine_id DESC LIMIT @limit
`;
/** Walks quarantine_in_order. */
export const COUNT_BY_REASON = `
  SELECT reason, count(*) AS held FROM quarantine WHERE site_id = ? AND state = 'held' GROUP BY reason ORDER BY reason
`;
/** Above every id. */
const LAST_ID = 'g';

/** A page of a site's rows, newest first. */
export function listQuarantine(db: ReadableDb, siteId: string, query: QuarantineQuery): readonly QuarantineRow[] {
  const { state, reason = null, peerId = null, fromMs = 0, toMs = Number.MAX_SAFE_INTEGER, after, limit } = query;
  const key = { afterMs: after?.receivedAtMs ?? Number.MAX_SAFE_INTEGER, afterId: after?.quarantineId ?? LAST_ID };
  return prepared<QuarantineRow>(db, LIST_ROWS).all({ siteId, state, reason, peerId, fromMs, toMs, ...key, limit });
}

/** How many objects of a site are held for each reason. */
export function countQuarantineByReason(
  db: ReadableDb,
  siteId: string,
): readonly { readonly reason: QuarantineReason; readonly held: number }[] {
  return prepared<{ reason: QuarantineReason; held: number }>(db, COUNT_BY_REASON).all(siteId);
}

/** A row of this site, or null. */
export function findQuarantined(db: ReadableDb, siteId: string, quarantineId: string): QuarantineRow | null {
  const row = prepared<QuarantineRow>(db, FIND_ROW).get(quarantineId);
  return row === undefined || row.siteId !== siteId ? null : row;
}
