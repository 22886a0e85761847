import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { ReadableDb } from '../platform/store/database.ts';
import { echo } from '../dicom/scu.ts';
import { findContact, type PeerContact } from './peer-contacts.ts';
import { findRemote, listPeers, type PeerCard } from './peers.ts';

/** Asks by C-ECHO whether the destinations are there, as long as nothing else shows it. */
export type PeerWatch = {
  start(): void;
  /** Asks once whoever was not called lately; resolves when all have answered or not. */
  look(): Promise<void>;
  stop(): Promise<void>;
};

/** A peer that things are sent to, and how it was last found; null: not called yet. */
export type Destination = PeerCard & { readonly contact: PeerContact | null };

const TICK_MS = 2_000;
const LOOK_EVERY_MS = 30_000;
/** Whether a peer answers is no news worth waiting longer for. */
export const ANSWER_WITHIN_MS = 10_000;

/** The destinations of a site: its archives, or where none is called one, every peer that has an address. */
export function listDestinations(db: ReadableDb, siteId: string): readonly Destination[] {
  const callable = listPeers(db, siteId).filter(({ host }) => host !== null);
  const archives = callable.filter(({ isArchive }) => isArchive);
  return (archives.length > 0 ? archives : callable).map((peer) => ({
    ...peer,
    contact: findContact(db, siteId, peer.aeTitle),
  }));
}

/** How long until it is asked again: one that has just gone may be back at once, one that is gone for long is asked as seldom as one that is there. */
function pauseAfter({ outcome, sinceMs, lastAtMs }: PeerContact): number {
  if (outcome === 'answered') return LOOK_EVERY_MS;
  return Math.min(LOOK_EVERY_MS, Math.max(TICK_MS, lastAtMs - sinceMs));
}

/** A watch over the destinations of these sites. */
export function createPeerWatch(
  { db, clock }: { readonly db: ReadableDb; readonly clock: Clock },
  siteIds: readonly string[],
  log: Log,
): PeerWatch {
  const ending = new AbortController();
  const { signal } = ending;
  let timer: NodeJS.Timeout | null = null;
  let working: Promise<void> | null = null;

  async function ask({ siteId, peerId }: Destination): Promise<void> {
    const remote = findRemote(db, { siteId, peerId });
    const waits = { connectMs: ANSWER_WITHIN_MS, artimMs: ANSWER_WITHIN_MS, responseMs: ANSWER_WITHIN_MS, signal };
    // Its answer is noted as a contact, as that of every call.
    if (remote !== null) await echo({ ...remote, ...waits });
  }

  async function look(): Promise<void> {
    const nowMs = clock.nowMs();
    const due = siteIds
      .flatMap((siteId) => listDestinations(db, siteId))
      .filter(
        ({ contact }) =>
          contact === null || contact.lastAtMs + pauseAfter(contact) <= nowMs || contact.lastAtMs > nowMs,
      );
    await Promise.all(due.map(ask));
  }

  function begin(): void {
    working ??= look()
      .catch((error: unknown) => void log.incident('peer-watch-failed', error))
      .finally(() => (working = null));
  }

  return {
    start() {
      begin();
      timer = setInterval(begin, TICK_MS).unref();
    },
    look,
    async stop() {
      ending.abort();
      if (timer !== null) clearInterval(timer);
      await working;
    },
  };
}
