import type { EventKind } from '../../../../shared/domain/event-kinds.ts';
import { prepared, type ReadableDb } from '../store/database.ts';
import { type EventRow, type LedgerEvent, parseEvent } from './event.ts';

type StoredEvent = EventRow & { readonly payload: string | null };

/** Newest first from a key, narrowed by whatever is given; each narrowing walks an index of its own. */
export type EventQuery = {
  readonly siteId: string;
  readonly before?: number | undefined;
  readonly limit: number;
  readonly kind?: string | undefined;
  readonly studyId?: string | undefined;
  readonly actorId?: string | undefined;
};

/** The audit window; each narrowing walks an index of its own. */
export const LIST_EVENTS = (narrowing: string) => `
  SELECT e.*, p.payload FROM events e JOIN event_payloads p ON p.seq = e.seq
   WHERE (e.site_id IS NULL OR e.site_id = @siteId) AND e.seq < @before ${narrowing}
   ORDER BY e.seq DESC LIMIT @limit
`;
/** Nearly all of a ledger is of this kind, and stands in no index of kinds: it is found by walking the ledger. */
const COMMON_KIND: EventKind = 'instance-received';
/** What a window may be narrowed by. */
export const NARROWINGS = {
  studyId: ' AND e.study_id = @studyId',
  kind: ` AND e.kind = @kind AND e.kind <> '${COMMON_KIND}'`,
  commonKind: ' AND e.kind = @kind',
  actorId: ' AND e.actor_id = @actorId',
} as const;

const FIND_EVENT = 'SELECT e.*, p.payload FROM events e JOIN event_payloads p ON p.seq = e.seq WHERE e.seq = ?';

/** One event by its place; null where there is none. */
export function findEvent(db: ReadableDb, seq: number): LedgerEvent | null {
  const row = prepared<StoredEvent>(db, FIND_EVENT).get(seq);
  return row === undefined ? null : parseEvent(row);
}

/** A window of events of one site (and the station's own), newest first, each with its hash. */
export function listEvents(
  db: ReadableDb,
  query: EventQuery,
): readonly { readonly event: LedgerEvent; readonly hash: string }[] {
  const { siteId, limit, studyId, kind, actorId } = query;
  const narrowing = (['studyId', 'kind', 'actorId'] as const)
    .filter((name) => query[name] !== undefined)
    .map((name) => NARROWINGS[name === 'kind' && kind === COMMON_KIND ? 'commonKind' : name])
    .join('');
  const named = Object.fromEntries(
    Object.entries({ siteId, limit, before: query.before ?? Number.MAX_SAFE_INTEGER, studyId, kind, actorId }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  return prepared<StoredEvent>(db, LIST_EVENTS(narrowing))
    .all(named)
    .map((row) => ({ event: parseEvent(row), hash: row.hash.toString('hex') }));
}
