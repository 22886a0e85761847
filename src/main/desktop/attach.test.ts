import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { findLivingStation } from './attach.ts';

let server: Server | null = null;

async function serve(answer: RequestListener): Promise<string> {
  const started = createServer(answer);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

afterEach(async () => {
  const running = server;
  server = null;
  if (running) await new Promise((resolve) => running.close(resolve));
});

test('finds a station that says it lives', async () => {
  const asked: (string | undefined)[] = [];
  const origin = await serve((request, response) => {
    asked.push(request.url);
    response.end('ok');
  });
  expect(await findLivingStation(origin)).toEqual({ ok: true, value: origin });
  expect(asked).toEqual(['/health/live']);
});

test('takes neither another server nor a redirect for a station', async () => {
  const origin = await serve((_, response) => {
    response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
  });
  expect(await findLivingStation(origin)).toEqual({ ok: false, error: { code: 'not-a-station' } });
});

test('says when nobody answers', async () => {
  const origin = await serve((_, response) => response.end());
  await new Promise((resolve) => server?.close(resolve));
  server = null;
  expect(await findLivingStation(origin)).toEqual({ ok: false, error: { code: 'station-not-reached' } });
});
