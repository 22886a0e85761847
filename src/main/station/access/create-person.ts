import type { UserId } from '../../../shared/domain/ids.ts';
import { ok, type Result } from '../../../shared/domain/result.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { createUser, type NewUser } from './create-user.ts';
import { freshPassword } from './one-time-password.ts';
import { hashPassword } from './passwords.ts';

/** Who is to be let in by an administrator. */
export type NewPerson = Omit<NewUser, 'passwordHash' | 'state' | 'atMs'> & { readonly nowMs: () => number };

/** Creates a user with a password to be told once, which must be changed before anything else is done. */
export async function createPerson(
  db: WritableDb,
  { nowMs, ...person }: NewPerson,
): Promise<Result<{ readonly userId: UserId; readonly password: string }, { code: 'username-taken' }>> {
  const password = freshPassword();
  const passwordHash = await hashPassword(password);
  const created = createUser(db, { ...person, passwordHash, state: 'must-change-password', atMs: nowMs() });
  return created.ok ? ok({ userId: created.value, password }) : created;
}
