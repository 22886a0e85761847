import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packFrames, unpackFrames } from './frame-index.ts';

test('a slice takes seven bytes, and a thousand native frames no more', () => {
  expect(packFrames([[{ offset: 1894, length: 524_288 }]])).toHaveLength(7);
  const many = Array.from({ length: 1000 }, (_, index) => [{ offset: 5000 + index * 262_144, length: 262_144 }]);
  expect(packFrames(many)).toHaveLength(8);
  expect(unpackFrames(packFrames(many)!)).toEqual(many);
});

test('gives back every frame, whatever its runs, past four gigabytes too', () => {
  const gap = fc.integer({ min: 0, max: 5_000_000_000 });
  const length = fc.integer({ min: 0, max: 5_000_000_000 });
  const frames = fc.array(fc.array(fc.tuple(gap, length), { minLength: 1, maxLength: 4 }), { maxLength: 20 });
  fc.assert(
    fc.property(frames, (drawn) => {
      let end = 0;
      const expected = drawn.map((runs) =>
        runs.map(([before, long]) => {
          const offset = end + before;
          end = offset + long;
          return { offset, length: long };
        }),
      );
      expect(unpackFrames(packFrames(expected)!)).toEqual(expected);
    }),
  );
});

test('keeps nothing where there are too many runs', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => [{ offset: 8 + index * 1008, length: 1000 - (index % 2) }]);
  expect(packFrames(many)).toBeNull();
});
