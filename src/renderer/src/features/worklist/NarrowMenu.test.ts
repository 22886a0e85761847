import { expect, test } from 'vitest';
import { wholeOf } from './NarrowMenu.tsx';

test.each([
  ['nothing', { modalities: [], ageYears: { from: undefined } }, {}],
  ['what narrows', { modalities: ['CT'], ageYears: { from: 18 } }, { modalities: ['CT'], ageYears: { from: 18 } }],
  ['a body part as long as some machines write', { bodyParts: ['X'.repeat(200)] }, { bodyParts: ['X'.repeat(200)] }],
  ['an age nobody has', { ageYears: { from: 200 } }, null],
  ['a year of five digits', { examDates: { from: '120260101' } }, null],
])('of %s the station is asked what it takes, or nothing', (_what, typed, asked) => {
  expect(wholeOf(typed)).toEqual(asked);
});
