import { afterEach, expect, test, vi } from 'vitest';
import { changePassword, confirmSession, refreshSession, signIn, signOut, useSession } from './session.ts';

const user = {
  userId: '01890000-0000-7000-8000-000000000009',
  username: 'radiologist',
  displayName: 'Demo Radiologist',
  roles: ['radiologist'],
  permissions: ['worklist.read'],
  site: { code: 'demo', name: 'Demo site', zone: 'UTC' },
  sites: [{ code: 'demo', name: 'Demo site' }],
};

function answer(status: number, body: unknown, headers: Record<string, string> = {}): void {
  const respond = () => Promise.resolve(new Response(JSON.stringify(body), { status, headers }));
  vi.stubGlobal('fetch', vi.fn(respond));
}

afterEach(() => {
  vi.unstubAllGlobals();
  useSession.setState({ state: 'unknown' }, true);
});

test('signing in remembers who it is', async () => {
  answer(201, { state: 'signed-in', token: 't', user });
  const outcome = await signIn('radiologist', 'demo');
  expect([outcome.ok, useSession.getState()]).toEqual([true, { state: 'signed-in', user }]);
});

test.each([
  [401, { status: 401 }, {}, { code: 'signed-out', retryAfterMs: null, incidentId: null, detail: null }],
  [
    429,
    { data: { retryAfterMs: 4200 } },
    {},
    { code: 'too-many-requests', retryAfterMs: 4200, incidentId: null, detail: null },
  ],
  [429, {}, { 'retry-after': '7' }, { code: 'too-many-requests', retryAfterMs: 7000, incidentId: null, detail: null }],
  [
    500,
    { data: { incidentId: 'i-1' } },
    {},
    { code: 'station-fault', retryAfterMs: null, incidentId: 'i-1', detail: null },
  ],
  [201, { state: 'strange' }, {}, { code: 'unexpected-answer', retryAfterMs: null, incidentId: null, detail: null }],
])('an answer of %i with %j and %j is the failure %j', async (status, body, headers, failure) => {
  answer(status, body, headers);
  expect(await signIn('radiologist', 'x')).toEqual({ ok: false, error: failure });
  expect(useSession.getState().state).toBe('unknown');
});

test('a station that cannot be reached signs nobody out, one that says so does', async () => {
  answer(200, user);
  await refreshSession();
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('network')));
  expect([(await confirmSession()).state, useSession.getState().state]).toEqual(['unreachable', 'signed-in']);
  answer(401, {});
  expect([(await confirmSession()).state, useSession.getState().state]).toEqual(['signed-out', 'signed-out']);
});

test('a session that ended by disuse says so, one that ended otherwise does not', async () => {
  answer(401, { defined: true, code: 'UNAUTHORIZED', data: { code: 'session-idle' } });
  expect(await confirmSession()).toEqual({ state: 'signed-out', because: 'idleness' });
  answer(401, { defined: true, code: 'UNAUTHORIZED' });
  expect(await confirmSession()).toEqual({ state: 'signed-out' });
});

test('a password that was changed is no longer to be changed; one that was refused says why', async () => {
  useSession.setState({ state: 'signed-in', user: { ...user, mustChangePassword: true } as never }, true);
  answer(409, { code: 'CONFLICT', data: { code: 'password-wrong' } });
  expect(await changePassword('a', 'b')).toMatchObject({ error: { code: 'conflict', detail: 'password-wrong' } });
  expect(useSession.getState()).toMatchObject({ user: { mustChangePassword: true } });
  answer(200, user);
  expect(await changePassword('a', 'b')).toEqual({ ok: true, value: null });
  expect(useSession.getState()).toEqual({ state: 'signed-in', user });
});

test('signing out forgets who it was before the station is told, and the next sign-in waits until it has been', async () => {
  answer(200, user);
  await refreshSession();
  const asked: string[] = [];
  const { promise: told, resolve: tell } = Promise.withResolvers<Response>();
  vi.stubGlobal('fetch', (_path: string, { method }: RequestInit) => {
    asked.push(`${String(method)} while ${useSession.getState().state}`);
    const welcome = new Response(JSON.stringify({ state: 'signed-in', token: 't', user }), { status: 201 });
    return method === 'DELETE' ? told : Promise.resolve(welcome);
  });
  const leaving = signOut();
  expect([useSession.getState().state, asked]).toEqual(['signed-out', []]);
  const coming = signIn('radiologist', 'demo');
  await vi.waitFor(() => expect(asked).toEqual(['DELETE while signed-out']));
  tell(new Response(null, { status: 204 }));
  await leaving;
  expect((await coming).ok).toBe(true);
  expect(asked).toEqual(['DELETE while signed-out', 'POST while signed-out']);
});

test('an answer of before that comes behind signing out signs nobody in again', async () => {
  answer(200, user);
  await refreshSession();
  const { promise: late, resolve: come } = Promise.withResolvers<Response>();
  vi.stubGlobal('fetch', (_path: string, { method }: RequestInit) =>
    method === 'GET' ? late : Promise.resolve(new Response(null, { status: 204 })),
  );
  const confirming = [confirmSession(), refreshSession()];
  await vi.waitFor(() => Promise.resolve());
  const leaving = signOut();
  come(new Response(JSON.stringify(user)));
  await Promise.all([...confirming, leaving]);
  expect([useSession.getState(), await confirming[0]]).toEqual([{ state: 'signed-out' }, { state: 'signed-out' }]);
});
