import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { actorOf } from './principal.ts';
import type { Session } from './session.ts';

const END_SESSION = 'UPDATE sessions SET ended_at_ms = ? WHERE token_digest = ? AND ended_at_ms IS NULL';

/** Ends a session and records it; ending one that has ended changes nothing. */
export function signOut(db: WritableDb, session: Session, atMs: number): void {
  inTransaction(db, () => {
    const ended = prepared(db, END_SESSION).run(atMs, Buffer.from(session.key, 'hex'));
    if (ended.changes === 0) return;
    appendEvent(db, {
      kind: 'user-signed-out',
      payload: { userId: session.principal.userId },
      siteId: session.principal.siteId,
      actor: actorOf(session.principal),
      correlationId: freshRowId(),
      atMs,
    });
  });
}
