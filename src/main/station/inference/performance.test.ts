import { expect, test } from 'vitest';
import { performanceOf } from './performance.ts';

const judged = (count: number, isFlagged: boolean, isPresent: boolean) =>
  Array.from({ length: count }, () => ({ isFlagged, isPresent }));

test('45 found, 10 false, 5 missed and 140 rightly silent give the rates and Wilson intervals that were computed elsewhere', () => {
  const performance = performanceOf([
    ...judged(45, true, true),
    ...judged(10, true, false),
    ...judged(5, false, true),
    ...judged(140, false, false),
  ]);
  expect(performance).toMatchObject({ n: 200, positives: 50, tp: 45, fp: 10, fn: 5, tn: 140, hasFewPositives: false });
  const { sensitivity, specificity, ppv, npv } = performance;
  const rounded = [sensitivity, specificity, ppv, npv].map(({ value, hits, of }) => [value?.toFixed(5), hits, of]);
  expect(rounded).toEqual([
    ['0.90000', 45, 50],
    ['0.93333', 140, 150],
    ['0.81818', 45, 55],
    ['0.96552', 140, 145],
  ]);
  expect(sensitivity.low).toBeCloseTo(0.786398, 6);
  expect(sensitivity.high).toBeCloseTo(0.956524, 6);
});

test('of nothing there is no rate, and anything is possible; nineteen positives are few', () => {
  expect(performanceOf([]).sensitivity).toEqual({ value: null, low: 0, high: 1, hits: 0, of: 0 });
  expect([19, 20].map((n) => performanceOf(judged(n, true, true)).hasFewPositives)).toEqual([true, false]);
});
