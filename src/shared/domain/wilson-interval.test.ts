import { expect, test } from 'vitest';
import { wilsonInterval } from './wilson-interval.ts';

// Computed elsewhere, to six places.
test.each([
  [45, 50, 0.786398, 0.956524],
  [0, 10, 0, 0.277533],
  [10, 10, 0.722467, 1],
  [180, 200, 0.850594, 0.93433],
  [1, 1, 0.206549, 1],
  [0, 0, 0, 1],
])('%i of %i lies within %f and %f', (hits, of, low, high) => {
  const interval = wilsonInterval(hits, of);
  expect(interval.low).toBeCloseTo(low, 6);
  expect(interval.high).toBeCloseTo(high, 6);
});
