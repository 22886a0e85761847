import { expect, test } from 'vitest';
import { createSignInThrottle } from './sign-in-throttle.ts';

test('doubles the wait with every further failure, up to five minutes', () => {
  const throttle = createSignInThrottle();
  let nowMs = 0;
  const waits: number[] = [];
  for (let attempt = 0; attempt < 16; attempt += 1) {
    const waitMs = throttle.admit('ada', '192.0.2.1', nowMs);
    if (waitMs > 0) {
      waits.push(waitMs);
      nowMs += waitMs;
      expect(throttle.admit('ada', '192.0.2.1', nowMs)).toBe(0);
    }
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1000));
});

test('slows an address that tries one name after another', () => {
  const throttle = createSignInThrottle();
  const waits = Array.from({ length: 51 }, (_, index) => throttle.admit(`user-${index}`, '192.0.2.1', 0));
  expect(waits.slice(0, 50)).toEqual(Array.from({ length: 50 }, () => 0));
  expect(waits[50]).toBe(1000);
  expect(throttle.admit('user-1', '192.0.2.2', 0)).toBe(0);
});

test('does not hold successful sign-ins against a shared address', () => {
  const throttle = createSignInThrottle();
  for (let user = 0; user < 200; user += 1) {
    expect(throttle.admit(`user-${user}`, '192.0.2.1', 0)).toBe(0);
    throttle.forgive(`user-${user}`, '192.0.2.1');
  }
});

test('forgets after a quarter of an hour', () => {
  const throttle = createSignInThrottle();
  for (let attempt = 0; attempt < 5; attempt += 1) throttle.admit('ada', '192.0.2.1', 0);
  expect(throttle.admit('ada', '192.0.2.1', 0)).toBe(1000);
  const laterMs = 16 * 60_000;
  for (let attempt = 0; attempt < 5; attempt += 1) expect(throttle.admit('ada', '192.0.2.1', laterMs)).toBe(0);
});
