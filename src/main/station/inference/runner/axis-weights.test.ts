import fc from 'fast-check';
import { expect, test } from 'vitest';
import { INTERPOLATIONS } from '../../../../shared/domain/model-preprocessing.ts';
import { applyAffine, composeAffine, invertAffine } from './affine.ts';
import { interpolationWeights } from './axis-weights.ts';
import { perAxis } from './triple.ts';

const axis = fc.record({ from: fc.integer({ min: 1, max: 40 }), count: fc.integer({ min: 1, max: 60 }) });

/** Covers exactly what was covered before. */
const covering = ({ from, count }: { readonly from: number; readonly count: number }) => {
  const scale = from / count;
  return { count, scale, offset: (scale - 1) / 2 };
};

test.each(INTERPOLATIONS)('%s: weights add up to 1 and stay within the axis', (interpolation) => {
  fc.assert(
    fc.property(axis, fc.boolean(), (size, antialias) => {
      const { count, taps, starts, weights } = interpolationWeights(
        size.from,
        covering(size),
        interpolation,
        antialias,
      );
      for (let cell = 0; cell < count; cell += 1) {
        const start = starts[cell] as number;
        expect(start >= 0 && start + taps <= size.from).toBe(true);
        const own = weights.subarray(cell * taps, (cell + 1) * taps);
        expect(own.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
      }
    }),
  );
});

test('an axis of the same cells is itself, whatever looks at it', () => {
  for (const interpolation of INTERPOLATIONS) {
    const { starts, weights, taps } = interpolationWeights(5, { count: 5, scale: 1, offset: 0 }, interpolation, false);
    for (let cell = 0; cell < 5; cell += 1) {
      const own = Array.from({ length: 5 }, (_, at) => weights[cell * taps + at - (starts[cell] as number)] ?? 0);
      const within = own.map((weight, at) =>
        at >= (starts[cell] as number) && at < (starts[cell] as number) + taps ? weight : 0,
      );
      expect(within).toEqual([0, 1, 2, 3, 4].map((at) => (at === cell ? 1 : 0)));
    }
  }
});

test('the way back from a matrix leads to where it came from', () => {
  // What a grid's matrix may be: each row mainly its own axis, in any order, scaled, turned over, sheared and moved.
  const within = (most: number) => fc.double({ min: -most, max: most, noNaN: true });
  const main = fc.oneof(fc.double({ min: 1, max: 9, noNaN: true }), fc.double({ min: -9, max: -1, noNaN: true }));
  const order = fc.shuffledSubarray([0, 1, 2], { minLength: 3 });
  const row = fc.tuple(main, within(0.3), within(0.3), within(500));
  fc.assert(
    fc.property(order, fc.tuple(row, row, row), fc.tuple(within(99), within(99), within(99)), (from, rows, point) => {
      const matrix = perAxis((axis): readonly [number, number, number, number] => {
        const [own, one, other, move] = rows[axis];
        const beside = [one, other];
        return [...perAxis((at) => (from[axis] === at ? own : (beside.pop() as number))), move];
      });
      const inverse = invertAffine(matrix);
      for (const there of [
        applyAffine(inverse, applyAffine(matrix, point)),
        applyAffine(composeAffine(matrix, inverse), point),
      ])
        perAxis((one) => expect(there[one]).toBeCloseTo(point[one], 4));
    }),
  );
});
