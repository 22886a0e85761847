import { expect, test } from 'vitest';
import { Cine, cineRateOf, otherRate } from './cine.ts';

test('plays at the rate nearest to what the object says, and steps through the rates', () => {
  expect([
    cineRateOf(null),
    cineRateOf(27),
    cineRateOf(0),
    otherRate(15, 1),
    otherRate(60, 1),
    otherRate(1, -1),
  ]).toEqual([12, 25, 12, 20, 60, 1]);
});

test('shows every image once, later where one takes longer than its time, and none after it was stopped', async () => {
  let nowMs = 0;
  const waiting: { readonly atMs: number; readonly ring: () => void }[] = [];
  const shownAtMs: number[] = [];
  const tookMs = [10, 250, 10];
  const cine = new Cine(
    async () => {
      shownAtMs.push(nowMs);
      nowMs += tookMs[shownAtMs.length - 1] ?? 10;
    },
    10,
    {
      nowMs: () => nowMs,
      wait: (ms, ring) => {
        const one = { atMs: nowMs + ms, ring };
        waiting.push(one);
        return () => void waiting.splice(waiting.indexOf(one), 1);
      },
    },
  );
  cine.start();
  for (let step = 0; step < 4; step += 1) {
    const next = waiting.shift();
    nowMs = Math.max(nowMs, next?.atMs ?? 0);
    next?.ring();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(shownAtMs).toEqual([0, 100, 350, 450]);
  cine.stop();
  expect(waiting).toEqual([]);
});
