import fc from 'fast-check';
import { expect, test } from 'vitest';
import { percentilesOf } from './order-statistics.ts';

/** As NumPy documents it: sort, and go along between the two neighbours. */
function bySorting(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = ((sorted.length - 1) * percent) / 100;
  const [low, high] = [sorted[Math.floor(place)] as number, sorted[Math.ceil(place)] as number];
  return low + (high - low) * (place - Math.floor(place));
}

test('gives what sorting gives, whatever the numbers and however they are parted', () => {
  const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
  const parts = fc.array(fc.array(fc.oneof(finite, fc.constantFrom(0, 1, -1)), { maxLength: 40 }), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(
      parts,
      fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 3 }),
      (lists, percents) => {
        const all = lists.flat().map(Math.fround);
        fc.pre(all.length > 0);
        const given = percentilesOf(
          lists.map((list) => Float32Array.from(list)),
          percents,
        );
        for (const [index, percent] of percents.entries()) expect(given[index]).toBeCloseTo(bySorting(all, percent), 3);
      },
    ),
  );
});

test('of no numbers is none', () => {
  expect(percentilesOf([new Float32Array(0)], [50])).toEqual([Number.NaN]);
});
