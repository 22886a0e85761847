import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { contract } from '../../src/shared/contract/contract.ts';
import { ask, type Asker, jsonBody, signIn } from './support/ask-station.ts';
import { endEverything, type RunningStation, startStation } from './support/start-station.ts';

let station: RunningStation;
let administrator: Asker;

beforeAll(async () => {
  station = await startStation({ demo: true });
  administrator = await signIn(station, 'administrator', 'demo');
});

afterAll(async () => {
  await station.stop();
  await endEverything();
});

/** Every procedure of the contract that stands as REST, with its access. */
const ROUTES = Object.values(contract)
  .flatMap((area) => Object.values(area))
  .flatMap((procedure) => {
    const { route, meta } = procedure['~orpc'];
    return route.method === undefined || route.path === undefined
      ? []
      : [
          {
            method: route.method,
            path: route.path.replaceAll(/\{\w+\}/g, '0190b6e0-0000-7000-8000-000000000000'),
            access: meta.access,
          },
        ];
  });
const GUARDED = ROUTES.filter(({ access }) => access !== 'public');

describe('without a session', () => {
  test.each(GUARDED.map(({ method, path }) => [method, path]))('%s %s is 401', async (method = '', path = '') => {
    const answer = await ask(station.http, `/api/v1${path}`, { method });
    expect(answer.status).toBe(401);
    const forged = await ask(station.http, `/api/v1${path}`, { method, headers: { authorization: 'Bearer abcdef' } });
    expect(forged.status).toBe(401);
  });

  test('so are readiness, metrics, the description, DICOMweb and masks; liveness is not', async () => {
    for (const path of [
      '/health/ready',
      '/metrics',
      '/api/v1/openapi.json',
      '/dicomweb/demo/studies',
      '/dicomweb/demo/studies/1.2.3',
      '/dicomweb/demo/studies/1.2.3/series/1.2/instances/1.1/frames/1',
      '/api/v1/findings/0190b6e0-0000-7000-8000-000000000000/overlays/mask-1',
    ])
      expect({ path, status: (await ask(station.http, path)).status }).toEqual({ path, status: 401 });
    expect((await ask(station.http, '/health/live')).status).toBe(200);
  });

  test('a socket is refused with 401', async () => {
    expect(await upgrade({})).toBe(401);
  });
});

test('the description names every route of the contract', async () => {
  const answer = await administrator.fetch('/api/v1/openapi.json');
  const { openapi, paths } = JSON.parse(answer.text) as { openapi: string; paths: Record<string, object> };
  expect(openapi).toMatch(/^3\.1/);
  const named = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path.replace(/^\/api\/v1/, '').replaceAll(/\{\w+\}/g, '*')}`),
  );
  const wanted = ROUTES.map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/[0-9a-f-]{36}/g, '*')}`);
  expect(named).toEqual(expect.arrayContaining(wanted));
});

test('a permission that the role lacks is 403', async () => {
  const coordinator = await signIn(station, 'coordinator', 'demo');
  expect((await coordinator.fetch('/api/v1/audit/verify', { method: 'POST' })).status).toBe(403);
  expect((await coordinator.fetch('/api/v1/audit/events')).status).toBe(403);
});

test('a session that signed out is over, over HTTP and on its socket', async () => {
  const someone = await signIn(station, 'technologist', 'demo');
  const socket = new WebSocket(`${station.http.replace(/^http/, 'ws')}/rpc`, {
    headers: { authorization: `Bearer ${someone.token}` },
  });
  await new Promise((resolve) => socket.once('open', resolve));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  expect((await someone.fetch('/api/v1/sessions/current', { method: 'DELETE' })).status).toBe(200);
  expect((await someone.fetch('/api/v1/worklist')).status).toBe(401);
  await closed;
});

describe('a page of somebody else', () => {
  test('is refused by its Origin, whatever it carries', async () => {
    for (const origin of [
      'http://evil.example',
      'null',
      station.http.replace('127.0.0.1', 'localhost'),
      'http://127.0.0.1:1',
    ]) {
      const headers = { origin, authorization: `Bearer ${administrator.token}` };
      const { status } = await ask(station.http, '/api/v1/worklist', { headers });
      expect({ origin, status, upgraded: await upgrade(headers) }).toEqual({ origin, status: 403, upgraded: 403 });
    }
    const own = { origin: station.http, authorization: `Bearer ${administrator.token}` };
    expect((await ask(station.http, '/api/v1/worklist', { headers: own })).status).toBe(200);
    expect(await upgrade(own)).toBe(101);
  });

  test('cannot use the cookie on a write that no page of ours says it sent', async () => {
    const cookie = `wetread-session=${administrator.token}`;
    expect((await ask(station.http, '/api/v1/audit/verify', { method: 'POST', headers: { cookie } })).status).toBe(403);
    expect(
      (
        await ask(station.http, '/api/v1/audit/verify', {
          method: 'POST',
          headers: { cookie, 'sec-fetch-site': 'same-site' },
        })
      ).status,
    ).toBe(403);
    expect(
      (await ask(station.http, '/api/v1/audit/verify', { method: 'POST', headers: { cookie, origin: station.http } }))
        .status,
    ).toBe(200);
  });
});

test('a name that is not ours in the Host header is refused, as a rebound one would be', async () => {
  for (const host of ['evil.example', `evil.example:${new URL(station.http).port}`, '127.0.0.1', '127.0.0.1:1'])
    expect(await rawStatus('/health/live', { host })).toBeGreaterThanOrEqual(400);
  expect(await rawStatus('/health/live', { host: new URL(station.http).host })).toBe(200);
});

test('answers with patient data are not to be stored, and the cookie is out of reach of scripts', async () => {
  const answer = await administrator.fetch('/api/v1/worklist');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  const signedIn = await ask(station.http, '/api/v1/sessions', jsonBody({ username: 'coordinator', password: 'demo' }));
  expect(signedIn.headers.get('set-cookie')).toMatch(/HttpOnly/i);
  expect(signedIn.headers.get('set-cookie')).toMatch(/SameSite=Strict/i);
});

/** The status of a request with headers that fetch would not let us write. */
function rawStatus(path: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${station.http}${path}`, { headers, setHost: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** The status that an upgrade to the socket is answered with; 101 where it is let in. */
function upgrade(headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${station.http.replace(/^http/, 'ws')}/rpc`, { headers });
    socket.once('open', () => {
      socket.close();
      resolve(101);
    });
    socket.once('unexpected-response', (_request, answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    socket.once('error', (error) => (error.message.includes('Unexpected server response') ? undefined : reject(error)));
  });
}
