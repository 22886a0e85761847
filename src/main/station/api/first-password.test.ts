import { afterEach, beforeEach, expect, test } from 'vitest';
import { contract } from '../../../shared/contract/contract.ts';
import { FINDING, testAnswers } from './test-answers.ts';
import { startTestStation, type TestRequest, type TestStation } from './test-station.ts';

let station: TestStation;
beforeEach(async () => {
  station = await startTestStation(testAnswers());
});
afterEach(() => station.stop());

const json = (method: string, body: unknown): TestRequest => ({
  method,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** A radiologist whom the administrator has just let in. */
async function letIn(): Promise<{ readonly password: string; readonly token: string }> {
  const administrator = await station.token('administrator');
  const person = { username: 'vera', displayName: 'Vera Reader', roles: ['radiologist'] };
  const created = await station.ask(administrator, '/api/v1/users', json('POST', person));
  expect(created.status).toBe(201);
  const { password } = (await created.json()) as { password: string };
  return { password, token: await signIn(password) };
}

async function signIn(password: string): Promise<string> {
  const answer = await station.ask(null, '/api/v1/sessions', json('POST', { username: 'vera', password }));
  return ((await answer.json()) as { token: string }).token;
}

test('until the password is changed nothing else is answered, whichever way it is asked', async () => {
  const { password, token } = await letIn();
  const refusal = { code: 'FORBIDDEN', data: { code: 'password-must-be-changed' } };
  const beside = [
    `/api/v1/findings/${FINDING}/overlays/mask-1`,
    '/dicomweb/north/studies',
    '/metrics',
    '/api/v1/openapi.json',
  ];
  for (const path of ['/api/v1/worklist', '/api/v1/station/status', ...beside]) {
    const answer = await station.ask(token, path);
    expect([path, answer.status, await answer.json()]).toMatchObject([path, 403, refusal]);
  }
  const { client, socket } = await station.connect(token);
  await expect(client.worklist.list({})).rejects.toMatchObject(refusal);
  await expect(client.station.hints()).rejects.toMatchObject(refusal);
  await expect(client.sessions.touch()).rejects.toMatchObject(refusal);
  expect(await client.sessions.current()).toMatchObject({ username: 'vera', mustChangePassword: true });
  socket.close();

  const short = json('PUT', { current: password, next: 'too short' });
  expect((await station.ask(token, '/api/v1/sessions/current/password', short)).status).toBe(400);
  const same = await station.ask(
    token,
    '/api/v1/sessions/current/password',
    json('PUT', { current: password, next: password }),
  );
  expect([same.status, await same.json()]).toMatchObject([409, { data: { code: 'password-unchanged' } }]);
  const change = json('PUT', { current: password, next: 'a password of her own' });
  expect((await station.ask(token, '/api/v1/sessions/current/password', change)).status).toBe(200);
  expect((await station.ask(token, '/api/v1/worklist')).status).toBe(200);
  const again = await signIn('a password of her own');
  expect(await (await station.ask(again, '/api/v1/sessions/current')).json()).toMatchObject({
    mustChangePassword: false,
  });
});

test('whoever must change their password may still sign out', async () => {
  const { token } = await letIn();
  expect((await station.ask(token, '/api/v1/sessions/current', { method: 'DELETE' })).status).toBe(200);
  expect((await station.ask(token, '/api/v1/sessions/current')).status).toBe(401);
});

test('only three procedures are open to a password that must be changed', () => {
  const open = Object.entries(contract).flatMap(([area, members]) =>
    Object.entries(members)
      .filter(([, one]) => one['~orpc'].meta.access === 'own-session')
      .map(([name]) => `${area}.${name}`),
  );
  expect(open).toEqual(['sessions.current', 'sessions.changePassword', 'sessions.signOut']);
});
