import type { PresenceState } from '../../../../shared/domain/triage-routing.ts';
import { freshRowId } from '../../platform/ids.ts';
import { appendEvent } from '../../platform/ledger/append.ts';
import type { Actor } from '../../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../../platform/store/database.ts';
import { inTransaction } from '../../platform/store/transaction.ts';
import { oweRouting } from './route-job.ts';

/** What a reader said of themselves, until a moment. */
export type Presence = { readonly userId: string; readonly state: PresenceState; readonly untilMs: number };

const PUT = `
  INSERT INTO reader_presence (site_id, user_id, state, until_ms) VALUES (@siteId, @userId, @state, @untilMs)
  ON CONFLICT (site_id, user_id) DO UPDATE SET state = excluded.state, until_ms = excluded.until_ms
`;
const DROP = 'DELETE FROM reader_presence WHERE site_id = ? AND user_id = ?';
const DROP_ENDED = 'DELETE FROM reader_presence WHERE site_id = ? AND until_ms <= ?';
const LIST =
  'SELECT user_id AS userId, state, until_ms AS untilMs FROM reader_presence WHERE site_id = ? AND until_ms > ?';

type Said = { readonly siteId: string; readonly userId: string; readonly atMs: number; readonly actor: Actor };

/** A reader says of themselves that they are here, on a break or off until a moment; what stood before ends. */
export function sayPresence(db: WritableDb, said: Said & Omit<Presence, 'userId'>): void {
  const { siteId, userId, state, untilMs } = said;
  inTransaction(db, () => {
    prepared(db, PUT).run({ siteId, userId, state, untilMs });
    tell(db, said, state, untilMs);
  });
}

/** Ends what a reader said of themselves, where they said anything: their shift holds again. */
export function endPresence(db: WritableDb, said: Said): void {
  inTransaction(db, () => {
    if (prepared(db, DROP).run(said.siteId, said.userId).changes > 0) tell(db, said, null, said.atMs);
  });
}

/** What readers of a site say of themselves now. */
export function listPresence(db: ReadableDb, siteId: string, nowMs: number): readonly Presence[] {
  return prepared<Presence>(db, LIST).all(siteId, nowMs);
}

/** Forgets what has ended: it was told with its end. */
export function forgetEndedPresence(db: WritableDb, siteId: string, nowMs: number): void {
  prepared(db, DROP_ENDED).run(siteId, nowMs);
}

function tell(db: WritableDb, said: Said, state: PresenceState | null, untilMs: number): void {
  const { siteId, userId, actor, atMs } = said;
  appendEvent(db, {
    kind: 'reader-presence-set',
    payload: { userId, state, untilMs },
    ...{ siteId, actor, correlationId: freshRowId(), atMs },
  });
  oweRouting(db, siteId, atMs);
}
