import { expect, test } from 'vitest';
import { HOUR_MS } from '../../../shared/domain/durations.ts';
import { watchedClock } from './clock.ts';
import { shiftWithClock } from './shift-with-clock.ts';

test('a full disk when the clock is set stops nobody who reads it, and times are moved once there is room', () => {
  let wallMs = 10 * HOUR_MS;
  const clock = watchedClock(
    () => wallMs,
    () => 0,
  );
  const moved: number[] = [];
  const failures: unknown[] = [];
  let fault: Error | null = Object.assign(new Error('full'), { code: 'SQLITE_FULL' });
  const shift = shiftWithClock(
    clock,
    (byMs) => {
      if (fault !== null) throw fault;
      moved.push(byMs);
    },
    (error) => failures.push(error),
  );
  wallMs -= HOUR_MS;
  expect(clock.nowMs()).toBe(9 * HOUR_MS);
  wallMs -= HOUR_MS;
  expect(clock.nowMs()).toBe(8 * HOUR_MS);
  expect([moved, failures]).toEqual([[], []]);
  fault = null;
  shift.catchUp();
  shift.catchUp();
  expect(moved).toEqual([-2 * HOUR_MS]);

  fault = new Error('a bug');
  wallMs += HOUR_MS;
  expect(clock.nowMs()).toBe(9 * HOUR_MS);
  expect(failures).toEqual([fault]);
  shift.stop();
});
