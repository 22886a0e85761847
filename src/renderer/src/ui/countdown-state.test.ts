import { expect, test } from 'vitest';
import { countdownState } from './countdown-state.ts';
import { formatDuration, formatSpan } from './duration.ts';

const now = 1_000_000;
const near = 300_000;

test.each([
  [null, { state: 'none' }],
  [now + near + 1, { state: 'ample', leftMs: near + 1 }],
  [now + near, { state: 'near', leftMs: near }],
  [now, { state: 'near', leftMs: 0 }],
  [now - 1, { state: 'past', overMs: 1 }],
])('a deadline at %j is %j', (dueAtMs, expected) => {
  expect(countdownState(dueAtMs, now, near)).toEqual(expected);
});

test.each([
  [-5, '0:00', '0 s'],
  [59_999, '0:59', '59 s'],
  [245_000, '4:05', '4 min'],
  [3_720_000, '1:02 h', '1 h 2 min'],
  [172_800_000, '2 d', '2 d'],
])('%i ms reads as %s on a clock and as %s in words', (ms, clock, words) => {
  expect([formatDuration(ms), formatSpan(ms)]).toEqual([clock, words]);
});
