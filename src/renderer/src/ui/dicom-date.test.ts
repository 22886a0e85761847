import { expect, test } from 'vitest';
import { ageOn, formatDicomDate, formatDicomTime } from './dicom-date.ts';

test.each([
  ['19700131', '1970-01-31'],
  ['1970.01.31', '1970-01-31'],
  ['19700231', '19700231'],
  ['1970', '1970'],
  ['20261301', '20261301'],
])('shows the date %s as %s', (raw, shown) => {
  expect(formatDicomDate(raw)).toBe(shown);
});

test.each([
  ['214512.123', '21:45'],
  ['2145', '21:45'],
  ['x', 'x'],
])('shows the time %s as %s', (raw, shown) => {
  expect(formatDicomTime(raw)).toBe(shown);
});

test.each([
  ['19701122', '20261121', { count: 55, unit: 'years' }],
  ['19701121', '20261121', { count: 56, unit: 'years' }],
  ['20250101', '20261121', { count: 22, unit: 'months' }],
  ['20261101', '20261121', { count: 20, unit: 'days' }],
])('is born %s and on %s as old as %j', (birth, day, age) => {
  expect(ageOn(birth, day)).toEqual(age);
});

test.each([
  [null, '20261121'],
  ['20270101', '20261121'],
  ['unknown', '20261121'],
])('gives no age from %j on %s', (birth, day) => {
  expect(ageOn(birth, day)).toBeNull();
});
