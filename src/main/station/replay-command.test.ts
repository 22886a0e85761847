import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { replayRun } from './replay-command.ts';

let server: Server | null = null;
afterEach(() => void server?.close());

/** A station that answers each question with the next of these. */
async function stationAnswering(...answers: readonly { readonly status: number; readonly body: unknown }[]) {
  const heard: { method: string; url: string; authorization: string; body: string }[] = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const answer = answers[heard.length] ?? { status: 500, body: {} };
      heard.push({ method, url, authorization: headers.authorization ?? '', body });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return { heard, station: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
const asking = (station: string, provider?: string) =>
  replayRun({ station, token: 'T', runId: 'r', provider, signal: new AbortController().signal });

test('asks a running station for a replay and waits for what comes of it', async () => {
  const { heard, station } = await stationAnswering(
    { status: 202, body: { replayId: 'a', state: 'queued' } },
    {
      status: 200,
      body: [
        { replayId: 'b', state: 'same' },
        { replayId: 'a', state: 'running' },
      ],
    },
    { status: 200, body: [{ replayId: 'a', state: 'differs', differences: [1] }] },
  );
  expect(await asking(station, 'cpu')).toEqual({
    ok: true,
    value: { replayId: 'a', state: 'differs', differences: [1] },
  });
  expect(heard.map(({ method, url, authorization, body }) => [method, url, authorization, body])).toEqual([
    ['POST', '/api/v1/runs/r/replays', 'Bearer T', '{"provider":"cpu"}'],
    ['GET', '/api/v1/runs/r/replays', 'Bearer T', ''],
    ['GET', '/api/v1/runs/r/replays', 'Bearer T', ''],
  ]);
});

test('says what the station refused it with, that it may not, and that nobody answers', async () => {
  const refusing = await stationAnswering({ status: 409, body: { data: { code: 'provider-not-proven' } } });
  expect(await asking(refusing.station)).toEqual({
    ok: false,
    error: { code: 'refused', detail: 'provider-not-proven' },
  });
  server?.close();
  const forbidding = await stationAnswering({ status: 403, body: {} });
  expect(await asking(forbidding.station)).toEqual({ ok: false, error: { code: 'not-permitted', detail: '403' } });
  server?.close();
  server?.closeAllConnections();
  expect(await asking(forbidding.station)).toMatchObject({ ok: false, error: { code: 'station-unreachable' } });
});
