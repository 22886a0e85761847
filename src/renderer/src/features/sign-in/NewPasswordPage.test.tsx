import { MantineProvider } from '@mantine/core';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { setUpText } from '../../app/text/text.ts';
import { useSession } from '../../bridge/session.ts';
import { NewPasswordPage } from './NewPasswordPage.tsx';
import { SignInPage } from './SignInPage.tsx';

const navigate = vi.hoisted(() => vi.fn<() => Promise<void>>());
vi.mock('@tanstack/react-router', () => ({ useNavigate: () => navigate }));
// Test files share their processes: the next one gets the real modules again.
afterAll(() => {
  vi.doUnmock('@tanstack/react-router');
  vi.resetModules();
});

const user = {
  userId: '01890000-0000-7000-8000-000000000009',
  username: 'vera',
  displayName: 'Vera Reader',
  roles: ['radiologist'],
  permissions: ['worklist.read'],
  site: { code: 'main', name: 'Main', zone: 'UTC' },
  sites: [{ code: 'main', name: 'Main' }],
};
const fetch = vi.fn<(path: string, init: RequestInit) => Promise<Response>>();
const answer = (status: number, body: unknown) => Promise.resolve(new Response(JSON.stringify(body), { status }));

beforeAll(() => {
  setUpText();
  vi.stubGlobal('matchMedia', () => ({
    matches: false,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }));
});
beforeEach(() => {
  navigate.mockReset().mockResolvedValue();
  fetch.mockReset();
  vi.stubGlobal('fetch', fetch);
});
afterEach(() => {
  cleanup();
  useSession.setState({ state: 'unknown' }, true);
});

function change(current: string, next: string, again = next): void {
  cleanup();
  render(<NewPasswordPage />, { wrapper: MantineProvider });
  const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
  type('Password you signed in with', current);
  type('New password', next);
  type('New password once more', again);
  fireEvent.submit(screen.getByRole('button', { name: 'Change password' }).closest('form')!);
}

const refusal = async () => (await screen.findByRole('alert')).textContent;

test('says what is asked for before anything is typed', () => {
  render(<NewPasswordPage />, { wrapper: MantineProvider });
  expect(document.body.textContent).toContain('at least 12 characters');
  expect(screen.queryByRole('alert')).toBeNull();
});

test('asks the station for nothing that it would refuse', async () => {
  change('old password 1', 'short');
  expect(await refusal()).toContain('at least 12 characters');
  change('old password 1', 'long enough, surely', 'long enough, surly');
  expect(await refusal()).toBe('The new password was not typed the same twice.');
  expect(fetch).not.toHaveBeenCalled();
});

test('changes it and goes on to the worklist', async () => {
  fetch.mockImplementation((_path, init) => answer(200, init.method === 'PUT' ? {} : user));
  change('old password 1', 'long enough, surely');
  await vi.waitFor(() => expect(navigate).toHaveBeenCalledWith({ to: '/worklist', replace: true }));
  const [path, init] = fetch.mock.calls[0]!;
  expect([path, init.method, JSON.parse(init.body as string)]).toEqual([
    ...['/api/v1/sessions/current/password', 'PUT'],
    { current: 'old password 1', next: 'long enough, surely' },
  ]);
  expect(useSession.getState()).toMatchObject({ state: 'signed-in', user: { username: 'vera' } });
});

test.each([
  [409, { data: { code: 'password-wrong' } }, 'The password you signed in with is not right.'],
  [409, { data: { code: 'password-unchanged' } }, 'The new password is the old one. Choose another.'],
  [429, { data: { retryAfterMs: 4000 } }, 'Too many attempts. Try again in'],
  [500, { data: { incidentId: 'AB12' } }, 'The station could not change the password. Incident AB12.'],
])('a refusal of %i with %j is told in words', async (status, body, words) => {
  fetch.mockImplementation(() => answer(status, body));
  change('old password 1', 'long enough, surely');
  expect(await refusal()).toContain(words);
  expect(navigate).not.toHaveBeenCalled();
});

test('says so when the station cannot be reached', async () => {
  fetch.mockRejectedValue(new TypeError('network'));
  change('old password 1', 'long enough, surely');
  expect(await refusal()).toContain('cannot be reached');
});

test('the sign-in page says that disuse ended the session, and says it to nobody else', () => {
  useSession.setState({ state: 'signed-out', because: 'idleness' }, true);
  render(<SignInPage />, { wrapper: MantineProvider });
  expect(screen.getByRole('status').textContent).toContain('nobody used this page for a while');
  cleanup();
  useSession.setState({ state: 'signed-out' }, true);
  render(<SignInPage />, { wrapper: MantineProvider });
  expect(screen.queryByRole('status')).toBeNull();
});
