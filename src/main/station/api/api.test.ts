import { request as askRaw } from 'node:http';
import { contract } from '../../../shared/contract/contract.ts';
import type { GuardedRouter } from '../../../shared/contract/procedure.ts';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { StationServices } from './services.ts';
import { FINDING, MASK, OTHER_STUDY, PATIENT_MRN, PATIENT_NAME, ROW, STUDY, testAnswers } from './test-answers.ts';
import { startTestStation, TEST_PASSWORD, type TestRequest, type TestStation } from './test-station.ts';

let station: TestStation;
afterEach(() => station.stop());

async function start(changes: Partial<StationServices> = {}, clock?: { nowMs(): number }): Promise<void> {
  station = await startTestStation(testAnswers(changes), clock);
}

const json = (body: unknown, headers: Record<string, string> = {}): TestRequest => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});
const signIn = (password = TEST_PASSWORD, username = 'radiologist') =>
  station.ask(null, '/api/v1/sessions', json({ username, password }));

test('a page signs in by a cookie that scripts cannot read and other sites cannot send, and out again', async () => {
  await start();
  const signedIn = await signIn();
  const [cookie = ''] = signedIn.headers.getSetCookie();
  expect([signedIn.status, cookie.replace(/=[^;]+/, '=…')]).toEqual([
    201,
    'wetread-session=…; Path=/; HttpOnly; SameSite=Strict',
  ]);
  const headers = { cookie: cookie.split(';')[0]!, origin: station.origin };
  expect(await (await fetch(`${station.origin}/api/v1/sessions/current`, { headers })).json()).toMatchObject({
    username: 'radiologist',
    site: { code: 'north' },
  });
  const out = await fetch(`${station.origin}/api/v1/sessions/current`, { method: 'DELETE', headers });
  expect([out.status, out.headers.getSetCookie()[0]]).toEqual([200, expect.stringContaining('wetread-session=; ')]);
  expect((await fetch(`${station.origin}/api/v1/sessions/current`, { headers })).status).toBe(401);
});

test('the cookie opens a socket for our own page, and for no other', async () => {
  await start();
  const [cookie = ''] = (await signIn()).headers.getSetCookie();
  const knock = (origin?: string) =>
    new Promise<number | 'open'>((resolve) => {
      const headers = { cookie: cookie.split(';')[0]! };
      const socket = new WebSocket(`ws://127.0.0.1:${station.port}/rpc`, { headers, ...(origin && { origin }) });
      socket.on('open', () => resolve('open'));
      socket.on('unexpected-response', (request, response) => {
        request.destroy();
        resolve(response.statusCode ?? 0);
      });
      socket.on('error', () => undefined); // the refusal has been told
    });
  expect(await knock(station.origin)).toBe('open');
  expect(await knock('https://evil.example')).toBe(403);
  expect(await knock()).toBe(403);
});

test('a cookie from another page, or from nowhere, writes nothing', async () => {
  await start();
  const [cookie = ''] = (await signIn()).headers.getSetCookie();
  const before = station.events().length;
  const open = (headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const path = `/api/v1/studies/${STUDY}/openings`;
      const all = { cookie: cookie.split(';')[0]!, host: `127.0.0.1:${station.port}`, ...headers };
      askRaw({ port: station.port, host: '127.0.0.1', path, method: 'POST', headers: all }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });
  expect(await open({ origin: 'https://evil.example' })).toBe(403);
  expect(await open({ origin: `http://127.0.0.1:${station.port + 1}` })).toBe(403);
  expect(await open({})).toBe(403);
  expect(await open({ host: `evil.example:${station.port}`, origin: `http://evil.example:${station.port}` })).toBe(421);
  expect(station.events()).toHaveLength(before);
  expect(await open({ origin: station.origin })).toBe(200);
});

test('says how long to wait after too many wrong passwords', async () => {
  await start();
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 5; attempt += 1) statuses.push((await signIn('wrong')).status);
  const refused = await signIn();
  expect([...statuses, refused.status]).toEqual([401, 401, 401, 401, 401, 429]);
  const body = (await refused.json()) as { data: { retryAfterMs: number } };
  expect(body).toMatchObject({ defined: true, code: 'TOO_MANY_REQUESTS' });
  expect(body.data.retryAfterMs).toBeGreaterThan(0);
  expect(body.data.retryAfterMs).toBeLessThanOrEqual(1000);
});

test('answers the same over REST and WebSocket, refusals too', async () => {
  await start();
  const token = await station.token('radiologist');
  const { client, socket } = await station.connect(token);
  const rest = async (path: string, init?: TestRequest) => (await station.ask(token, path, init)).json();
  const failure = (error: unknown) => JSON.parse(JSON.stringify(error)) as unknown;
  const of = `/api/v1/studies/${STUDY}`;
  const pairs: [unknown, unknown][] = [
    [await rest('/api/v1/worklist?limit=7'), await client.worklist.list({ limit: 7 })],
    [await rest('/api/v1/worklist/search', json({ text: 'a' })), await client.worklist.search({ text: 'a' })],
    [await rest('/api/v1/worklist/counts'), await client.worklist.counts()],
    [await rest('/api/v1/worklist/next'), await client.worklist.next()],
    [await rest(of), await client.studies.get({ studyId: STUDY })],
    [await rest('/api/v1/studies?studyUid=1.2.3'), await client.studies.find({ studyUid: '1.2.3' })],
    [await rest(`${of}/findings`), await client.studies.findings({ studyId: STUDY })],
    [await rest(`${of}/report`), await client.studies.report({ studyId: STUDY })],
    [await rest(`${of}/timeline`), await client.studies.timeline({ studyId: STUDY })],
    [await rest('/api/v1/station/status'), await client.station.status()],
    [await rest('/api/v1/audit/events'), await client.audit.events({})],
    [await rest(`/api/v1/studies/${OTHER_STUDY}`), await client.studies.get({ studyId: OTHER_STUDY }).catch(failure)],
    [
      await rest(`${of}/promotions`, { method: 'POST' }),
      await client.studies.promote({ studyId: STUDY }).catch(failure),
    ],
    [await rest('/api/v1/audit/verify', { method: 'POST' }), await client.audit.verify().catch(failure)],
    [await rest('/api/v1/worklist?limit=9999'), await client.worklist.list({ limit: 9999 }).catch(failure)],
  ];
  socket.close();
  expect(pairs.map(([overRest]) => overRest)).toEqual(pairs.map(([, overSocket]) => overSocket));
  expect(pairs[4]?.[0]).toMatchObject({ row: ROW });
  expect(pairs.slice(11).map(([answer]) => answer)).toMatchObject([
    { defined: true, code: 'NOT_FOUND', status: 404, data: { code: 'study-not-found' } },
    { defined: true, code: 'CONFLICT', status: 409, data: { code: 'already-new' } },
    { defined: true, code: 'FORBIDDEN', status: 403 },
    { code: 'BAD_REQUEST', status: 400, data: { places: ['limit'] } },
  ]);
});

test('asks for the session before it looks at the input', async () => {
  await start();
  expect((await station.ask(null, '/api/v1/studies/not-an-id')).status).toBe(401);
  expect((await station.ask(await station.token('radiologist'), '/api/v1/studies/not-an-id')).status).toBe(400);
});

test('a socket asks for its session at every call, and is closed when it ends', async () => {
  await start();
  const token = await station.token('radiologist');
  const { client, socket } = await station.connect(token);
  const hints = await client.station.hints();
  expect((await hints.next()).value).toMatchObject({ type: 'reset' });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  expect((await station.ask(token, '/api/v1/sessions/current', { method: 'DELETE' })).status).toBe(200);
  await expect(client.worklist.list({})).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  expect(await closed).toBe(4401);
  await expect(station.connect(token)).rejects.toThrow('401');
});

test('a call that signs out over the socket is answered before the socket closes', async () => {
  await start();
  const { client, socket } = await station.connect(await station.token('radiologist'));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  expect(await client.sessions.signOut()).toEqual({});
  expect(await closed).toBe(4401);
});

test('hints reach the page over the socket', async () => {
  await start();
  const { client, socket } = await station.connect(await station.token('radiologist'));
  const hints = await client.station.hints();
  await hints.next();
  station.hints.publish({ siteId: station.site.siteId, studyId: STUDY, seq: 12 });
  expect((await hints.next()).value).toEqual({ type: 'changed', studyIds: [STUDY], seq: 12 });
  socket.close();
});

test.each([
  ['text that is no JSON', `{"p": ${PATIENT_NAME}`],
  ['a number', '7'],
  ['a call without an address', '{"i":"1","p":{}}'],
  ['headers of its own', '{"i":"1","p":{"u":"/worklist/list","h":{"content-type":"multipart/form-data"}}}'],
  ['bytes', Buffer.from([1, 2, 3])],
])('closes a socket that sends %s, and prints nothing of it', async (_what, message) => {
  await start();
  const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const { socket } = await station.connect(await station.token('radiologist'));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.send(message);
  expect(await closed).toBe(1003);
  expect(printed).not.toHaveBeenCalled();
  printed.mockRestore();
});

test('a call that finds the disk full says so, and is no incident', async () => {
  const full = (): never => {
    throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
  };
  await start({ worklist: { ...testAnswers().worklist, list: full } });
  const answer = await station.ask(await station.token('radiologist'), '/api/v1/worklist');
  expect([answer.status, await answer.json()]).toMatchObject([
    507,
    { defined: true, code: 'INSUFFICIENT_STORAGE', data: { code: 'disk-full' } },
  ]);
  expect(station.logged()).not.toContain('call-failed');
});

test('a fault tells its incident and nothing else, over either way', async () => {
  const leak = (): never => {
    throw new Error(`UNIQUE constraint failed for ${PATIENT_NAME}`);
  };
  const { worklist, studies } = testAnswers();
  await start({
    worklist: { ...worklist, list: leak, counts: leak },
    // An answer that does not fit the contract is a fault too, and quotes the answer.
    studies: { ...studies, report: () => ({ studyId: STUDY, state: PATIENT_NAME as never, signedAtMs: null }) },
  });
  const token = await station.token('radiologist');
  const { client, socket } = await station.connect(token);
  const failures = [
    await (await station.ask(token, '/api/v1/worklist')).json(),
    await (await station.ask(token, '/api/v1/worklist/counts')).json(),
    await (await station.ask(token, `/api/v1/studies/${STUDY}/report`)).json(),
    await client.worklist.list({}).catch((error: unknown) => JSON.parse(JSON.stringify(error)) as unknown),
    await client.studies
      .report({ studyId: STUDY })
      .catch((error: unknown) => JSON.parse(JSON.stringify(error)) as unknown),
  ];
  socket.close();
  expect(failures).toEqual(
    failures.map(() => ({
      defined: true,
      code: 'INTERNAL_SERVER_ERROR',
      status: 500,
      message: 'Internal Server Error',
      data: { incidentId: expect.stringMatching(/^[0-9A-F]{10}$/) },
    })),
  );
  for (const { data } of failures as { data: { incidentId: string } }[]) {
    expect(station.logged()).toContain(data.incidentId);
  }
  expect(station.logged()).not.toMatch(/ZWETSCHGEN|LIESELOTTE/);
});

test('no patient shows up in a log, a metric or an event, whatever is asked', async () => {
  await start();
  const token = await station.token('radiologist');
  const ask = async (path: string, init?: TestRequest) => (await station.ask(token, path, init)).text();
  const query = `PatientName=${encodeURIComponent(PATIENT_NAME)}&PatientID=${PATIENT_MRN}`;
  const shown = await ask('/api/v1/worklist');
  await ask('/api/v1/worklist/search', json({ text: PATIENT_NAME }));
  await ask(`/api/v1/worklist?after=${encodeURIComponent(PATIENT_NAME)}`);
  await ask(`/api/v1/studies/${encodeURIComponent(PATIENT_NAME)}`);
  await ask(`/api/v1/studies?studyUid=${PATIENT_MRN}`);
  await ask(`/dicomweb/north/studies?${query}`);
  await ask(`/dicomweb/${PATIENT_MRN}/studies?${query}`);
  await ask(`/dicomweb/north/studies/${PATIENT_MRN}/metadata`);
  await ask(`/${PATIENT_MRN}?${query}`);
  await station.ask(null, '/api/v1/sessions', json({ username: PATIENT_NAME, password: PATIENT_MRN }));
  const { client, socket } = await station.connect(token);
  await client.worklist.search({ text: PATIENT_NAME });
  await client.studies.get({ studyId: PATIENT_NAME }).catch(() => undefined);
  socket.close();
  const metrics = await (await station.ask(await station.token('service'), '/metrics')).text();
  expect(shown).toContain(PATIENT_NAME);
  expect(metrics).toContain('wetread_ledger_head');
  const everything =
    station.logged() + metrics + JSON.stringify(station.store.db.prepare('SELECT * FROM events').all());
  expect(everything + JSON.stringify(station.events())).not.toMatch(/ZWETSCHGEN|LIESELOTTE|77042731/);
  expect(station.logged()).toContain('"/dicomweb/:site/studies"');
});

test('records who read what: a study once in ten minutes for each surface, every search, every look at the audit', async () => {
  let nowMs = 1_800_000_000_000;
  await start({}, { nowMs: () => nowMs });
  const token = await station.token('radiologist');
  const before = station.events().length;
  const read = async () => {
    for (const part of ['', '', '/findings', '/report', '/timeline'])
      await station.ask(token, `/api/v1/studies/${STUDY}${part}`);
  };
  await read();
  await station.ask(token, `/api/v1/findings/${FINDING}/overlays/mask-1`);
  await station.ask(token, `/api/v1/studies/${OTHER_STUDY}`);
  await station.ask(token, '/api/v1/worklist/search', json({ text: 'x' }));
  await station.ask(token, '/api/v1/studies?studyUid=1.2.3');
  await station.ask(token, '/api/v1/audit/events');
  const surfaces = ['detail', 'findings', 'report', 'timeline', 'mask'];
  const expected = surfaces.map((surface) => ({ kind: 'study-read', studyId: STUDY, payload: { surface } }));
  expect(station.events().slice(before)).toEqual([
    ...expected,
    { kind: 'studies-searched', studyId: null, payload: { surface: 'worklist', results: 1 } },
    { kind: 'studies-searched', studyId: null, payload: { surface: 'lookup', results: 1 } },
    { kind: 'audit-read', studyId: null, payload: { results: 1 } },
  ]);
  nowMs += 10 * 60_000;
  await read();
  expect(station.events().slice(before + 8)).toEqual(expected.slice(0, 4));
});

test('records who looked at what is set aside', async () => {
  await start();
  const token = await station.token('technologist');
  const before = station.events().length;
  expect((await station.ask(token, '/api/v1/quarantine')).status).toBe(200);
  expect(station.events().slice(before)).toEqual([
    { kind: 'studies-searched', studyId: null, payload: { surface: 'quarantine', results: 0 } },
  ]);
});

test('serves a mask as stored, for the browser to unpack', async () => {
  await start();
  const token = await station.token('radiologist');
  const mask = await station.ask(token, `/api/v1/findings/${FINDING}/overlays/mask-1`);
  expect(Object.fromEntries(mask.headers)).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-encoding': 'gzip',
    'cache-control': 'no-store',
  });
  expect(Buffer.from(await mask.arrayBuffer())).toEqual(MASK);
  expect((await station.ask(token, '/api/v1/findings/none/overlays/mask-1')).status).toBe(404);
});

test('is alive without a session, and ready or not with its reasons', async () => {
  const reason = { code: 'disk-full', severity: 'failing', sinceMs: 5 } as const;
  await start({ health: () => ({ ready: false, reasons: [reason] }) });
  const live = await station.ask(null, '/health/live');
  expect([live.status, await live.json()]).toEqual([200, { status: 'ok' }]);
  const ready = await station.ask(await station.token('service'), '/health/ready');
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'not-ready', reasons: [reason] }]);
});

test('describes its REST side as OpenAPI, where every operation of the contract stands', async () => {
  await start();
  const answer = await station.ask(await station.token('service'), '/api/v1/openapi.json');
  const document = (await answer.json()) as { openapi: string; paths: Record<string, Record<string, unknown>> };
  expect(document.openapi).toMatch(/^3\.1/);
  const operations = Object.entries(document.paths).flatMap(([path, verbs]) =>
    Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path}`),
  );
  expect(operations).toEqual(
    expect.arrayContaining(['POST /sessions', 'GET /studies/{studyId}', 'POST /audit/verify']),
  );
  const withPath = Object.values<GuardedRouter[string]>(contract)
    .flatMap((area) => Object.values(area))
    .filter((one) => one['~orpc'].route.path !== undefined);
  expect(operations).toHaveLength(withPath.length);
});
