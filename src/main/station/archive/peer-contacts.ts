import type { OpeningOutcome } from '../dicom/open-association.ts';
import { systemClock } from '../platform/clock.ts';
import type { ReadableDb } from '../platform/store/database.ts';

/** How a peer was found when it was last called, by whatever service: since when it is so, and when that was, in ms. */
export type PeerContact = {
  readonly outcome: OpeningOutcome;
  readonly sinceMs: number;
  readonly lastAtMs: number;
};

/** Of a running station only: what was so before a restart is asked again. */
const contacts = new WeakMap<ReadableDb, Map<string, PeerContact>>();

/** Notes what came of calling a peer of a site. */
export function noteContact(
  db: ReadableDb,
  siteId: string,
  aeTitle: string,
  outcome: OpeningOutcome,
  atMs: number = systemClock.nowMs(),
): void {
  const known = contacts.get(db) ?? new Map<string, PeerContact>();
  contacts.set(db, known);
  const before = known.get(keyOf(siteId, aeTitle));
  const sinceMs = before?.outcome === outcome ? before.sinceMs : atMs;
  known.set(keyOf(siteId, aeTitle), { outcome, sinceMs, lastAtMs: atMs });
}

/** How a peer of a site was last found, or null: it was not called since the station started. */
export function findContact(db: ReadableDb, siteId: string, aeTitle: string): PeerContact | null {
  return contacts.get(db)?.get(keyOf(siteId, aeTitle)) ?? null;
}

function keyOf(siteId: string, aeTitle: string): string {
  return `${siteId}\0${aeTitle}`;
}
