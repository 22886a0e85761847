import { expect, test } from 'vitest';
import { normalDate, normalTime } from './dates.ts';

test.each([
  ['20260131', '20260131'],
  ['2026.01.31', '20260131'],
  ['2026-01-31', '20260131'],
  ['20240229', '20240229'],
  ['20260229', null],
  ['20261301', null],
  ['202601', null],
  ['2026.01-31', null],
  ['20260131-20260201', null],
  ['00000000', null],
])('reads the date %s as %s', (text, date) => {
  expect(normalDate(text)).toBe(date);
});

test.each([
  ['09', '09'],
  ['0915', '0915'],
  ['09:15:30', '091530'],
  ['091530.123456', '091530.123456'],
  ['235960', '235960'],
  ['240000', null],
  ['0960', null],
  ['9:15', null],
])('reads the time %s as %s', (text, time) => {
  expect(normalTime(text)).toBe(time);
});
