import { expect, test } from 'vitest';
import { type CoverageTally, coverageOf, judgeCoverage } from './coverage.ts';

const LIMITS = { leastShare: 0.95, days: 7, leastStudies: 20 };
const NONE = { run: 0, notRun: 0, open: 0, noFit: 0 };
const judged = (now: Partial<CoverageTally>, of: 'all' | 'one' = 'one') =>
  judgeCoverage({ ...NONE, before: NONE, ...now }, LIMITS, of);

test('coverage is of what no longer waits, and of nothing there is none', () => {
  expect(coverageOf({ run: 19, notRun: 1 })).toBe(0.95);
  expect(coverageOf(NONE)).toBeNull();
});

test.each<[string, Partial<CoverageTally>, readonly string[]]>([
  ['95 of 100 at a limit of 95 %', { run: 95, notRun: 5 }, []],
  ['94 of 100', { run: 94, notRun: 6 }, ['below-limit']],
  ['10 of 19, which are too few', { run: 10, notRun: 9 }, []],
  ['10 of 20', { run: 10, notRun: 10 }, ['below-limit']],
  ['all waiting', { open: 500 }, []],
  ['half without a series that fits, as ever', { run: 50, noFit: 50, before: { ...NONE, run: 200, noFit: 200 } }, []],
  [
    'half without a series that fits, where all had one',
    { run: 50, noFit: 50, before: { ...NONE, run: 400 } },
    ['fits-less'],
  ],
  ['more with a series that fits than before', { run: 100, before: { ...NONE, run: 200, noFit: 200 } }, []],
  ['no exam where 80 came', { before: { ...NONE, run: 80 } }, ['fell-silent']],
  ['no exam where 79 came', { before: { ...NONE, run: 79 } }, []],
])('of %s the reasons to tell are %j', (_, tally, causes) => {
  expect(judged(tally)).toEqual(causes);
});

test('a whole site without exams is closed, not silent', () => {
  expect(judged({ before: { ...NONE, run: 80 } }, 'all')).toEqual([]);
});
