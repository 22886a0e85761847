import type { AuditEvent, AuditWindow } from '../../../shared/contract/audit.ts';
import type { TimelineEntry } from '../../../shared/contract/studies.ts';
import { findDisplayName } from '../access/index.ts';
import { findPeerTitle } from '../archive/index.ts';
import { isSilentRun } from '../inference/index.ts';
import type { LedgerEvent } from '../platform/ledger/event.ts';
import { type EventQuery, listEvents } from '../platform/ledger/queries.ts';
import type { ReadableDb } from '../platform/store/database.ts';

/** A study's story is told whole up to this many events. */
const LONGEST_STORY = 2000;

/** What is asked of the audit; `hidesSilent` leaves out the runs of silent models, for whoever may report. */
export type AuditQuestion = EventQuery & { readonly hidesSilent?: boolean };

/** A window of the ledger, newest first, with the people and machines behind it by name. */
export function listAuditEvents(db: ReadableDb, query: AuditQuestion): AuditWindow {
  const events = listEvents(db, query);
  const last = events.at(-1);
  return {
    events: events
      .filter(({ event }) => query.hidesSilent !== true || !isOfSilentRun(db, event))
      .map(({ event, hash }) => ({
        ...entryOf(db, event),
        studyId: event.studyId as AuditEvent['studyId'],
        correlationId: event.correlationId,
        hash,
      })),
    next: last !== undefined && events.length === query.limit ? last.event.seq : null,
  };
}

/** One study's whole story, oldest first, without what silent models did: those who report must not be told. */
export function listTimeline(db: ReadableDb, siteId: string, studyId: string): TimelineEntry[] {
  return listEvents(db, { siteId, studyId, limit: LONGEST_STORY })
    .filter(({ event }) => !isOfSilentRun(db, event))
    .map(({ event }) => entryOf(db, event))
    .toReversed();
}

function isOfSilentRun(db: ReadableDb, { payload }: LedgerEvent): boolean {
  return payload !== null && 'runId' in payload && isSilentRun(db, String(payload['runId']));
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
