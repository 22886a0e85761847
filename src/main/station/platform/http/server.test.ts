import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as askRaw } from 'node:http';
import { request as askTls } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../../../../test/eventually.ts';
import { WebSocket } from 'ws';
import { openLog } from '../log.ts';
import { type Answered, createHttp, type HttpHost, type HttpOptions } from './server.ts';

let folder: string;
let logged: string;
let answered: Answered[];
const hosts: HttpHost[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wetread-http-'));
  logged = '';
  answered = [];
});
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()));
  rmSync(folder, { recursive: true, force: true });
});

function options(changes: Partial<HttpOptions> = {}): HttpOptions {
  const sink = new PassThrough();
  sink.on('data', (chunk: Buffer) => (logged += chunk.toString()));
  return {
    bindAddress: '127.0.0.1',
    port: 0,
    names: [],
    tls: null,
    page: { folder, demo: false },
    log: openLog('info', sink),
    onAnswered: (one) => answered.push(one),
    ...changes,
  };
}

async function start(changes: Partial<HttpOptions> = {}, prepare: (host: HttpHost) => void = () => undefined) {
  const created = await createHttp(options(changes));
  if (!created.ok) throw new Error(created.error.code);
  hosts.push(created.value);
  prepare(created.value);
  const listening = await created.value.listen();
  if (!listening.ok) throw new Error(listening.error.code);
  return { host: created.value, ...listening.value };
}

function buildPage(): void {
  mkdirSync(path.join(folder, 'assets'));
  writeFileSync(path.join(folder, 'index.html'), '<!doctype html><html><head><title>W</title></head></html>');
  writeFileSync(path.join(folder, 'assets', 'index-1a2b.js'), 'export {};');
}

test('refuses any address but loopback without TLS', async () => {
  for (const bindAddress of ['0.0.0.0', '::', '192.0.2.1', 'station.example']) {
    expect(await createHttp(options({ bindAddress }))).toEqual({ ok: false, error: { code: 'tls-required' } });
  }
});

test('says that the port is taken', async () => {
  const { port } = await start();
  const second = await createHttp(options({ port }));
  if (!second.ok) throw new Error(second.error.code);
  expect(await second.value.listen()).toEqual({ ok: false, error: { code: 'port-taken' } });
  await second.value.close();
});

test('serves the page at every route of its own, its files by name, and nothing outside its folder', async () => {
  buildPage();
  writeFileSync(path.join(folder, '..', 'wetread-secret.txt'), 'secret');
  const { origin, port } = await start({ page: { folder, demo: true } });
  for (const route of ['/', '/index.html', '/studies/0199']) {
    const page = await fetch(`${origin}${route}`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(await page.text()).toContain('<head><meta name="wetread-demo" content="true">');
  }
  const script = await fetch(`${origin}/assets/index-1a2b.js`);
  expect([script.status, script.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
  expect((await fetch(`${origin}/assets/index-none.js`)).status).toBe(404);
  const outside = await raw(port, '/../wetread-secret.txt', {});
  const encoded = await raw(port, '/%2e%2e/wetread-secret.txt', {});
  rmSync(path.join(folder, '..', 'wetread-secret.txt'));
  expect([outside.body, encoded.body].join()).not.toContain('secret');
});

test.each(['/api/v1/nothing', '/api', '/dicomweb/north/nothing', '/health/nothing', '/rpc/nothing'])(
  'answers what no machine may ask at %s as an error, not with the page',
  async (address) => {
    buildPage();
    const { origin } = await start();
    const answer = await fetch(`${origin}${address}`);
    expect([answer.status, await answer.json()]).toEqual([404, { code: 'not-found' }]);
    expect((await fetch(`${origin}/apiary`)).headers.get('content-type')).toContain('text/html');
  },
);

test('does not call itself a demo where it is none, and says when the page has not been built', async () => {
  const { origin } = await start();
  const missing = await fetch(origin);
  expect([missing.status, await missing.text()]).toEqual([503, expect.stringContaining('npm run build')]);
  buildPage();
  expect(await (await fetch(origin)).text()).not.toContain('wetread-demo');
});

test('sets the security headers on every answer, refusals and failures included', async () => {
  buildPage();
  const { origin } = await start({}, ({ app }) => {
    app.get('/broken', () => {
      throw new Error('DOE^JANE');
    });
  });
  for (const address of ['/', '/assets/none.js', '/broken']) {
    const { headers } = await fetch(`${origin}${address}`);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-security-policy': expect.stringContaining("script-src 'self' 'wasm-unsafe-eval';"),
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  }
});

test('answers 421 to a name it does not have and 403 to another page, on upgrades too', async () => {
  const { origin, port } = await start({}, (host) => {
    host.onUpgrade('/socket', () => ({ state: 'accepted', take: (socket) => socket.send('hello') }));
  });
  const rebound = await raw(port, '/', { host: `evil.example:${port}` });
  expect([rebound.status, rebound.body]).toEqual([421, '{"code":"host-unknown"}']);
  const foreign = await raw(port, '/', { origin: 'https://evil.example', cookie: 'a=b' });
  expect([foreign.status, foreign.body]).toEqual([403, '{"code":"origin-foreign"}']);
  const address = `ws://127.0.0.1:${port}/socket`;
  expect(await knock(address, { origin: 'https://evil.example' })).toBe(403);
  expect(await knock(address, { headers: { cookie: 'a=b' } })).toBe(403);
  expect(await knock(address, { headers: { host: 'evil.example' } })).toBe(403);
  expect(await knock(`ws://127.0.0.1:${port}/other`, {})).toBe(404);
  expect(await knock(address, { origin, headers: { cookie: 'a=b' } })).toBe('hello');
});

test('repeats nothing of what it was asked or of what went wrong, in answers or in the log', async () => {
  const { origin } = await start({}, ({ app }) => {
    app.get('/broken/:name', (request) => {
      throw new Error(`no such patient: ${(request.params as { name: string }).name}`);
    });
    app.post('/write', async () => ({}));
  });
  const broken = await fetch(`${origin}/broken/DOE%5EJANE?PatientName=DOE%5EJANE`);
  const malformed = await fetch(`${origin}/write`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"name": DOE^JANE}',
  });
  const tooLarge = await fetch(`${origin}/write`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'DOE^JANE'.repeat(10_000) }),
  });
  const missing = await fetch(`${origin}/DOE%5EJANE.txt`);
  const answers = await Promise.all([broken, malformed, tooLarge, missing].map((one) => one.text()));
  expect([broken, malformed, tooLarge, missing].map(({ status }) => status)).toEqual([500, 400, 413, 404]);
  expect(answers.join() + logged).not.toMatch(/DOE|JANE/);
  expect(JSON.parse(answers[0]!)).toEqual({
    code: 'station-fault',
    incidentId: expect.stringMatching(/^[0-9A-F]{10}$/),
  });
  expect(logged).toContain(JSON.parse(answers[0]!).incidentId);
  await eventually(() => expect(answered).toHaveLength(4));
  expect(answered.map(({ method, route, status }) => `${method} ${route} ${status}`)).toEqual([
    'GET /broken/:name 500',
    'POST /write 400',
    'POST /write 413',
    'GET unmatched 404',
  ]);
});

test('closes its WebSockets when it closes', async () => {
  const { host, port } = await start({}, (one) =>
    one.onUpgrade('/socket', () => ({ state: 'accepted', take: () => undefined })),
  );
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`);
  await new Promise((resolve) => socket.on('open', resolve));
  const closed = new Promise((resolve) => socket.on('close', resolve));
  await Promise.all([host.close(), expect(closed).resolves.toBe(1001)]);
});

test('keeps an idle connection longer than a proxy would, and none that holds up its end', async () => {
  const { host, origin } = await start();
  const answer = await fetch(`${origin}/health/nothing`);
  expect(answer.headers.get('keep-alive')).toBe('timeout=72');
  await answer.text();
  const begun = performance.now();
  await host.close();
  expect(performance.now() - begun).toBeLessThan(4_000);
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl) console.error('skipped: the TLS test of the HTTP host needs the openssl command');

test.skipIf(!hasOpenssl)('serves https where it has a certificate, and then under its own names only', async () => {
  const [cert, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
    ].concat(['-keyout', key, '-out', cert]),
    { stdio: 'ignore' },
  );
  buildPage();
  const tls = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  const { port } = await start({ bindAddress: '0.0.0.0', names: ['station.example'], tls });
  const status = (host: string) =>
    new Promise((resolve, reject) => {
      askTls({ port, host: '127.0.0.1', headers: { host }, ca: tls.cert, servername: 'localhost' }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
  expect(await status(`station.example:${port}`)).toBe(200);
  expect(await status(`other.example:${port}`)).toBe(421);
});

function raw(port: number, target: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    askRaw({ port, host: '127.0.0.1', path: target, headers }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
}

/** The status that refused the socket, or the first message on it. */
function knock(address: string, how: ConstructorParameters<typeof WebSocket>[2]): Promise<number | string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address, how);
    socket.on('unexpected-response', (request, response) => {
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on('message', (data: Buffer) => {
      socket.close();
      resolve(data.toString());
    });
    socket.on('error', reject);
  });
}

test('says that the disk is full where that is what a request failed by, without an incident', async () => {
  const { origin } = await start({}, ({ app }) => {
    app.get('/full', () => {
      throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
    });
  });
  const answer = await fetch(`${origin}/full`);
  expect([answer.status, await answer.json()]).toEqual([507, { code: 'disk-full' }]);
  expect(logged).not.toContain('http-failed');
});
