import fc from 'fast-check';
import { expect, test } from 'vitest';
import { slotsOf } from './use-row-slots.ts';

test('rows that stay keep their slots, and those that come take what was left', () => {
  const first = slotsOf(['a', 'b', 'c'], new Map());
  expect([...first.values()]).toEqual([0, 1, 2]);
  const second = slotsOf(['c', 'd', 'e', 'f'], first);
  expect(Object.fromEntries(second)).toEqual({ c: 2, d: 0, e: 1, f: 3 });
  expect([...slotsOf(['x', 'y', 'z', 'w'], second).values()].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
});

test('no two rows have one slot, and none that stays changes its own, however rows come and go', () => {
  const ids = fc.uniqueArray(fc.constantFrom(...'a b c d e f g h i j'.split(' ')), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(ids, { minLength: 2, maxLength: 6 }), (shown) => {
      let before: ReadonlyMap<string, number> = new Map();
      for (const now of shown) {
        const slots = slotsOf(now, before);
        expect(new Set(slots.values()).size).toBe(now.length);
        for (const id of now.filter((one) => before.has(one))) expect(slots.get(id)).toBe(before.get(id));
        before = slots;
      }
    }),
  );
});
