import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { ReadableDb } from '../platform/store/database.ts';
import { NO_PASSWORD, passwordFits } from './passwords.ts';
import { findUser } from './queries.ts';
import type { Session } from './session.ts';
import type { SignInThrottle } from './sign-in-throttle.ts';

/** Somebody signed in at an address gives their password again. */
export type ConfirmPassword = {
  readonly session: Session;
  readonly password: string;
  readonly address: string;
  readonly nowMs: () => number;
};

export type ConfirmRefusal =
  | { readonly code: 'password-wrong' }
  | { readonly code: 'too-many-attempts'; readonly retryAfterMs: number };

/** Whether the person of a session is who gives its password: what a signature is made by. Guessing is throttled as signing in is; a service has none. */
export async function confirmPassword(
  db: ReadableDb,
  throttle: SignInThrottle,
  { session, password, address, nowMs }: ConfirmPassword,
): Promise<Result<null, ConfirmRefusal>> {
  const user = findUser(db, session.principal.userId);
  if (user === null || user.passwordHash === NO_PASSWORD) return err({ code: 'password-wrong' });
  const retryAfterMs = throttle.admit(user.username, address, nowMs());
  if (retryAfterMs > 0) return err({ code: 'too-many-attempts', retryAfterMs });
  if (!(await passwordFits(user.passwordHash, password))) return err({ code: 'password-wrong' });
  throttle.forgive(user.username, address);
  return ok(null);
}
