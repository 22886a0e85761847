import { expect, test } from 'vitest';
import {
  chanceOfDistance,
  type Counts,
  largestDistance,
  measureShift,
  populationStabilityIndex,
  psiByChance,
} from './distribution-shift.ts';

const counts = (values: readonly (number | string)[]): Counts => {
  const map = new Map<string, number>();
  for (const value of values) map.set(String(value), (map.get(String(value)) ?? 0) + 1);
  return map;
};
const range = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index);

test('the index of four quarters that became 40, 30, 20 and 10 % is 0.228217', () => {
  expect(populationStabilityIndex([0.25, 0.25, 0.25, 0.25], [0.4, 0.3, 0.2, 0.1])).toBeCloseTo(0.228217, 6);
});

test('a bin that is empty counts as 0.0001 on either side', () => {
  // (0.5-1)·ln(0.5) + (0.5-0.0001)·ln(5000)
  expect(populationStabilityIndex([1, 0], [0.5, 0.5])).toBeCloseTo(0.346574 + 4.257745, 5);
});

// χ² upper 5 %: 16.919 for 9 degrees, 7.815 for 3; within what the approximation gives.
test.each([
  [10, 500, 500, 16.919 * 0.004],
  [4, 100, 200, 7.815 * 0.015],
])('chance alone takes the index of %i bins of %i and %i values to %f', (bins, n, m, expected) => {
  expect(Math.abs(psiByChance(bins, n, m) / expected - 1)).toBeLessThan(0.01);
});

test('the largest distance is that of the steps of the two distributions, by number and not by text', () => {
  // F1 = 1/4, 2/4, 3/4, 1 at 2, 9, 10, 11; F2 = 1/2 at 10, 1 at 12.
  expect(largestDistance(counts([2, 9, 10, 11]), counts([10, 12]))).toBeCloseTo(0.5, 12);
  expect(largestDistance(counts(range(100)), counts(range(100)))).toBe(0);
  expect(largestDistance(counts(range(10)), counts(range(10, 100)))).toBe(1);
});

// The critical distances of STANDARDS: 1.358·√((n+m)/(nm)) has a chance of 0.05, 1.628·√… one of 0.01.
test.each([
  [0.19206, 100, 100, 0.05],
  [0.11363, 500, 200, 0.05],
  [1.628 * Math.sqrt(0.02), 100, 100, 0.01],
  [0, 100, 100, 1],
])('a distance of %f between %i and %i values has a chance of %f', (distance, n, m, chance) => {
  expect(chanceOfDistance(distance, n, m)).toBeCloseTo(chance, 3);
});

test('the same values are steady, shifted by 7 % they moved, by half they moved far', () => {
  const reference = counts(range(1000));
  expect(measureShift('number', reference, counts(range(1000)))).toEqual({ level: 'steady', psi: 0, ks: 0, ksP: 1 });
  const bit = measureShift('number', reference, counts(range(1000, 70)));
  expect(bit).toMatchObject({ level: 'moved' });
  expect(bit.ks).toBeCloseTo(0.07, 6);
  expect(measureShift('number', reference, counts(range(1000, 500)))).toMatchObject({ level: 'moved-far' });
});

test('two handfuls of one distribution are not called drift for being small', () => {
  const times = (each: readonly number[]) =>
    counts(each.flatMap((count, value) => Array.from({ length: count }, () => value)));
  const shift = measureShift('number', times([6, 6, 6, 6, 6, 6, 6, 6, 6, 6]), times([9, 3, 8, 4, 7, 5, 6, 6, 9, 3]));
  expect(shift.psi).toBeCloseTo(0.1386, 3);
  expect(shift.level).toBe('steady');
});

test('49 values are too few on either side, and no figure is given', () => {
  const none = { level: 'too-few', psi: null, ks: null, ksP: null };
  expect(measureShift('number', counts(range(49)), counts(range(500)))).toEqual(none);
  expect(measureShift('name', counts(range(500)), counts(range(49)))).toEqual(none);
  expect(measureShift('number', counts(range(50)), counts(range(50))).level).toBe('steady');
});

test('a number that is nearly always the same is told from one that no longer is', () => {
  const reference = counts([...Array.from({ length: 198 }, () => 5), 4, 6]);
  expect(measureShift('number', reference, counts(Array.from({ length: 100 }, () => 5))).level).toBe('steady');
  expect(
    measureShift(
      'number',
      reference,
      counts([...Array.from({ length: 60 }, () => 5), ...Array.from({ length: 40 }, () => 3)]),
    ).level,
  ).toBe('moved-far');
});

test('a name never seen in the reference shows as soon as it is a good part of a window; rare ones count as one', () => {
  const reference = counts([...Array.from({ length: 297 }, () => 'H31s'), 'a', 'b', 'c']);
  const window = (others: number, name: string) =>
    counts([...Array.from({ length: 100 - others }, () => 'H31s'), ...Array.from({ length: others }, () => name)]);
  expect(measureShift('name', reference, window(1, 'b')).level).toBe('steady');
  const moved = measureShift('name', reference, window(30, 'Hr40f'));
  expect(moved).toMatchObject({ level: 'moved-far', ks: null, ksP: null });
});
