import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { tellOfInput } from './activity.ts';
import { client } from './client.ts';

const touch = vi.hoisted(() => vi.fn<() => Promise<object>>());
vi.mock('./client.ts', () => ({ client: { sessions: { touch } } }));
// Test files share their processes: the next one gets the real modules again.
afterAll(() => {
  vi.doUnmock('./client.ts');
  vi.resetModules();
});

let stop: () => void;
beforeEach(() => {
  vi.useFakeTimers();
  touch.mockReset().mockResolvedValue({});
  stop = tellOfInput();
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

const input = (type: string) => document.body.dispatchEvent(new Event(type, { bubbles: true }));

test('a page that nobody touches tells nothing', () => {
  vi.advanceTimersByTime(3_600_000);
  expect(client.sessions.touch).not.toHaveBeenCalled();
});

test('input is told of at once, and then at most once a minute', () => {
  for (const type of ['pointermove', 'keydown', 'wheel', 'pointerdown']) input(type);
  expect(touch).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(59_999);
  input('keydown');
  expect(touch).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1);
  input('keydown');
  expect(touch).toHaveBeenCalledTimes(2);
});

test('input counts where a viewer keeps it to itself', () => {
  const viewer = document.body.appendChild(document.createElement('div'));
  viewer.addEventListener('wheel', (event) => event.stopPropagation());
  viewer.dispatchEvent(new Event('wheel', { bubbles: true }));
  expect(touch).toHaveBeenCalledTimes(1);
  viewer.remove();
});

test('once stopped, nothing is told', () => {
  stop();
  input('keydown');
  expect(touch).not.toHaveBeenCalled();
});
