import type { AuditEvent, AuditWindow } from '../../../shared/contract/audit.ts';
import type { TimelineEntry } from '../../../shared/contract/studies.ts';
import { findDisplayName } from '../access/index.ts';
import { findPeerTitle } from '../archive/index.ts';
import { isSilentRun } from '../inference/index.ts';
import type { LedgerEvent } from '../platform/ledger/event.ts';
import { type EventQuery, listEvents } from '../platform/ledger/queries.ts';
import type { ReadableDb } from '../platform/store/database.ts';

/** A study's story is read in pieces of this many events, so that thousands of slices never stand in memory together. */
const AT_ONCE = 2000;

/**
 * What is asked of the audit. `hidesSilent` leaves out the runs that the viewer is not shown, for whoever may report;
 * `hidesModels` what is done about models, for whoever may not know which there are.
 */
export type AuditQuestion = EventQuery & {
  readonly hidesSilent?: boolean;
  readonly hidesModels?: boolean;
  readonly viewerId?: string;
};

/** A window of the ledger, newest first, with the people and machines behind it by name. */
export function listAuditEvents(db: ReadableDb, query: AuditQuestion): AuditWindow {
  const events = listEvents(db, query);
  const last = events.at(-1);
  return {
    events: events
      .filter(({ event }) => query.hidesSilent !== true || !isOfSilentRun(db, event, query.viewerId ?? null))
      .filter(({ event }) => query.hidesModels !== true || !isOfModel(event))
      .map(({ event, hash }) => ({
        ...entryOf(db, event),
        studyId: event.studyId as AuditEvent['studyId'],
        correlationId: event.correlationId,
        hash,
      })),
    next: last !== undefined && events.length === query.limit ? last.event.seq : null,
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
    for (const { event } of piece) if (!isOfSilentRun(db, event, viewerId)) tell(newestFirst, entryOf(db, event));
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

function isOfSilentRun(db: ReadableDb, { payload }: LedgerEvent, viewerId: string | null): boolean {
  return payload !== null && 'runId' in payload && isSilentRun(db, String(payload['runId']), viewerId);
}

/** What is done about models, of no study. */
function isOfModel({ kind }: LedgerEvent): boolean {
  return /^(model|acceptance|operating-point|silent-results)-/.test(kind);
}

function entryOf(db: ReadableDb, event: LedgerEvent): TimelineEntry {
  const { seq, atMs, kind, actor, payload } = event;
  return { seq, atMs, kind, actor: { ...actor, display: nameOf(db, actor) }, payload };
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
