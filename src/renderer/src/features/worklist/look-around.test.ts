import { expect, test } from 'vitest';
import type { WorklistRow } from '../../../../shared/contract/worklist.ts';
import { lookAround, turned } from './look-around.ts';

/** A part of a list of 1000: so many rows from a place on. */
const part = (firstPlace: number, count: number, at?: Parameters<typeof lookAround>[0]['at']) => ({
  rows: Array.from({ length: count }, () => ({}) as WorklistRow),
  keys: Array.from({ length: count }, (_, index) => `key ${firstPlace + index}`),
  ...{ firstPlace, total: 1000, at },
});

test.each([
  ['what is in sight and rows on either side are here', part(0, 180), 0, 25, 'here'],
  ['the sight nears the end of what is here', part(0, 180), 140, 165, { at: { key: 'key 140', near: 140 } }],
  ['it nears the beginning', part(400, 180, { key: 'x', near: 0 }), 410, 435, { at: { key: 'key 410', near: 410 } }],
  ['it is far from all that is here', part(0, 180), 700, 725, { at: { place: 700 } }],
  ['it comes back to the top', part(0, 180, { key: 'x', near: 0 }), 5, 30, { at: undefined }],
  ['it is back at the top at once', part(700, 180, { place: 700 }), 0, 25, { at: undefined }],
  ['it is asked for already', part(0, 180, { place: 700 }), 700, 725, 'here'],
  ['it stands at the very end', part(880, 120, { place: 999 }), 970, 999, 'here'],
  [
    'the row that is looked around stands elsewhere by now',
    part(100, 180, { key: 'key 101', near: 90 }),
    101,
    270,
    'here',
  ],
  ['a search has no keys', { ...part(0, 180), keys: [] }, 160, 179, 'here'],
])('where to look when %s', (_when, here, first, last, expected) => {
  expect(lookAround(here, first, last)).toEqual(expected);
});

test('a heading sorts by it, and the other way round when it is chosen again', () => {
  const byName = turned({ by: 'urgency', direction: 'ascending' }, 'patient');
  expect([byName, turned(byName, 'patient')]).toEqual([
    { by: 'patient', direction: 'ascending' },
    { by: 'patient', direction: 'descending' },
  ]);
});
