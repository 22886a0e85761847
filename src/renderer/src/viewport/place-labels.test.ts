import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeLabels, type ScreenRectangle } from './place-labels.ts';

const SCREEN = { width: 400, height: 300 };
const overlaps = (a: ScreenRectangle, b: ScreenRectangle) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

test('a label stands above its mark, below where there is no room, and never on its neighbour', () => {
  const [first, second, third] = placeLabels(
    [
      { mark: { x: 100, y: 100, width: 20, height: 20 }, width: 80, height: 26 },
      { mark: { x: 110, y: 102, width: 20, height: 20 }, width: 80, height: 26 },
      { mark: { x: 300, y: 4, width: 20, height: 20 }, width: 80, height: 26 },
    ],
    SCREEN,
  );
  expect(first).toMatchObject({ x: 100, y: 71 });
  expect(second).toMatchObject({ x: 110, y: 125 });
  expect(third).toMatchObject({ x: 300, y: 27 });
});

test('labels stay on the picture', () => {
  const mark = fc.record({
    x: fc.integer({ min: -50, max: 450 }),
    y: fc.integer({ min: -50, max: 350 }),
    width: fc.integer({ min: 1, max: 400 }),
    height: fc.integer({ min: 1, max: 300 }),
  });
  fc.assert(
    fc.property(fc.array(mark, { maxLength: 8 }), (marks) => {
      const placed = placeLabels(
        marks.map((one) => ({ mark: one, width: 90, height: 26 })),
        SCREEN,
      );
      for (const { x, y } of placed) {
        expect([x >= 0, y >= 0, x + 90 <= 400, y + 26 <= 300]).toEqual([true, true, true, true]);
      }
    }),
  );
});

test('of few marks far apart no label covers another', () => {
  const marks = [20, 140, 260].flatMap((x) => [40, 160].map((y) => ({ x, y, width: 20, height: 20 })));
  const placed = placeLabels(
    marks.map((mark) => ({ mark, width: 90, height: 26 })),
    SCREEN,
  );
  const pairs = placed.flatMap((one, index) => placed.slice(index + 1).map((other) => overlaps(one, other)));
  expect(pairs.includes(true)).toBe(false);
});
