import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hoursText, parseHours } from './hours-text.ts';

const WEEK = { weekdays: [1, 2, 3, 4, 5], fromMinute: 480, toMinute: 960 };

test.each([
  ['Mon–Fri 08:00–16:00', [WEEK]],
  ['mon-fri 8:00-16:00', [WEEK]],
  ['Sat, Mon 22:00–06:00', [{ weekdays: [1, 6], fromMinute: 1320, toMinute: 360 }]],
  ['Sat–Mon 00:00–24:00', [{ weekdays: [1, 6, 7], fromMinute: 0, toMinute: 0 }]],
  ['Mon–Fri 08:00–16:00; Sun 09:00–10:30', [WEEK, { weekdays: [7], fromMinute: 540, toMinute: 630 }]],
  ['', []],
])('%j are hours', (text, hours) => expect(parseHours(text)).toEqual(hours));

test.each([
  'Mon',
  '08:00–16:00',
  'Mo–Fr 08:00–16:00',
  'Mon 8–16',
  'Mon 25:00–26:00',
  'Mon 08:70–09:00',
  'Mon 08:00–24:30',
])('%j are none', (text) => expect(parseHours(text)).toBeNull());

test('a whole day ends at 24:00', () => {
  expect(hoursText([{ weekdays: [1, 2], fromMinute: 0, toMinute: 0 }])).toBe('Mon–Tue 00:00–24:00');
});

test('what is written is what is read', () => {
  const minute = fc.integer({ min: 0, max: 1439 });
  const hours = fc.record({
    weekdays: fc.subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 }),
    fromMinute: minute,
    toMinute: minute,
  });
  fc.assert(
    fc.property(fc.array(hours, { maxLength: 4 }), (made) => {
      expect(parseHours(hoursText(made))).toEqual(made);
    }),
  );
});
