import { EVENT_KINDS, type EventKind } from '../../../../shared/domain/event-kinds.ts';
import { prepared, type ReadableDb, type WritableDb } from '../store/database.ts';
import { canonicalPayload, eventHash, type EventRow, GENESIS_HASH, type NewEvent, payloadDigest } from './event.ts';

const FIND_HEAD = 'SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1';
const INSERT_EVENT = `
  INSERT INTO events (seq, at_ms, site_id, kind, payload_version, study_id, patient_id, actor_kind, actor_id,
                      correlation_id, payload_digest, prev_hash, hash)
  VALUES (@seq, @at_ms, @site_id, @kind, @payload_version, @study_id, @patient_id, @actor_kind, @actor_id,
          @correlation_id, @payload_digest, @prev_hash, @hash)
`;
const INSERT_PAYLOAD = 'INSERT INTO event_payloads (seq, payload) VALUES (?, ?)';

/** The newest event's number and hash. */
export type LedgerHead = { readonly seq: number; readonly hash: Buffer };

/** The newest event's place in the chain; sequence 0 and the genesis hash while the ledger is empty. */
export function ledgerHead(db: ReadableDb): LedgerHead {
  return prepared<{ seq: number; hash: Buffer }>(db, FIND_HEAD).get() ?? { seq: 0, hash: GENESIS_HASH };
}

/** Kinds that come hundreds a second, and of which each tells little that the next does not. */
const STREAMED: ReadonlySet<EventKind> = new Set(['instance-received']);
const pressing = new WeakMap<WritableDb, number>();

/** How many events that followers should hear of at once were appended over this connection, those taken back again included. */
export function pressingSoFar(db: WritableDb): number {
  return pressing.get(db) ?? 0;
}

/** Appends one event to the chain, inside the transaction of the verb that it tells of. Returns its sequence number. */
export function appendEvent<Kind extends EventKind>(db: WritableDb, event: NewEvent<Kind>): number {
  if (!db.inTransaction) throw new Error('an event is appended in the transaction of what it tells of');
  const kind = EVENT_KINDS[event.kind];
  const payload = canonicalPayload(kind.payload.parse(event.payload));
  const head = ledgerHead(db);
  const row: Omit<EventRow, 'hash'> = {
    seq: head.seq + 1,
    at_ms: event.atMs,
    site_id: event.siteId,
    kind: event.kind,
    payload_version: kind.version,
    study_id: event.studyId ?? null,
    patient_id: event.patientId ?? null,
    actor_kind: event.actor.kind,
    actor_id: event.actor.id,
    correlation_id: event.correlationId,
    payload_digest: payloadDigest(payload),
    prev_hash: head.hash,
  };
  prepared(db, INSERT_EVENT).run({ ...row, hash: eventHash(row) });
  prepared(db, INSERT_PAYLOAD).run(row.seq, payload);
  if (!STREAMED.has(event.kind)) pressing.set(db, pressingSoFar(db) + 1);
  return row.seq;
}
