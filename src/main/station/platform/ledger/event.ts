import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { EVENT_KINDS, type EventKind, type EventPayload } from '../../../../shared/domain/event-kinds.ts';

/** Who did it: a person, a part of the station or a model, or a machine on the network. */
export type Actor = { readonly kind: 'user' | 'service' | 'peer'; readonly id: string };

/** The station's own parts as actors. */
export function serviceActor(id: string): Actor {
  return { kind: 'service', id };
}

/** What a verb says happened; the ledger adds sequence, digest and chain. */
export type NewEvent<Kind extends EventKind> = {
  readonly kind: Kind;
  readonly payload: EventPayload<Kind>;
  readonly siteId: string | null;
  readonly studyId?: string | null;
  readonly patientId?: string | null;
  readonly actor: Actor;
  readonly correlationId: string;
  readonly atMs: number;
};

/** The columns that the hash covers, as stored. */
export type EventRow = {
  readonly seq: number;
  readonly at_ms: number;
  readonly site_id: string | null;
  readonly kind: string;
  readonly payload_version: number;
  readonly study_id: string | null;
  readonly patient_id: string | null;
  readonly actor_kind: Actor['kind'];
  readonly actor_id: string;
  readonly correlation_id: string;
  readonly payload_digest: Buffer;
  readonly prev_hash: Buffer;
  readonly hash: Buffer;
};

/** An event without what chains it, and with its payload as stored. */
export type ToldEventRow = Omit<EventRow, 'payload_digest' | 'prev_hash' | 'hash'> & {
  readonly payload: string | null;
};

/** An event as a follower gets it: the payload is parsed, and null once erased by policy. */
export type LedgerEvent = {
  readonly [Kind in EventKind]: {
    readonly seq: number;
    readonly atMs: number;
    readonly kind: Kind;
    readonly payload: EventPayload<Kind> | null;
    readonly siteId: string | null;
    readonly studyId: string | null;
    readonly patientId: string | null;
    readonly actor: Actor;
    readonly correlationId: string;
  };
}[EventKind];

/** The hash before the first event. */
export const GENESIS_HASH = Buffer.alloc(32);

/** SHA-256 of a payload's RFC 8785 form. */
export function payloadDigest(payloadText: string): Buffer {
  return createHash('sha256').update(payloadText).digest();
}

/** A payload in RFC 8785 canonical form. */
export function canonicalPayload(payload: unknown): string {
  const text = canonicalize(payload);
  if (text === undefined) throw new Error('an event payload must be a JSON value');
  return text;
}

/** SHA-256 over the RFC 8785 form of everything the event says, its payload's digest and the hash before it. */
export function eventHash(row: Omit<EventRow, 'hash'>): Buffer {
  const covered = {
    ...row,
    payload_digest: row.payload_digest.toString('hex'),
    prev_hash: row.prev_hash.toString('hex'),
  };
  return createHash('sha256').update(canonicalPayload(covered)).digest();
}

/** Parses a stored event; a payload that no longer fits its kind is a bug and throws. */
export function parseEvent(row: ToldEventRow): LedgerEvent {
  const kind = EVENT_KINDS[row.kind as EventKind];
  if (kind === undefined) throw new Error(`unknown event kind at ${row.seq}`);
  return {
    seq: row.seq,
    atMs: row.at_ms,
    kind: row.kind,
    payload: row.payload === null ? null : kind.payload.parse(JSON.parse(row.payload)),
    siteId: row.site_id,
    studyId: row.study_id,
    patientId: row.patient_id,
    actor: { kind: row.actor_kind, id: row.actor_id },
    correlationId: row.correlation_id,
  } as LedgerEvent;
}
