import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Connection, useConnection } from './connection.ts';
import { StationUnreachable } from './failure.ts';
import { useSession } from './session.ts';

/** A socket that does only what the test tells it to. */
class ScriptedSocket extends EventTarget {
  static opened: ScriptedSocket[] = [];
  readyState = 0;
  constructor() {
    super();
    ScriptedSocket.opened.push(this);
  }
  send(): void {}
  close(): void {}
  say(what: 'open' | 'close'): void {
    this.readyState = what === 'open' ? 1 : 3;
    this.dispatchEvent(new Event(what));
  }
}

const socket = (index: number) => ScriptedSocket.opened[index]!;
let connection: Connection;

beforeEach(() => {
  vi.useFakeTimers();
  ScriptedSocket.opened = [];
  vi.stubGlobal('WebSocket', ScriptedSocket);
  connection = new Connection('ws://station/rpc');
});
afterEach(() => {
  connection.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  useSession.setState({ state: 'unknown' }, true);
});

test('a call made while the socket is coming up waits for it', async () => {
  connection.open();
  const link = connection.link();
  socket(0).say('open');
  await expect(link).resolves.toBeDefined();
  expect(useConnection.getState().state).toBe('open');
});

test('a lost socket is opened again, and calls made meanwhile go over the new one', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('network')));
  connection.open();
  socket(0).say('open');
  const first = await connection.link();
  socket(0).say('close');
  expect(useConnection.getState().state).toBe('connecting');
  const second = connection.link();
  await vi.advanceTimersByTimeAsync(300);
  socket(1).say('open');
  expect(await second).not.toBe(first);
});

test('a refused socket with no session behind it closes for good and signs out', async () => {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('{}', { status: 401 })));
  connection.open();
  socket(0).say('close');
  await vi.advanceTimersByTimeAsync(60_000);
  expect([useSession.getState().state, useConnection.getState().state]).toEqual(['signed-out', 'closed']);
  expect(ScriptedSocket.opened).toHaveLength(1);
});

test('a call does not wait for ever', async () => {
  connection.open();
  const refused = connection.link().catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await refused).toBeInstanceOf(StationUnreachable);
});
