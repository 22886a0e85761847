import type { Role } from '../../../shared/domain/permissions.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { type Actor, serviceActor } from '../platform/ledger/event.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { findUserByName, listRoles, listUsers, type Site } from './queries.ts';

const REMOVE_ROLES = 'DELETE FROM user_roles WHERE user_id = ? AND site_id = ?';
const INSERT_ROLE = 'INSERT INTO user_roles (user_id, site_id, role) VALUES (?, ?, ?)';

/** What a person who has a name already is to be at a site; no roles: nothing any more. */
export type NewRoles = {
  readonly username: string;
  readonly siteId: string;
  readonly roles: readonly Role[];
  readonly actor: Actor;
  readonly atMs: number;
};

/** Gives a person the roles at one site, in place of those they had there, and records it. The last administrator of a site stays one. */
export function setRoles(
  db: WritableDb,
  { username, siteId, roles, actor, atMs }: NewRoles,
): Result<null, { code: 'user-not-found' | 'last-administrator' }> {
  return inTransaction(db, () => {
    const user = findUserByName(db, username);
    // A service is what its token says, and is made with it.
    if (user === null || listRoles(db, user.userId, siteId).includes('service')) return err({ code: 'user-not-found' });
    const others = listUsers(db, siteId).filter(
      ({ userId, roles: theirs }) => userId !== user.userId && theirs.includes('administrator'),
    );
    const isOne = listRoles(db, user.userId, siteId).includes('administrator');
    if (isOne && !roles.includes('administrator') && others.length === 0) return err({ code: 'last-administrator' });
    writeRoles(db, { userId: user.userId, siteId, roles, actor, atMs });
    return ok(null);
  });
}

/** At a start: a further site that nobody administers is administered by whoever administers the station's own. */
export function shareAdministrators(db: WritableDb, own: Site, further: readonly Site[], atMs: number): void {
  const administrators = (siteId: string) =>
    listUsers(db, siteId).filter(({ roles }) => roles.includes('administrator'));
  inTransaction(db, () => {
    for (const { siteId } of further) {
      if (administrators(siteId).length > 0) continue;
      for (const { userId } of administrators(own.siteId)) {
        const roles: readonly Role[] = [...new Set<Role>([...listRoles(db, userId, siteId), 'administrator'])];
        writeRoles(db, { userId, siteId, roles, actor: serviceActor('station'), atMs });
      }
    }
  });
}

function writeRoles(
  db: WritableDb,
  { userId, siteId, roles, actor, atMs }: Omit<NewRoles, 'username'> & { readonly userId: string },
): void {
  prepared(db, REMOVE_ROLES).run(userId, siteId);
  for (const role of new Set(roles)) prepared(db, INSERT_ROLE).run(userId, siteId, role);
  appendEvent(db, {
    kind: 'user-roles-set',
    payload: { userId, roles: [...new Set(roles)] },
    ...{ siteId, actor, correlationId: freshRowId(), atMs },
  });
}
