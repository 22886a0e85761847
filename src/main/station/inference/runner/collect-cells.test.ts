import { describe, expect, test } from 'vitest';
import { ModelOutput } from '../../../../shared/domain/model-outputs.ts';
import { blendWeights } from './blend-weights.ts';
import { collectHeatmap, collectSegmentation } from './collect-cells.ts';
import type { GridExtent } from './collect-numbers.ts';
import { keepParts, LARGEST } from './connected-parts.ts';
import { longestLine } from './longest-line.ts';
import type { NumberTensor } from './read-tensor.ts';

type SegmentationOutput = Extract<ModelOutput, { role: 'segmentation' }>;
const segmentation = (more: object) =>
  ModelOutput.parse({
    tensor: 'm',
    role: 'segmentation',
    layout: 'NCDHW',
    classes: ['a'],
    ...more,
  }) as SegmentationOutput;
const at = (origin: readonly [number, number, number], size: readonly [number, number, number]): GridExtent => ({
  origin,
  size,
  stack: 0,
});
const tensor = (dims: readonly number[], values: ArrayLike<number>): NumberTensor => ({
  dims,
  data: Float32Array.from(values),
});

describe('overlapping patches', () => {
  test('are averaged by weight before any threshold', () => {
    const weights = Float32Array.of(1, 3);
    const { joiner, finish } = collectSegmentation(segmentation({ threshold: 0.5 }), [1, 1, 3], weights);
    // The cell in the middle: 0.9 with weight 3 and 0 with weight 1.
    expect(joiner.take([at([0, 0, 0], [1, 1, 2])], tensor([1, 1, 1, 1, 2], [0.2, 0.9])).ok).toBe(true);
    expect(joiner.take([at([0, 0, 1], [1, 1, 2])], tensor([1, 1, 1, 1, 2], [0, 0.5])).ok).toBe(true);
    expect(joiner.finish().ok).toBe(true);
    expect([...finish().maskOf('a')]).toEqual([0, 1, 1]);
    expect(finish().peakOf('a')).toBeCloseTo(0.675, 6);
  });

  test('of class numbers take the word of the one that counts more', () => {
    const weights = Float32Array.of(3, 1);
    const output = segmentation({ reading: 'values', classes: [null, 'a', 'b'] });
    const { joiner, finish } = collectSegmentation(output, [1, 1, 3], weights);
    joiner.take([at([0, 0, 0], [1, 1, 2])], tensor([1, 1, 1, 1, 2], [1, 1]));
    joiner.take([at([0, 0, 1], [1, 1, 2])], tensor([1, 1, 1, 1, 2], [2, 0]));
    joiner.finish();
    expect([[...finish().maskOf('a')], [...finish().maskOf('b')]]).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
  });

  test('give a smooth field back as it was, wherever they were cut and reach beyond the grid', () => {
    const shape = [5, 7, 6] as const;
    const size = [4, 8, 4] as const;
    const field = (k: number, i: number, j: number) => Math.sin(k + 2 * i) + Math.cos(3 * j);
    const { joiner, finish } = collectSegmentation(
      segmentation({ threshold: 0.4 }),
      shape,
      blendWeights(size, 'gaussian'),
    );
    for (const origin of [
      [0, 0, 0],
      [0, 0, 2],
      [1, 0, 0],
      [1, 0, 2],
    ] as const) {
      const values = Array.from({ length: 4 * 8 * 4 }, (_, cell) => {
        return field(origin[0] + Math.floor(cell / 32), Math.floor(cell / 4) % 8, origin[2] + (cell % 4));
      });
      expect(joiner.take([at(origin, size)], tensor([1, 1, ...size], values)).ok).toBe(true);
    }
    joiner.finish();
    const expected = Array.from({ length: 5 * 7 * 6 }, (_, cell) => {
      return field(Math.floor(cell / 42), Math.floor(cell / 6) % 7, cell % 6) >= 0.4 ? 1 : 0;
    });
    expect([...finish().maskOf('a')]).toEqual(expected);
  });
});

describe('readings', () => {
  const three = { classes: [null, 'a', 'b'] };
  /** Three channels of four cells, in each layout. */
  const channels = [
    [3, 1, 0, 2],
    [1, 2, 0, 9],
    [2, 0, 5, 9],
  ];
  test.each([
    ['NCHW', [1, 3, 2, 2], channels.flat()],
    ['NHWC', [1, 2, 2, 3], [0, 1, 2, 3].flatMap((cell) => channels.map((channel) => channel[cell] as number))],
    ['CHW', [3, 2, 2], channels.flat()],
  ] as const)('the highest channel of each cell, the first of equals, in %s', (layout, dims, values) => {
    const { joiner, finish } = collectSegmentation(
      segmentation({ ...three, layout, reading: 'argmax' }),
      [1, 2, 2],
      null,
    );
    expect(joiner.take([at([0, 0, 0], [1, 2, 2])], tensor(dims, values)).ok).toBe(true);
    joiner.finish();
    expect([[...finish().maskOf('a')], [...finish().maskOf('b')]]).toEqual([
      [0, 1, 0, 1],
      [0, 0, 1, 0],
    ]);
  });

  test('each channel by itself after softmax, so that a cell may have none', () => {
    const output = segmentation({ ...three, layout: 'NCHW', activation: 'softmax', threshold: 0.6 });
    const { joiner, finish } = collectSegmentation(output, [1, 1, 2], null);
    joiner.take([at([0, 0, 0], [1, 1, 2])], tensor([1, 3, 1, 2], [0, 0, Math.log(3), Math.log(2), 0, Math.log(2)]));
    joiner.finish();
    expect([[...finish().maskOf('a')], [...finish().maskOf('b')]]).toEqual([
      [1, 0],
      [0, 0],
    ]);
    expect(finish().peakOf('a')).toBeCloseTo(0.6, 6);
  });

  test.each([
    ['another number of channels', {}, [1, 2, 1, 2, 2], 'shape'],
    ['another size', {}, [1, 1, 1, 3, 3], 'shape'],
    ['a batch of another size', {}, [2, 1, 1, 2, 2], 'shape'],
    ['a class that does not exist', { reading: 'values', classes: [null, 'a'] }, [1, 1, 1, 2, 2], 'out-of-range'],
  ])('refuses %s', (_, more, dims, why) => {
    const { joiner } = collectSegmentation(segmentation(more), [1, 2, 2], null);
    const given = tensor(dims, new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(7));
    const taken = joiner.take([at([0, 0, 0], [1, 2, 2])], given);
    expect(taken).toEqual({ ok: false, error: { code: 'bad-output', tensor: 'm', why } });
  });

  test('a heatmap keeps the hottest of the cells that it joins', () => {
    const output = ModelOutput.parse({ tensor: 'h', role: 'heatmap', layout: 'NCHW', classes: ['a'] });
    if (output.role !== 'heatmap') throw new Error('not a heatmap');
    const { joiner, finish } = collectHeatmap(output, [1, 256, 256], null);
    const values = new Float32Array(256 * 256).fill(-1);
    values[256 * 9 + 21] = 5;
    joiner.take([at([0, 0, 0], [1, 256, 256])], tensor([1, 1, 256, 256], values));
    joiner.finish();
    const [heat] = finish();
    expect(heat).toMatchObject({ label: 'a', factor: 2, shape: [1, 128, 128] });
    expect([heat?.values[128 * 4 + 10], Math.min(...(heat?.values ?? []))]).toEqual([5, -1]);
  });
});

describe('connected parts', () => {
  /** Two slices of 4 × 4: a bar, a cell that touches it at a corner only, and one alone on the other slice. */
  const grid = () => {
    const cells = new Uint8Array(32);
    for (const cell of [0, 1, 2, 7, 16 + 15]) cells[cell] = 1;
    return cells;
  };
  const all = { minMl: 0, minCells: 0, keep: 'all', touching: 'faces' } as const;
  const shape = [2, 4, 4] as const;
  const marked = (cells: Uint8Array) => [...cells.keys()].filter((cell) => cells[cell] !== 0);
  const largest = (cells: Uint8Array) => [...cells.keys()].filter((cell) => cells[cell] === LARGEST);

  test('touch by faces, or by corners too', () => {
    const byFaces = grid();
    expect(keepParts(byFaces, shape, null, all)).toEqual({ count: 3, cells: 5 });
    expect(largest(byFaces)).toEqual([0, 1, 2]);
    const byCorners = grid();
    expect(keepParts(byCorners, shape, null, { ...all, touching: 'corners' })).toEqual({ count: 2, cells: 5 });
    expect(largest(byCorners)).toEqual([0, 1, 2, 7]);
  });

  test('are left out when too small, by cells or by what their slices hold', () => {
    const byCells = grid();
    expect(keepParts(byCells, shape, null, { ...all, minCells: 2 })).toEqual({ count: 1, cells: 3 });
    expect(marked(byCells)).toEqual([0, 1, 2]);
    const byMl = grid();
    // The second slice stands for ten times as much: its one cell is the largest part.
    const ml = (slice: number) => (slice === 0 ? 0.1 : 1);
    expect(keepParts(byMl, shape, ml, { ...all, minMl: 0.25 })).toEqual({ count: 2, cells: 4 });
    expect([marked(byMl), largest(byMl)]).toEqual([[0, 1, 2, 31], [31]]);
  });

  test('keep the largest alone', () => {
    const cells = grid();
    expect(keepParts(cells, shape, null, { ...all, keep: 'largest' })).toEqual({ count: 1, cells: 3 });
    expect(marked(cells)).toEqual([0, 1, 2]);
    const ml = (slice: number) => (slice === 0 ? 0.1 : 1);
    const later = grid();
    expect(keepParts(later, shape, ml, { ...all, keep: 'largest' })).toEqual({ count: 1, cells: 1 });
    expect(marked(later)).toEqual([31]);
    expect(keepParts(new Uint8Array(32), shape, null, all)).toEqual({ count: 0, cells: 0 });
  });

  test('as large as everything are found in one', () => {
    const cells = new Uint8Array(40 * 40 * 40).fill(1);
    expect(keepParts(cells, [40, 40, 40], null, all)).toEqual({ count: 1, cells: 64_000 });
  });
});

test('the longest line runs between the outer edges of pixels, in millimetres', () => {
  const row = new Map([[3, [2, 5] as const]]);
  expect(longestLine(row, [1, 0.5])).toEqual({ mm: 2, from: [2, 3.5], to: [6, 3.5] });
  const column = new Map([0, 1, 2].map((at) => [at, [4, 4] as const]));
  expect(longestLine(column, [2, 1])).toEqual({ mm: 6, from: [4.5, 0], to: [4.5, 3] });
  // A disc of 20 mm on pixels of half a millimetre.
  const disc = new Map<number, readonly [number, number]>();
  for (let at = 0; at < 40; at += 1) {
    const half = Math.sqrt(Math.max(0, 20 ** 2 - (at - 19.5) ** 2));
    disc.set(at, [Math.ceil(20 - half - 0.5), Math.floor(20 + half - 0.5)]);
  }
  expect(Math.abs((longestLine(disc, [0.5, 0.5])?.mm ?? 0) - 20)).toBeLessThan(0.6);
  expect(longestLine(new Map(), [1, 1])).toBeNull();
});
