import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { confirmPassword } from './confirm-password.ts';
import { hashPassword } from './passwords.ts';
import { actorOf } from './principal.ts';
import { findUser } from './queries.ts';
import type { Session } from './session.ts';
import type { SignInThrottle } from './sign-in-throttle.ts';

const SET_PASSWORD = `UPDATE users SET password_hash = ?, state = 'active' WHERE user_id = ? AND password_hash = ?`;
const END_OTHER_SESSIONS = `
  UPDATE sessions SET ended_at_ms = ?
   WHERE user_id = ? AND token_digest <> ? AND kind = 'page' AND ended_at_ms IS NULL
`;

/** Somebody signed in at an address wants another password. */
export type ChangePassword = {
  readonly session: Session;
  readonly current: string;
  readonly next: string;
  readonly address: string;
  readonly nowMs: () => number;
};

export type PasswordRefusal =
  | { readonly code: 'password-wrong' | 'password-unchanged' }
  | { readonly code: 'too-many-attempts'; readonly retryAfterMs: number };

/** Sets a user's own password, ends their other page sessions and records it; guessing the current one is throttled as signing in is. */
export async function changePassword(
  db: WritableDb,
  throttle: SignInThrottle,
  input: ChangePassword,
): Promise<Result<null, PasswordRefusal>> {
  const { principal } = input.session;
  const user = findUser(db, principal.userId);
  if (user === null) return err({ code: 'password-wrong' });
  const confirmed = await confirmPassword(db, throttle, { ...input, password: input.current });
  if (!confirmed.ok) return confirmed;
  if (input.next === input.current) return err({ code: 'password-unchanged' });
  const passwordHash = await hashPassword(input.next);
  return inTransaction(db, () => {
    const atMs = input.nowMs();
    const changed = prepared(db, SET_PASSWORD).run(passwordHash, user.userId, user.passwordHash);
    if (changed.changes === 0) return err({ code: 'password-wrong' });
    prepared(db, END_OTHER_SESSIONS).run(atMs, user.userId, Buffer.from(input.session.key, 'hex'));
    appendEvent(db, {
      kind: 'user-password-changed',
      payload: { userId: user.userId },
      siteId: principal.siteId,
      actor: actorOf(principal),
      correlationId: freshRowId(),
      atMs,
    });
    return ok(null);
  });
}
