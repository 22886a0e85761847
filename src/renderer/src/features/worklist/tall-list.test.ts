import { expect, test } from 'vitest';
import { elementHeight, type Lie, lieAfter, lieAt, listTopAt, TALLEST_PX } from './tall-list.ts';

const ROW = 36;
const SCREEN = 900;
const HEAD = 26;
const AT_TOP: Lie = { top: 0, offset: 0 };
const LONG = [1_000_000, 3_000_000].map((rows) => rows * ROW);
const placeAt = ({ top, offset }: Lie) => (top + offset) / ROW;

test('a list that fits is laid as it is, wherever it is scrolled to and however far at once', () => {
  const list = 100_000 * ROW;
  expect(elementHeight(list)).toBe(list);
  for (const top of [0, 17.5, 5_000, 2_000_000, list - SCREEN]) {
    expect(lieAfter({ top: 400, offset: 0 }, top, list, SCREEN)).toEqual({ top, offset: 0 });
    expect(lieAt(top, list)).toEqual({ top, offset: 0 });
    expect(listTopAt(top, list)).toBe(top);
  }
  expect(elementHeight(TALLEST_PX)).toBe(TALLEST_PX);
});

test.each(LONG)(
  'of a list of %i pixels the scroll bar reaches the first row and the last, and everything between in order',
  (list) => {
    const lowest = elementHeight(list) + HEAD - SCREEN;
    expect(placeAt(lieAfter({ top: 9_000_000, offset: 5_000_000 }, 0, list, SCREEN))).toBe(0);
    const end = lieAfter(AT_TOP, lowest, list, SCREEN);
    expect(end.top + end.offset + SCREEN - HEAD).toBe(list);
    let before = -1;
    for (let top = 0; top <= lowest; top += 49_999) {
      const place = placeAt(lieAfter({ top: -1e9, offset: 0 }, top, list, SCREEN));
      expect(place).toBeGreaterThan(before);
      before = place;
    }
  },
);

test.each(LONG)('of a list of %i pixels any place is gone to exactly, within the element', (list) => {
  const lowest = list + HEAD - SCREEN;
  for (const listTop of [
    0,
    36,
    999_999,
    1_000_001,
    list / 3,
    list / 2 + 0.5,
    list - 1_000_001,
    list - 999_999,
    lowest,
  ]) {
    const lie = lieAt(listTop, list);
    expect(lie.top + lie.offset).toBeCloseTo(listTop, 6);
    expect(lie.top).toBeGreaterThanOrEqual(0);
    expect(lie.top).toBeLessThanOrEqual(elementHeight(list) + HEAD - SCREEN);
    // Dragged to where the bar then stands, the same rows are there, to a pixel of the bar.
    expect(Math.abs(listTopAt(lie.top, list) - listTop)).toBeLessThanOrEqual(list / TALLEST_PX);
  }
});

test.each(LONG)(
  'in a list of %i pixels the wheel moves rows by its own pixels, and when it rests nothing jumps',
  (list) => {
    let lie = lieAt(list / 2, list);
    const from = lie.top + lie.offset;
    for (let turn = 1; turn <= 500; turn += 1) {
      lie = lieAfter(lie, lie.top + 120, list, SCREEN);
      expect(lie.top + lie.offset).toBe(from + turn * 120);
      if (turn % 50 !== 0) continue;
      const rested = lieAt(lie.top + lie.offset, list);
      expect(rested.top + rested.offset).toBe(lie.top + lie.offset);
      lie = rested;
    }
  },
);

test.each(LONG)(
  'a list of %i pixels is wheeled off its ends as any other: pixel by pixel up to the first row and the last',
  (list) => {
    let lie = lieAt(2_000, list);
    while (lie.top > 0) lie = lieAfter(lie, Math.max(0, lie.top - 120), list, SCREEN);
    expect(placeAt(lie)).toBe(0);
    const lowest = elementHeight(list) + HEAD - SCREEN;
    lie = lieAt(list - 5_000, list);
    while (lie.top < lowest) lie = lieAfter(lie, Math.min(lowest, lie.top + 120), list, SCREEN);
    expect(lie.top + lie.offset + SCREEN - HEAD).toBe(list);
  },
);
