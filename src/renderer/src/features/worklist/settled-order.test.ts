import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arrange as arrangeParts } from './settled-order.ts';

const row = (studyId: string, text = '') => ({ studyId, text });
type Row = ReturnType<typeof row>;
const arrange = (fresh: readonly Row[], shown: readonly Row[], held: boolean, place = 0) => {
  const { rows, newAbove } = arrangeParts({ rows: fresh, place }, { rows: shown, place: 0 }, held);
  return { rows, newAbove };
};
const ids = (rows: readonly { readonly studyId: string }[]) => rows.map((one) => one.studyId).join('');

test('a held list keeps every place, shows fresh contents and says how many wait above', () => {
  const shown = [row('a'), row('b'), row('c')];
  const fresh = [row('x'), row('c', 'flagged'), row('a'), row('y'), row('b'), row('z')];
  const { rows, newAbove } = arrange(fresh, shown, true);
  expect(rows).toEqual([row('a'), row('b'), row('c', 'flagged'), row('z')]);
  expect(newAbove).toBe(2);
});

test('a held list keeps a row that left, so that nothing moves up under the cursor', () => {
  expect(ids(arrange([row('a'), row('c')], [row('a'), row('b'), row('c')], true).rows)).toBe('abc');
});

test('a settled list takes the fresh order', () => {
  const fresh = [row('x'), row('a')];
  expect(arrange(fresh, [row('a'), row('b')], false)).toEqual({ rows: fresh, newAbove: 0 });
});

test('an unchanged held list is the very same list, so nothing is drawn again', () => {
  const shown = [row('a'), row('b')];
  expect(arrange([...shown], shown, true).rows).toBe(shown);
});

test('while held no row changes place and no fresh row is lost or doubled, whatever arrives', () => {
  const letters = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { minLength: 1 });
  fc.assert(
    fc.property(letters, letters, (before, now) => {
      const shown = before.map((one) => row(one));
      const { rows, newAbove } = arrange(
        now.map((one) => row(one)),
        shown,
        true,
      );
      expect(ids(rows).slice(0, shown.length)).toBe(before.join(''));
      expect(new Set(ids(rows)).size).toBe(rows.length);
      const missing = now.filter((one) => !ids(rows).includes(one));
      expect(missing).toHaveLength(newAbove);
    }),
  );
});

test('a held part of a long list stays at its place, and what came in above it is told of', () => {
  const shown = { rows: [row('m'), row('n')], place: 40 };
  expect(arrangeParts({ rows: [row('m'), row('n')], place: 43 }, shown, true)).toMatchObject({
    place: 40,
    newAbove: 3,
  });
  expect(arrangeParts({ rows: [row('m'), row('n')], place: 43 }, shown, false)).toMatchObject({
    place: 43,
    newAbove: 0,
  });
});
