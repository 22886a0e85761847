import { expect, test } from 'vitest';
import { addWorkingHours } from './working-hours.ts';

const OFFICE = { weekdays: [1, 2, 3, 4, 5], fromHour: 8, toHour: 18 };
const after = (from: string, hours: number, zone = 'Etc/UTC') =>
  new Date(addWorkingHours(Date.parse(from), hours, OFFICE, zone)).toISOString();

test.each([
  ['inside one day', '2026-03-02T09:10:00Z', 2, '2026-03-02T11:10:00.000Z'],
  ['over the night', '2026-03-02T17:00:00Z', 2, '2026-03-03T09:00:00.000Z'],
  ['over a weekend', '2026-03-06T17:30:00Z', 1, '2026-03-09T08:30:00.000Z'],
  ['from outside working time', '2026-03-07T12:00:00Z', 0.5, '2026-03-09T08:30:00.000Z'],
  ['24 hours of ten-hour days', '2026-03-02T08:00:00Z', 24, '2026-03-04T12:00:00.000Z'],
])('counts working hours only: %s', (_name, from, hours, expected) => {
  expect(after(from, hours)).toBe(expected);
});

test('counts in the site’s own zone over a change to daylight saving', () => {
  // Berlin, Friday before 2026-03-29: 17:30 local is 16:30 UTC; Monday 08:30 local is 06:30 UTC.
  expect(after('2026-03-27T16:30:00Z', 1, 'Europe/Berlin')).toBe('2026-03-30T06:30:00.000Z');
});
