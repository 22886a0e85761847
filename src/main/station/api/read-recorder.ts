import { createHash } from 'node:crypto';
import { actorOf, type Session } from '../access/index.ts';
import type { Clock } from '../platform/clock.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { NewEvent } from '../platform/ledger/event.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';

/** Where a study's data was shown or handed out. */
export type ReadSurface =
  | 'detail'
  | 'findings'
  | 'report'
  | 'timeline'
  | 'mask'
  | 'identity'
  | 'dicomweb'
  | 'runs'
  | 'receipt'
  | 'analysis'
  | 'triage';

/** Puts reads of patient data into the ledger, before they are answered. */
export type ReadRecorder = {
  /** A study was read: once per session, study and surface within ten minutes, for pages ask again at every hint. */
  study(session: Session, studyId: string, surface: ReadSurface): void;
  search(
    session: Session,
    surface: 'worklist' | 'lookup' | 'patients' | 'corrections' | 'quarantine' | 'reference' | 'triage' | 'dicomweb',
    results: number,
  ): void;
  /** The same text once per session within ten minutes: the list asks again at every hint. The text is kept in memory alone, as a digest. */
  worklistSearch(session: Session, text: string, results: number): void;
  audit(session: Session, results: number): void;
};

const ONCE_WITHIN_MS = 10 * 60_000;
const MOST_REMEMBERED = 20_000;

/** A recorder writing to the ledger. */
export function createReadRecorder(db: WritableDb, clock: Clock): ReadRecorder {
  const recorded = new Map<string, number>();

  function isFresh(key: string, nowMs: number): boolean {
    const atMs = recorded.get(key);
    if (atMs !== undefined && nowMs - atMs < ONCE_WITHIN_MS) return false;
    recorded.delete(key);
    recorded.set(key, nowMs);
    const oldest = recorded.size > MOST_REMEMBERED ? recorded.keys().next() : undefined;
    if (oldest?.value !== undefined) recorded.delete(oldest.value);
    return true;
  }

  function record<Kind extends 'study-read' | 'studies-searched' | 'audit-read'>(
    session: Session,
    event: Pick<NewEvent<Kind>, 'kind' | 'payload' | 'studyId'>,
  ): void {
    const { principal } = session;
    inTransaction(db, () =>
      appendEvent<Kind>(db, {
        ...event,
        siteId: principal.siteId,
        actor: actorOf(principal),
        correlationId: freshRowId(),
        atMs: clock.nowMs(),
      }),
    );
  }

  return {
    study(session, studyId, surface) {
      if (!isFresh(`${session.key} ${studyId} ${surface}`, clock.nowMs())) return;
      record<'study-read'>(session, { kind: 'study-read', payload: { surface }, studyId });
    },
    search: (session, surface, results) =>
      record<'studies-searched'>(session, { kind: 'studies-searched', payload: { surface, results } }),
    worklistSearch(session, text, results) {
      const asked = createHash('sha256').update(text).digest('base64');
      if (!isFresh(`${session.key} search ${asked}`, clock.nowMs())) return;
      record<'studies-searched'>(session, { kind: 'studies-searched', payload: { surface: 'worklist', results } });
    },
    audit: (session, results) => record<'audit-read'>(session, { kind: 'audit-read', payload: { results } }),
  };
}
