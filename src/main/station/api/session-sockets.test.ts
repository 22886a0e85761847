import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { createSessionSockets, SESSION_ENDED } from './session-sockets.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A socket that remembers how it was closed. */
function aSocket(): WebSocket & { readonly codes: number[] } {
  const codes: number[] = [];
  const socket = Object.assign(new EventEmitter(), {
    codes,
    close(code: number) {
      codes.push(code);
      socket.emit('close');
    },
  });
  return socket as unknown as WebSocket & { readonly codes: number[] };
}

test('closes a socket within eleven seconds of its session ending by time, and no other', () => {
  const sockets = createSessionSockets();
  const [standing, expiring] = [aSocket(), aSocket()];
  const endsAtMs = Date.now() + 25_000;
  sockets.add(standing, () => true);
  sockets.add(expiring, () => Date.now() < endsAtMs);
  vi.advanceTimersByTime(24_000);
  expect([sockets.count, expiring.codes]).toEqual([2, []]);
  vi.advanceTimersByTime(11_000);
  expect([sockets.count, expiring.codes, standing.codes]).toEqual([1, [SESSION_ENDED], []]);
  sockets.stop();
  expect(vi.getTimerCount()).toBe(0);
});

test('closes ended ones when told to, once the last answer has left', () => {
  const sockets = createSessionSockets();
  const socket = aSocket();
  sockets.add(socket, () => false);
  sockets.closeEnded();
  expect(socket.codes).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(socket.codes).toEqual([SESSION_ENDED]);
  sockets.closeEnded();
  sockets.stop();
  expect(vi.getTimerCount()).toBe(0);
});

test('one whose session ends as another’s socket is about to be closed has a moment of its own for the last answer', () => {
  const sockets = createSessionSockets();
  const [first, second] = [aSocket(), aSocket()];
  let hasLeft = false;
  sockets.add(first, () => false);
  sockets.add(second, () => !hasLeft);
  sockets.closeEnded();
  vi.advanceTimersByTime(999);
  hasLeft = true;
  sockets.closeEnded();
  vi.advanceTimersByTime(1);
  expect([first.codes, second.codes]).toEqual([[SESSION_ENDED], []]);
  vi.advanceTimersByTime(999);
  expect(second.codes).toEqual([SESSION_ENDED]);
  sockets.stop();
});
