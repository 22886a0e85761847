import { afterAll, expect, test, vi } from 'vitest';
import { shrink } from './thumbnail.ts';

vi.mock('@cornerstonejs/core', () => ({ Enums: {}, imageLoader: {} }));
// Test files share their processes: the next one gets the real modules again.
afterAll(() => {
  vi.doUnmock('@cornerstonejs/core');
  vi.resetModules();
});

test('fills the square with the longer side, through the window, and leaves the rest clear', () => {
  const values = [0, 50, 100, 200];
  const bytes = shrink({ rows: 1, columns: 4, samples: 1, values, black: 0, white: 100 }, 4);
  const pixel = (x: number, y: number) => [...bytes.slice((y * 4 + x) * 4, (y * 4 + x) * 4 + 4)];
  const rows = [0, 1, 2, 3].map((y) => [0, 1, 2, 3].map((x) => pixel(x, y)));
  const drawn = rows.filter((row) => row.some((one) => one[3] === 255));
  expect(drawn).toEqual([
    [
      [0, 0, 0, 255],
      [128, 128, 128, 255],
      [255, 255, 255, 255],
      [255, 255, 255, 255],
    ],
  ]);
});

test('keeps colours, and draws low values bright where black and white are swapped', () => {
  expect([...shrink({ rows: 1, columns: 1, samples: 3, values: [255, 0, 51], black: 0, white: 255 }, 1)]).toEqual([
    255, 0, 51, 255,
  ]);
  expect([...shrink({ rows: 1, columns: 1, samples: 1, values: [0], black: 255, white: 0 }, 1)]).toEqual([
    255, 255, 255, 255,
  ]);
});
