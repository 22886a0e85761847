import { expect, test } from 'vitest';
import { heatColour, openHeatmap } from './heatmap.ts';

const LAYOUT = { rows: 2, columns: 2, low: 0, high: 1 };
const frames = [2, 1].map((frameNumber) => ({ sopUid: 'a', frameNumber }));

test('gives each frame its own cells, in whatever order they come', () => {
  const heat = openHeatmap(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), { ...LAYOUT, frames });
  expect([1, 2].map((frameNumber) => [...(heat?.cellsOf({ sopUid: 'a', frameNumber }) ?? [])])).toEqual([
    [5, 6, 7, 8],
    [1, 2, 3, 4],
  ]);
  expect(heat?.cellsOf({ sopUid: 'b', frameNumber: 1 })).toBeNull();
});

test('refuses bytes that do not fit', () => {
  for (const bytes of [0, 7, 9]) expect(openHeatmap(new Uint8Array(bytes), { ...LAYOUT, frames })).toBeNull();
});

test('covers nothing where there is nothing, more where there is more, and never more than the reader chose', () => {
  const alphas = [0, 0.25, 0.5, 1].map((share) => heatColour(share, 0.4)[3]);
  expect(alphas).toEqual([0, 26, 51, 102]);
  const brightness = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const [red, green, blue] = heatColour(share, 1);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  });
  expect(brightness).toEqual(brightness.toSorted((a, b) => a - b));
});
