import type { AuditEvent, AuditWindow } from '../../../shared/contract/audit.ts';
import type { TimelineEntry } from '../../../shared/contract/studies.ts';
import { findDisplayName } from '../access/index.ts';
import { findPeerTitle } from '../archive/index.ts';
import type { LedgerEvent } from '../platform/ledger/event.ts';
import { type EventQuery, listEvents } from '../platform/ledger/queries.ts';
import type { ReadableDb } from '../platform/store/database.ts';

/** A study's story is told whole up to this many events. */
const LONGEST_STORY = 2000;

/** A window of the ledger, newest first, with the people and machines behind it by name. */
export function listAuditEvents(db: ReadableDb, query: EventQuery): AuditWindow {
  const events = listEvents(db, query);
  const last = events.at(-1);
  return {
    events: events.map(({ event, hash }) => ({
      ...entryOf(db, event),
      studyId: event.studyId as AuditEvent['studyId'],
      correlationId: event.correlationId,
      hash,
    })),
    next: last !== undefined && events.length === query.limit ? last.event.seq : null,
  };
}

/** One study's whole story, oldest first. */
export function listTimeline(db: ReadableDb, siteId: string, studyId: string): TimelineEntry[] {
  return listEvents(db, { siteId, studyId, limit: LONGEST_STORY })
    .map(({ event }) => entryOf(db, event))
    .toReversed();
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
