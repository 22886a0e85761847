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
  ['the sight nears the end of what is here', part(0, 180), 140, 165, { at: { key: 'key 155', near: 155 } }],
  ['it nears the beginning', part(375, 180, { key: 'x', near: 0 }), 390, 415, { at: { key: 'key 375', near: 375 } }],
  ['it passes the beginning', part(400, 180, { key: 'x', near: 0 }), 395, 420, { at: { place: 395 } }],
  ['the row ahead is not here', part(0, 180), 170, 179, { at: { key: 'key 179', near: 179 } }],
  ['it is far from all that is here', part(0, 180), 700, 725, { at: { place: 700 } }],
  ['it comes back to the top', part(0, 180, { key: 'x', near: 0 }), 5, 30, { at: undefined }],
  ['it is back at the top at once', part(700, 180, { place: 700 }), 0, 25, { at: undefined }],
  ['it is asked for already', part(0, 180, { place: 700 }), 700, 725, 'here'],
  ['it stands at the very end', part(880, 120, { place: 999 }), 970, 999, 'here'],
  [
    'the row that is looked around stands elsewhere by now',
    part(100, 180, { key: 'key 100', near: 90 }),
    105,
    130,
    'here',
  ],
  ['a search has no keys', { ...part(0, 180), keys: [] }, 160, 179, 'here'],
])('where to look when %s', (_when, here, first, last, expected) => {
  expect(lookAround(here, first, last)).toEqual(expected);
});

test('a part that was asked for on the way down or up has what it was asked for: nothing is asked again until somebody scrolls on', () => {
  for (const [first, here] of [
    [80, part(0, 120)],
    [300, part(285, 120)],
  ] as const) {
    const next = lookAround(here, first, first + 30);
    if (next === 'here' || next.at === undefined || !('key' in next.at)) throw new Error('nothing is asked for');
    // As the page asks: forty before it, and forty more than are in sight and before it behind.
    const from = Math.max(0, next.at.near - 40);
    expect(lookAround(part(from, 120, next.at), first, first + 30)).toBe('here');
  }
});

test('a heading sorts by it, and the other way round when it is chosen again', () => {
  const byName = turned({ by: 'urgency', direction: 'ascending' }, 'patient');
  expect([byName, turned(byName, 'patient')]).toEqual([
    { by: 'patient', direction: 'ascending' },
    { by: 'patient', direction: 'descending' },
  ]);
});
