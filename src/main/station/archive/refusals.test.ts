import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { createRefusals, type Refusals } from './refusals.ts';

let clinic: Clinic;
let refusals: Refusals;
const failures: unknown[] = [];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  clinic = openClinic();
  failures.length = 0;
  refusals = createRefusals(clinic.db, { nowMs: clinic.nowMs, onFailure: (error) => failures.push(error) });
});
afterEach(() => {
  refusals.stop();
  clinic.close();
  vi.useRealTimers();
});

const refuse = (address: string, reason = 'local-limit-exceeded') =>
  refusals.record({ kind: 'association-refused', address, reason });
const told = () => clinic.events('association-refused').map(({ payload }) => payload);
function passMinute(): void {
  clinic.pass(60_000);
  vi.advanceTimersByTime(60_000);
}

test('the first of an address and reason is told at once, the rest of a minute as a number', () => {
  const first = { address: '10.0.0.1', reason: 'local-limit-exceeded' };
  refuse('10.0.0.1');
  expect(told()).toEqual([first]);
  for (let again = 0; again < 199; again += 1) refuse('10.0.0.1');
  refuse('10.0.0.1', 'calling-ae-not-recognized');
  expect(told()).toHaveLength(2);
  passMinute();
  expect(told()).toEqual([first, { ...first, reason: 'calling-ae-not-recognized' }, { ...first, count: 199 }]);
  passMinute();
  expect(told()).toHaveLength(3);
  refuse('10.0.0.1');
  expect(told()).toHaveLength(4);
});

test('a flood from ever new addresses grows the ledger by no more than a bounded number of events', () => {
  for (let host = 0; host < 5000; host += 1) refuse(`10.1.${host >> 8}.${host & 255}`);
  expect(told()).toHaveLength(65);
  passMinute();
  expect(told()).toHaveLength(66);
  const counted = told().reduce((sum, { count }) => sum + (typeof count === 'number' ? count : 1), 0);
  expect(counted).toBe(5000);
  expect(told().at(-1)).toMatchObject({ address: '' });
});

test('what is counted is told when the station ends', () => {
  refuse('10.0.0.1');
  refuse('10.0.0.1');
  refusals.flush();
  expect(told()).toHaveLength(2);
});

test('what could not be written down is told with the next round', () => {
  clinic.db.exec("CREATE TRIGGER no_room BEFORE INSERT ON events BEGIN SELECT raise(ABORT, 'no room'); END");
  expect(() => refuse('10.0.0.1')).toThrow('no room');
  passMinute();
  expect(failures).toHaveLength(1);
  clinic.db.exec('DROP TRIGGER no_room');
  passMinute();
  expect(told()).toEqual([{ address: '10.0.0.1', reason: 'local-limit-exceeded' }]);
});
