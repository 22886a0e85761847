import type { AuditEvent, AuditWindow } from '../../../shared/contract/audit.ts';
import type { TimelineEntry } from '../../../shared/contract/studies.ts';
import { findDisplayName } from '../access/index.ts';
import { findPeerTitle } from '../archive/index.ts';
import { isSilentRun } from '../inference/index.ts';
import type { LedgerEvent } from '../platform/ledger/event.ts';
import { type EventQuery, findEvent, listEvents } from '../platform/ledger/queries.ts';
import type { ReadableDb } from '../platform/store/database.ts';

/** A study's story is read in pieces of this many events, so that thousands of slices never stand in memory together. */
const AT_ONCE = 2000;
/** However few are asked for, so many are read together where most are left out. */
const FEWEST_AT_ONCE = 100;

/**
 * What is asked of the audit. `hidesSilent` leaves out what tells of runs that the viewer is not shown, for whoever may report;
 * `hidesModels` what is done about models, for whoever may not know which there are.
 */
export type AuditQuestion = EventQuery & {
  readonly hidesSilent?: boolean;
  readonly hidesModels?: boolean;
  readonly viewerId?: string;
};

/** A window of the ledger, newest first, with the people and machines behind it by name. */
export function listAuditEvents(db: ReadableDb, query: AuditQuestion): AuditWindow {
  const viewerId = query.viewerId ?? null;
  const isTold = (event: LedgerEvent) =>
    (query.hidesSilent !== true || !isKeptFromReaders(db, event, viewerId)) &&
    (query.hidesModels !== true || !isOfModel(event));
  const told: ReturnType<typeof listEvents>[number][] = [];
  let { before } = query;
  let isWhole = false;
  const asked = Math.max(query.limit + 1, FEWEST_AT_ONCE);
  // Read on until the window is full and one event beyond it: neither its length nor its key tells of what was left out.
  while (told.length <= query.limit && !isWhole) {
    const piece = listEvents(db, { ...query, before, limit: asked });
    told.push(...piece.filter(({ event }) => isTold(event)));
    isWhole = piece.length < asked;
    before = piece.at(-1)?.event.seq;
  }
  const events = told.slice(0, query.limit);
  return {
    events: events.map(({ event, hash }) => ({
      ...entryOf(db, event),
      studyId: event.studyId as AuditEvent['studyId'],
      correlationId: event.correlationId,
      hash,
    })),
    next: told.length > query.limit ? (events.at(-1)?.event.seq ?? null) : null,
  };
}

/**
 * One study's whole story from its first object on, oldest first, however long it is; objects that came alike one after
 * another are one entry. Without what silent models did: those who report must not be told.
 */
export function listTimeline(
  db: ReadableDb,
  siteId: string,
  studyId: string,
  viewerId: string | null = null,
): TimelineEntry[] {
  const newestFirst: TimelineEntry[] = [];
  let before: number | undefined;
  do {
    const piece = listEvents(db, { siteId, studyId, before, limit: AT_ONCE });
    for (const { event } of piece) if (!isKeptFromReaders(db, event, viewerId)) tell(newestFirst, entryOf(db, event));
    before = piece.length === AT_ONCE ? piece.at(-1)?.event.seq : undefined;
  } while (before !== undefined);
  return newestFirst.toReversed();
}

/** Adds an earlier entry to a story, or counts it into the arrivals that it began. */
function tell(newestFirst: TimelineEntry[], entry: TimelineEntry): void {
  const later = newestFirst.at(-1);
  if (later === undefined || !cameAlike(entry, later)) newestFirst.push(entry);
  else
    newestFirst[newestFirst.length - 1] = { ...later, arrivals: { count: countOf(later) + 1, firstAtMs: entry.atMs } };
}

const countOf = ({ arrivals }: TimelineEntry): number => arrivals?.count ?? 1;

function cameAlike(one: TimelineEntry, other: TimelineEntry): boolean {
  if (one.kind !== 'instance-received' || other.kind !== one.kind || one.actor.id !== other.actor.id) return false;
  return one.payload?.['outcome'] === other.payload?.['outcome'];
}

/**
 * What says of a study that a model reads it which the viewer is not shown: its runs, what of them could not be handled, and
 * another's word on what is there, which is asked of studies that models are measured on.
 */
function isKeptFromReaders(db: ReadableDb, event: LedgerEvent, viewerId: string | null): boolean {
  const { kind, payload, actor } = event;
  if (payload === null) return false;
  if (kind === 'truth-recorded') return actor.id !== viewerId;
  if ('runId' in payload) return isSilentRun(db, String(payload['runId']), viewerId);
  if (kind !== 'event-parked' || !('seq' in payload)) return false;
  const parked = findEvent(db, Number(payload.seq));
  return parked !== null && isKeptFromReaders(db, parked, viewerId);
}

/** What is done about models, of no study. */
function isOfModel({ kind }: LedgerEvent): boolean {
  return /^(model|acceptance|operating-point|silent-results|coverage-alarm|raw-outputs)-/.test(kind);
}

function entryOf(db: ReadableDb, event: LedgerEvent): TimelineEntry {
  const { seq, atMs, kind, actor } = event;
  return { seq, atMs, kind, actor: { ...actor, display: nameOf(db, actor) }, payload: payloadTold(event) };
}

/** Older events of analyses name the runs they wait for, also to those who may not know of each. */
function payloadTold({ kind, payload }: LedgerEvent): TimelineEntry['payload'] {
  if (kind !== 'analysis-begun' || payload === null || !('analysisId' in payload)) return payload;
  const { analysisId, revision } = payload;
  return { analysisId, revision };
}

function nameOf(db: ReadableDb, actor: LedgerEvent['actor']): string | null {
  switch (actor.kind) {
    case 'user':
      return findDisplayName(db, actor.id);
    case 'peer':
      return findPeerTitle(db, actor.id);
    case 'service':
      return null;
  }
}
