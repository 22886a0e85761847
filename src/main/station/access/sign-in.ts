import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { isLoopback } from '../platform/http/loopback.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { DEMO_PASSWORD } from './demo-users.ts';
import { findSession } from './find-session.ts';
import { passwordFits } from './passwords.ts';
import { findSiteOf, findUserByName, type Site, type User } from './queries.ts';
import type { Session, SessionLimits } from './session.ts';
import type { SignInThrottle } from './sign-in-throttle.ts';
import { startSession } from './start-session.ts';

/** Somebody at an address claims to be a user. */
export type SignIn = {
  readonly username: string;
  readonly password: string;
  /** Code of the site to sign in to; left out, the oldest at which they have a role. */
  readonly site?: string | undefined;
  readonly address: string;
  readonly nowMs: () => number;
  readonly limits: SessionLimits;
};

/** What a sign-in opens: the session, and the token that stands for it. */
export type SignedIn = { readonly token: string; readonly session: Session };

export type SignInRefusal =
  | { readonly code: 'refused' }
  | { readonly code: 'too-many-attempts'; readonly retryAfterMs: number };

/**
 * Opens a page session when name and password fit, recorded with it. Every other attempt is refused alike, in about the
 * same time whether the name exists or not, and recorded without the name that was typed.
 */
export async function signIn(
  db: WritableDb,
  throttle: SignInThrottle,
  input: SignIn,
): Promise<Result<SignedIn, SignInRefusal>> {
  const retryAfterMs = throttle.admit(input.username, input.address, input.nowMs());
  if (retryAfterMs > 0) return err({ code: 'too-many-attempts', retryAfterMs });
  const user = findUserByName(db, input.username);
  const fits = await passwordFits(user?.passwordHash ?? null, input.password);
  const admitted = admit(db, user, fits, input);
  if (!admitted.ok) {
    recordRefusal(db, admitted.error.code, user, input.nowMs());
    return err({ code: 'refused' });
  }
  throttle.forgive(input.username, input.address);
  return ok(openSession(db, admitted.value, input));
}

type Admitted = { readonly user: User; readonly site: Site };
type Ground = 'unknown-user' | 'wrong-password' | 'disabled' | 'demo-password-from-elsewhere' | 'no-role';

function admit(db: WritableDb, user: User | null, fits: boolean, input: SignIn): Result<Admitted, { code: Ground }> {
  if (user === null) return err({ code: 'unknown-user' });
  if (!fits) return err({ code: 'wrong-password' });
  if (user.state === 'disabled') return err({ code: 'disabled' });
  if (input.password === DEMO_PASSWORD && !isLoopback(input.address))
    return err({ code: 'demo-password-from-elsewhere' });
  const site = findSiteOf(db, user.userId, input.site);
  return site === null ? err({ code: 'no-role' }) : ok({ user, site });
}

function openSession(db: WritableDb, { user, site }: Admitted, input: SignIn): SignedIn {
  return inTransaction(db, () => {
    const atMs = input.nowMs();
    const token = startSession(db, {
      userId: user.userId,
      siteId: site.siteId,
      kind: 'page',
      atMs,
      expiresAtMs: atMs + input.limits.absoluteMs,
    });
    appendEvent(db, {
      kind: 'user-signed-in',
      payload: { userId: user.userId },
      siteId: site.siteId,
      actor: { kind: 'user', id: user.userId },
      correlationId: freshRowId(),
      atMs,
    });
    const session = findSession(db, token, atMs, input.limits);
    if (session === null) throw new Error('a session that was just started must be found');
    return { token, session };
  });
}

function recordRefusal(db: WritableDb, reason: Ground, user: User | null, atMs: number): void {
  inTransaction(db, () =>
    appendEvent(db, {
      kind: 'user-sign-in-refused',
      payload: { reason, userId: user?.userId ?? null },
      siteId: null,
      actor: user === null ? serviceActor('access') : { kind: 'user', id: user.userId },
      correlationId: freshRowId(),
      atMs,
    }),
  );
}
