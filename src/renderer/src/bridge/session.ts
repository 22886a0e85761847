import { create } from 'zustand';
import { CurrentUser, SignInOutcome } from '../../../shared/contract/sessions.ts';
import type { UserId } from '../../../shared/domain/ids.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { type Failure, failureOfAnswer, UNREACHABLE } from './failure.ts';

/** Who sits at this page. `unknown` until the station has been asked; `unreachable` while it cannot be. */
export type Session =
  | { readonly state: 'unknown' }
  | { readonly state: 'unreachable' }
  | { readonly state: 'signed-out'; readonly because?: 'idleness' }
  | { readonly state: 'signed-in'; readonly user: CurrentUser };

/** The page's session, for components to follow. */
export const useSession = create<Session>()(() => ({ state: 'unknown' }));

/** The signed-in user; for components that only exist below the shell's session check. */
export function useCurrentUser(): CurrentUser {
  const session = useSession();
  if (session.state !== 'signed-in') throw new Error('This part of the page needs a signed-in user.');
  return session.user;
}

/** Who is signed in; null while nobody is known to be. */
export function userOf(session: Session): UserId | null {
  return session.state === 'signed-in' ? session.user.userId : null;
}

const SESSIONS = '/api/v1/sessions';
const UNEXPECTED: Failure = { code: 'unexpected-answer', detail: null, incidentId: null, retryAfterMs: null };

/** Asks the station whose cookie this browser holds, and remembers the answer. */
export async function refreshSession(): Promise<void> {
  const session = await askSession();
  if (session !== null) useSession.setState(session, true);
}

/** As `refreshSession`, but somebody signed in stays so while the station cannot be asked: its restart signs nobody out. */
export async function confirmSession(): Promise<Session> {
  const session = await askSession();
  if (session === null) return useSession.getState();
  if (session.state !== 'unreachable') useSession.setState(session, true);
  return session;
}

/** What the station says of the session; null where somebody signed out meanwhile: that is of a session which is over. */
async function askSession(): Promise<Session | null> {
  await ending;
  const before = departures;
  const session = sessionOf(await ask('GET', `${SESSIONS}/current`));
  return departures === before ? session : null;
}

function sessionOf(answer: Result<unknown, Failure>): Session {
  if (!answer.ok) {
    if (answer.error.code !== 'signed-out') return { state: 'unreachable' };
    return { state: 'signed-out', ...(answer.error.detail === 'session-idle' && { because: 'idleness' }) };
  }
  const user = CurrentUser.safeParse(answer.value);
  return user.success ? { state: 'signed-in', user: user.data } : { state: 'unreachable' };
}

/** Goes to another site of the user's: everything on the page is that site's from now on, so the page is loaded anew. */
export async function enterSite(site: string): Promise<void> {
  const answer = await ask('PUT', `${SESSIONS}/current/site`, { site });
  if (answer.ok) window.location.reload();
}

/** The sign-out under way, if any: the next sign-in waits for it, or it would end the session that follows. */
let ending: Promise<unknown> = Promise.resolve();
/** How often somebody signed out at this page. */
let departures = 0;

/** Signs in; the station sets its cookie, which opens the socket. Wrong name or password is `signed-out`. */
export async function signIn(username: string, password: string): Promise<Result<SignInOutcome, Failure>> {
  await ending;
  const answer = await ask('POST', SESSIONS, { username, password });
  if (!answer.ok) return answer;
  const outcome = SignInOutcome.safeParse(answer.value);
  if (!outcome.success) return err(UNEXPECTED);
  if (outcome.data.state === 'signed-in') useSession.setState({ state: 'signed-in', user: outcome.data.user }, true);
  return ok(outcome.data);
}

/** Changes one's own password; the conflicts are `password-wrong` and `password-unchanged`. */
export async function changePassword(current: string, next: string): Promise<Result<null, Failure>> {
  const answer = await ask('PUT', `${SESSIONS}/current/password`, { current, next });
  if (!answer.ok) return answer;
  await refreshSession();
  return ok(null);
}

/** Ends the session: the page forgets it at once, even when the station cannot be told, and then tells the station. */
export async function signOut(): Promise<void> {
  useSession.setState({ state: 'signed-out' }, true);
  departures += 1;
  ending = endSession();
  await ending;
}

async function endSession(): Promise<void> {
  // The pages go first and give up what they load: images asked for without a session are refused.
  await new Promise((gone) => setTimeout(gone));
  await ask('DELETE', `${SESSIONS}/current`);
}

async function ask(method: string, path: string, body?: object): Promise<Result<unknown, Failure>> {
  try {
    const answer = await fetch(path, {
      method,
      credentials: 'same-origin',
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const value: unknown = text === '' ? null : JSON.parse(text);
    if (answer.ok) return ok(value);
    const data = typeof value === 'object' && value !== null && 'data' in value ? value.data : value;
    return err(withRetryHeader(failureOfAnswer(answer.status, data), answer.headers.get('retry-after')));
  } catch {
    // No answer, or one that is not ours (a proxy's page): either way the station was not reached.
    return err(UNREACHABLE);
  }
}

function withRetryHeader(failure: Failure, seconds: string | null): Failure {
  if (failure.retryAfterMs !== null || seconds === null || !Number.isFinite(Number(seconds))) return failure;
  return { ...failure, retryAfterMs: Number(seconds) * 1000 };
}
