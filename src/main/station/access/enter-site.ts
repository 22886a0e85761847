import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { actorOf } from './principal.ts';
import { findSiteOf } from './queries.ts';
import type { Session } from './session.ts';

const MOVE_SESSION = "UPDATE sessions SET site_id = ? WHERE token_digest = ? AND kind = 'page' AND ended_at_ms IS NULL";

/** Takes a page session to another site at which its user has a role, and records it. */
export function enterSite(
  db: WritableDb,
  session: Session,
  siteCode: string,
  atMs: number,
): Result<null, { code: 'site-not-found' }> {
  return inTransaction(db, () => {
    const { principal, key } = session;
    const site = findSiteOf(db, principal.userId, siteCode);
    if (site === null) return err({ code: 'site-not-found' });
    if (site.siteId === principal.siteId) return ok(null);
    if (prepared(db, MOVE_SESSION).run(site.siteId, Buffer.from(key, 'hex')).changes === 0)
      return err({ code: 'site-not-found' });
    appendEvent(db, {
      kind: 'user-entered-site',
      payload: { userId: principal.userId },
      ...{ siteId: site.siteId, actor: actorOf(principal), correlationId: freshRowId(), atMs },
    });
    return ok(null);
  });
}
