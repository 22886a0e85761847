import { UserId } from '../../../shared/domain/ids.ts';
import type { Role } from '../../../shared/domain/permissions.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { freshId, freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { findUserByName, type UserState } from './queries.ts';

const INSERT_USER = `
  INSERT INTO users (user_id, username, display_name, password_hash, state, created_at_ms)
  VALUES (@userId, @username, @displayName, @passwordHash, @state, @atMs)
`;
const INSERT_ROLE = 'INSERT INTO user_roles (user_id, site_id, role) VALUES (?, ?, ?)';

/** Who is to be let in; the password is already hashed (`hashPassword`), since that takes its time. */
export type NewUser = {
  readonly username: string;
  readonly displayName: string;
  readonly passwordHash: string;
  readonly state: UserState;
  readonly siteId: string;
  readonly roles: readonly Role[];
  readonly actor: Actor;
  readonly atMs: number;
};

/** Creates a user with roles at one site, and records it; usernames are unique whatever their case. */
export function createUser(db: WritableDb, input: NewUser): Result<UserId, { code: 'username-taken' }> {
  return inTransaction(db, () => {
    if (findUserByName(db, input.username) !== null) return err({ code: 'username-taken' });
    const { username, displayName, passwordHash, state, atMs } = input;
    const userId = freshId(UserId);
    prepared(db, INSERT_USER).run({ userId, username, displayName, passwordHash, state, atMs });
    for (const role of input.roles) prepared(db, INSERT_ROLE).run(userId, input.siteId, role);
    appendEvent(db, {
      kind: 'user-created',
      payload: { userId, roles: [...input.roles] },
      siteId: input.siteId,
      actor: input.actor,
      correlationId: freshRowId(),
      atMs,
    });
    return ok(userId);
  });
}
