import { expect, test } from 'vitest';
import { coverageFace, dateOfDay, dateOfWeek, formatTook, percentDown } from './coverage-text.ts';

test.each([
  [1, '100 %'],
  [0.9996, '99.9 %'],
  [0.95, '95 %'],
  [0.29, '29 %'],
  [0, '0 %'],
])('a share of %f reads %s, never more than it is', (share, text) => {
  expect(percentDown(share)).toBe(text);
});

test('of nothing eligible there is no share, and it is not called zero', () => {
  expect(coverageFace({ run: 0, notRun: 0 })).toEqual({ percent: null, share: 0, run: 0, of: 0 });
  expect(coverageFace({ run: 19, notRun: 1 })).toEqual({ percent: '95 %', share: 0.95, run: 19, of: 20 });
});

test.each([
  [0.4, '0 ms'],
  [340, '340 ms'],
  [999.6, '1.0 s'],
  [4210, '4.2 s'],
  [59_960, '1 min 0 s'],
  [125_000, '2 min 5 s'],
])('%f ms reads %s', (ms, text) => {
  expect(formatTook(ms)).toBe(text);
});

test('weeks begin on a Monday', () => {
  expect(dateOfDay(0)).toBe('1970-01-01');
  expect(dateOfWeek(0)).toBe('1969-12-29');
  expect(new Date(`${dateOfWeek(2969)}T00:00:00Z`).getUTCDay()).toBe(1);
});
