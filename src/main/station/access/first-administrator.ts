import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { createUser } from './create-user.ts';
import { freshPassword } from './one-time-password.ts';
import { hashPassword } from './passwords.ts';
import { findUserByName, hasAdministrator, hasAnySignIn, type Site, type User } from './queries.ts';

/** The way in at first start: shown once, to whoever started the station. */
export type FirstAdministrator = { readonly username: string; readonly password: string };

const USERNAME = 'administrator';
const REPLACE_PASSWORD = `
  UPDATE users SET password_hash = @passwordHash WHERE user_id = @userId AND state = 'must-change-password'
`;

/**
 * Creates the first administrator with a password that must be changed; null once that has been used. A start may end
 * before anybody saw the password, so until then every start makes a new one.
 */
export async function createFirstAdministrator(
  db: WritableDb,
  site: Site,
  nowMs: () => number,
): Promise<FirstAdministrator | null> {
  const unused = findUnused(db);
  if (unused === null && hasAdministrator(db)) return null;
  const username = USERNAME;
  const password = freshPassword();
  const passwordHash = await hashPassword(password);
  if (unused !== null) {
    replacePassword(db, unused, passwordHash, site, nowMs());
    return { username, password };
  }
  const created = createUser(db, {
    username,
    displayName: 'Administrator',
    passwordHash,
    state: 'must-change-password',
    siteId: site.siteId,
    roles: ['administrator'],
    actor: serviceActor('first-start'),
    atMs: nowMs(),
  });
  return created.ok ? { username, password } : null;
}

/** The first administrator while nobody has ever signed in to this station. */
function findUnused(db: WritableDb): User | null {
  const user = hasAnySignIn(db) ? null : findUserByName(db, USERNAME);
  return user?.state === 'must-change-password' ? user : null;
}

function replacePassword(db: WritableDb, { userId }: User, passwordHash: string, site: Site, atMs: number): void {
  inTransaction(db, () => {
    prepared(db, REPLACE_PASSWORD).run({ passwordHash, userId });
    appendEvent(db, {
      kind: 'user-password-changed',
      payload: { userId },
      siteId: site.siteId,
      actor: serviceActor('first-start'),
      correlationId: freshRowId(),
      atMs,
    });
  });
}
