import { expect, test } from 'vitest';
import { isSameLie, isSameWindow } from './same-drawing.ts';

const MAP = { xPerColumn: 0.5, yPerColumn: 0, xPerRow: 0, yPerRow: 0.5, x0: 0.25, y0: 0.25 };
const LIE = { map: MAP, width: 800, height: 600 };

test('an image lies as it did but for rounding, and in a pane of another size it does not, though its map is the same', () => {
  expect([
    isSameLie(LIE, { ...LIE, map: { ...MAP, x0: 0.25 + 1e-9 } }),
    isSameLie(LIE, { ...LIE, map: { ...MAP, x0: 0.26 } }),
    isSameLie(LIE, { ...LIE, map: { ...MAP, yPerRow: 0.5001 } }),
    isSameLie(LIE, { ...LIE, width: 640 }),
    isSameLie(LIE, { ...LIE, height: 599 }),
    isSameLie(null, LIE),
  ]).toEqual([true, false, false, false, false, false]);
});

test('windows are the same by centre and width, and none is that of an image that has none', () => {
  const window = { centre: 40, width: 80 };
  expect([
    isSameWindow(window, { ...window }),
    isSameWindow(window, { ...window, width: 81 }),
    isSameWindow(null, window),
    isSameWindow(null, null),
  ]).toEqual([true, false, false, true]);
});
