import { afterEach, beforeEach, expect, test } from 'vitest';
import { DAY_MS } from '../../../../shared/domain/durations.ts';
import { openFullDisk } from './test-full-disk.ts';
import { watchedClock } from '../clock.ts';
import { type ClockDoubt, watchClockDoubt } from './clock-doubt.ts';
import { openTestStore, type TestStore } from './test-store.ts';

let store: TestStore;
let doubts: ClockDoubt[];
let [wallMs, steadyMs] = [0, 0];
beforeEach(() => {
  store = openTestStore();
  doubts = [];
  [wallMs, steadyMs] = [1_800_000_000_000, 5_000];
});
afterEach(() => {
  for (const doubt of doubts) doubt.stop();
  store.close();
});

const pass = (ms: number) => {
  wallMs += ms;
  steadyMs += ms;
};
const immediately = () => new Promise((resolve) => setImmediate(resolve));

/** A process that starts; its steady clock begins anew. */
function start(): { readonly doubt: ClockDoubt; hear(): void } {
  const clock = watchedClock(
    () => wallMs,
    () => steadyMs,
  );
  const doubt = watchClockDoubt(store.db, clock);
  doubts.push(doubt);
  return { doubt, hear: () => clock.nowMs() };
}

test.each([
  ['an hour back', -3_600_000],
  ['ten years ahead', 3650 * DAY_MS],
])('a clock set %s is doubted for a day, however often the station starts in it', async (_how, byMs) => {
  const before = start();
  expect(before.doubt.isDoubted()).toBe(false);
  wallMs += byMs;
  before.hear();
  await immediately(); // and then the process is killed
  pass(1000);
  expect(start().doubt.isDoubted()).toBe(true);
  pass(DAY_MS - 2000);
  expect(start().doubt.isDoubted()).toBe(true);
  pass(2000);
  expect([start().doubt.isDoubted(), before.doubt.isDoubted()]).toEqual([false, false]);
});

test('a clock set back while no station ran is doubted from the start, and one put right again for a day, not for years', () => {
  start().doubt.note();
  wallMs -= 3_600_000;
  expect(start().doubt.isDoubted()).toBe(true);
  pass(DAY_MS);
  expect(start().doubt.isDoubted()).toBe(false);
  wallMs += 3650 * DAY_MS;
  start().doubt.note();
  wallMs -= 3650 * DAY_MS;
  expect(start().doubt.isDoubted()).toBe(true);
  pass(DAY_MS);
  expect(start().doubt.isDoubted()).toBe(false);
});

test('a clock set ten years ahead while no station ran is doubted for a day from the start', () => {
  start().doubt.note();
  wallMs += 3650 * DAY_MS;
  expect(start().doubt.isDoubted()).toBe(true);
  pass(DAY_MS - 1000);
  expect(start().doubt.isDoubted()).toBe(true);
  pass(1000);
  expect(start().doubt.isDoubted()).toBe(false);
});

test('a station that was off for a week doubts nothing', () => {
  start().doubt.note();
  pass(7 * DAY_MS);
  expect(start().doubt.isDoubted()).toBe(false);
});

test('what a full disk has no room for is kept once it has', () => {
  const disk = openFullDisk(store.db, ['station_facts']);
  const { doubt } = start();
  disk.fill();
  wallMs -= 3_600_000;
  expect(doubt.isDoubted()).toBe(true);
  disk.makeRoom();
  expect(doubt.isDoubted()).toBe(true);
  pass(1000);
  expect(start().doubt.isDoubted()).toBe(true);
});
