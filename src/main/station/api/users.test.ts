import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserCard } from '../../../shared/contract/users.ts';
import { testAnswers } from './test-answers.ts';
import { startTestStation, type TestRequest, type TestStation } from './test-station.ts';

let station: TestStation;
let token: string;
let nowMs: number;
beforeEach(async () => {
  nowMs = 1_800_000_000_000;
  station = await startTestStation(testAnswers(), { nowMs: () => nowMs });
  token = await station.token('administrator');
});
afterEach(() => station.stop());

const post = (body: unknown): TestRequest => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const VERA = { username: 'vera', displayName: 'Vera Reader', roles: ['radiologist', 'coordinator'] };

test('an administrator lets a person in, whose password is told once and whose name is nobody else’s', async () => {
  const created = (await (await station.ask(token, '/api/v1/users', post(VERA))).json()) as Record<string, string>;
  expect(created).toEqual({ userId: expect.any(String), password: expect.stringMatching(/^(\w{5}-){3}\w{5}$/) });
  const listed = await station.ask(token, '/api/v1/users');
  const users = UserCard.array().parse(await listed.json());
  expect(users.map(({ username }) => username)).toEqual([
    ...['administrator', 'coordinator', 'medical-lead', 'model-owner', 'radiologist', 'technologist', 'truth-reader'],
    'vera',
  ]);
  expect(users.at(-1)).toEqual({
    ...{ userId: created['userId'], username: 'vera', displayName: 'Vera Reader' },
    ...{ state: 'must-change-password', roles: ['coordinator', 'radiologist'] },
  });
  const taken = await station.ask(token, '/api/v1/users', post({ ...VERA, username: 'VERA' }));
  expect([taken.status, await taken.json()]).toMatchObject([409, { data: { code: 'username-taken' } }]);
  expect(
    station
      .events()
      .filter(({ kind }) => kind === 'user-created')
      .at(-1)?.payload,
  ).toEqual({
    userId: created['userId'],
    roles: ['radiologist', 'coordinator'],
  });
  expect(station.logged()).not.toContain(created['password']);
});

test.each([
  ['no role', { ...VERA, roles: [] }],
  ['the role of services', { ...VERA, roles: ['service'] }],
  ['no name', { ...VERA, username: ' ' }],
])('nobody is let in with %s', async (_what, person) => {
  expect((await station.ask(token, '/api/v1/users', post(person))).status).toBe(400);
});

test('a service’s token reads the metrics, until it expires', async () => {
  const answer = await station.ask(token, '/api/v1/service-tokens', post({ name: 'prometheus', expiresInDays: 2 }));
  const made = (await answer.json()) as { token: string; expiresAtMs: number };
  expect([answer.status, made.expiresAtMs - nowMs]).toEqual([201, 2 * 24 * 3_600_000]);
  expect((await station.ask(made.token, '/metrics')).status).toBe(200);
  expect((await station.ask(made.token, '/api/v1/users')).status).toBe(403);
  nowMs = made.expiresAtMs - 1;
  expect((await station.ask(made.token, '/metrics')).status).toBe(200);
  nowMs += 1;
  expect((await station.ask(made.token, '/metrics')).status).toBe(401);
  expect(station.events().at(-1)).toMatchObject({ kind: 'service-token-created' });
  expect(station.logged()).not.toContain(made.token);
});

test('a person’s name gives no token', async () => {
  const answer = await station.ask(token, '/api/v1/service-tokens', post({ name: 'radiologist', expiresInDays: 2 }));
  expect([answer.status, await answer.json()]).toMatchObject([409, { data: { code: 'username-taken' } }]);
});
