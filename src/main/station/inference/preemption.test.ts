import { expect, test } from 'vitest';
import { givesWay, MOST_PREEMPTIONS } from './preemption.ts';
import { LANES } from './run-order.ts';

const running = (change: Partial<Parameters<typeof givesWay>[0]> = {}) => ({
  ...{ lane: LANES.routine, preemptions: 0, elapsedMs: 1000, usualMs: 20_000 },
  ...change,
});

test.each([
  // [who runs, who waits, whether it gives way]
  ['routine', 'stat', true],
  ['urgent', 'stat', true],
  ['stat', 'stat', false],
  ['silent', 'stat', true],
  ['silent', 'urgent', true],
  ['silent', 'routine', true],
  ['silent', 'silent', false],
  ['routine', 'urgent', false],
  ['urgent', 'routine', false],
  ['routine', 'silent', false],
] as const)('what runs as %s and what waits as %s: %s', (lane, waiting, gives) => {
  expect(givesWay(running({ lane: LANES[lane] }), LANES[waiting])).toBe(gives);
});

test('what is nearly done is let finish; what takes far longer than usual is not', () => {
  const after = (elapsedMs: number, usualMs: number | null = 20_000) =>
    givesWay(running({ elapsedMs, usualMs }), LANES.stat);
  expect([after(0), after(13_000), after(14_000), after(19_900), after(25_000), after(31_000)]).toEqual([
    ...[true, true, false, false, false, true],
  ]);
  expect([after(10, 900), after(10, null), after(60_000, null)]).toEqual([false, true, true]);
});

test.each(Object.entries(MOST_PREEMPTIONS))('in lane %s it gives way %i times, and then finishes', (lane, most) => {
  const after = (preemptions: number) => givesWay(running({ lane: Number(lane), preemptions }), LANES.stat);
  expect(after(most)).toBe(false);
  if (most > 0) expect(after(most - 1)).toBe(true);
});
