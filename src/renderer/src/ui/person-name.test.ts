import { expect, test } from 'vitest';
import { formatPersonName } from './person-name.ts';

test.each([
  ['OKAFOR^Amara', 'OKAFOR, Amara'],
  ['DE LA CRUZ^Maria^Guadalupe', 'DE LA CRUZ, Maria Guadalupe'],
  ['KING^Martin^Luther^Dr.^Jr.', 'KING, Martin Luther, Jr.'],
  ['Yamada^Tarou=山田^太郎=やまだ^たろう', 'Yamada, Tarou (山田, 太郎)'],
  ['=山田^太郎', '山田, 太郎'],
  ['LONE', 'LONE'],
  [' SPACED ^ Out ', 'SPACED, Out'],
  ['^Given only', 'Given only'],
])('writes %s as %s', (raw, written) => {
  expect(formatPersonName(raw)).toBe(written);
});

test.each(['', '^^^^', '=', null, undefined])('finds no name in %j', (raw) => {
  expect(formatPersonName(raw)).toBeNull();
});
