import { expect, test } from 'vitest';
import { ModelOutput } from '../../../../shared/domain/model-outputs.ts';
import { collectBoxes } from './collect-boxes.ts';
import type { GridExtent } from './collect-numbers.ts';
import type { GivenTensor } from './read-tensor.ts';

type BoxesOutput = Extract<ModelOutput, { role: 'boxes' }>;
const boxes = (more: object) =>
  ModelOutput.parse({
    ...{ tensor: 'b', role: 'boxes', format: 'corners', axes: 'xy', classes: ['nodule'], minScore: 0.5 },
    score: { from: 'column', column: 4 },
    ...more,
  }) as BoxesOutput;
const f32 = (dims: readonly number[], values: readonly number[]): GivenTensor => ({
  dims,
  data: Float32Array.from(values),
});
const slice = (at: number, stack = 0): GridExtent => ({ origin: [at, 0, 0], size: [1, 20, 40], stack });
const patch = (...origin: [number, number, number]): GridExtent => ({ origin, size: [10, 10, 10], stack: 0 });

function collect(
  output: BoxesOutput,
  batches: readonly (readonly [readonly GridExtent[], Readonly<Record<string, GivenTensor>>])[],
  acrossSlices = false,
) {
  const collector = collectBoxes(output, { acrossSlices });
  for (const [samples, tensors] of batches) {
    const taken = collector.take(samples, new Map(Object.entries(tensors)));
    if (!taken.ok) return taken.error;
  }
  return collector.finish().map(({ label, score, from, to, of }) => {
    const tidy = (edges: readonly number[]) => edges.map((edge) => Number(edge.toFixed(4)));
    return {
      label,
      score: Number(score.toFixed(4)),
      from: tidy(from),
      to: tidy(to),
      ...(of === undefined ? {} : { of: of.length }),
    };
  });
}

/** One box, rows 2 to 8, columns 10 to 30 of slice 3, said in every way there is. */
const EXPECTED = [{ label: 'nodule', score: 0.75, from: [3, 2, 10], to: [4, 8, 30] }];
const WAYS: readonly (readonly [string, object, Readonly<Record<string, GivenTensor>>])[] = [
  ['corners x y', {}, { b: f32([1, 1, 5], [10, 2, 30, 8, 0.75]) }],
  ['without a batch', {}, { b: f32([1, 5], [10, 2, 30, 8, 0.75]) }],
  ['corners y x', { axes: 'yx' }, { b: f32([1, 1, 5], [2, 10, 8, 30, 0.75]) }],
  ['corner and size', { format: 'corner-size' }, { b: f32([1, 1, 5], [10, 2, 20, 6, 0.75]) }],
  ['centre and size', { format: 'centre-size' }, { b: f32([1, 1, 5], [20, 5, 20, 6, 0.75]) }],
  ['shares', { unit: 'share', format: 'centre-size' }, { b: f32([1, 1, 5], [0.5, 0.25, 0.5, 0.3, 0.75]) }],
  [
    'a column a box, classes in columns with objectness',
    {
      ...{ arrangement: 'columns', format: 'centre-size', classes: ['other', 'nodule'] },
      score: { from: 'class-columns', first: 5, objectness: 4 },
    },
    // Boxes stand in columns: x, y, width, height, objectness, two classes; the second is of nothing.
    { b: f32([1, 7, 2], [20, 1, 5, 1, 20, 1, 6, 1, 0.9375, 0.1, 0.2, 0.1, 0.8, 0.1]) },
  ],
  [
    'classes in columns, logits',
    { classes: ['other', 'nodule'], score: { from: 'class-columns', first: 4, activation: 'sigmoid' } },
    { b: f32([1, 1, 6], [10, 2, 30, 8, -3, Math.log(3)]) },
  ],
  [
    'scores in another tensor, softmax with background last',
    { classes: ['nodule', null], score: { from: 'tensor', tensor: 's', activation: 'softmax' } },
    { b: f32([1, 1, 4], [10, 2, 30, 8]), s: f32([1, 1, 2], [Math.log(3), 0]) },
  ],
  [
    'scores and class numbers in tensors of their own, counted from a background',
    {
      classes: [null, 'other', 'nodule'],
      score: { from: 'tensor', tensor: 's' },
      classFrom: { from: 'tensor', tensor: 'c' },
    },
    {
      b: f32([2, 4], [0, 0, 5, 5, 10, 2, 30, 8]),
      s: f32([2], [0.1, 0.75]),
      c: { dims: [2], data: BigInt64Array.of(1n, 2n) },
    },
  ],
  [
    'class number in a column, coordinates after it',
    {
      classes: ['other', 'nodule'],
      firstColumn: 2,
      score: { from: 'column', column: 1 },
      classFrom: { from: 'column', column: 0 },
    },
    { b: f32([1, 1, 6], [1, 0.75, 10, 2, 30, 8]) },
  ],
];

test.each(WAYS)('reads boxes as %s', (_, more, tensors) => {
  expect(collect(boxes(more), [[[slice(3)], tensors]])).toEqual(EXPECTED);
});

test('reads boxes of three axes, from the patch to the grid, cut at its edge', () => {
  const output = boxes({ axes: 'zyx', format: 'centre-diameter', score: { from: 'column', column: 4 } });
  expect(collect(output, [[[patch(5, 10, 20)], { b: f32([1, 1, 5], [4, 5, 8, 6, 0.9]) }]])).toEqual([
    { label: 'nodule', score: 0.9, from: [6, 12, 25], to: [12, 18, 30] },
  ]);
  const xyz = boxes({ axes: 'xyz', score: { from: 'column', column: 6 } });
  expect(collect(xyz, [[[patch(0, 0, 0)], { b: f32([1, 1, 7], [1, 2, 3, 4, 6, 8, 0.9]) }]])).toEqual([
    { label: 'nodule', score: 0.9, from: [3, 2, 1], to: [8, 6, 4] },
  ]);
});

test('no box at all is an answer, and a box below the score is not looked at', () => {
  expect(collect(boxes({}), [[[slice(0)], { b: f32([1, 0, 5], []) }]])).toEqual([]);
  expect(collect(boxes({}), [[[slice(0)], { b: f32([1, 2, 5], [9, 9, 1, 1, 0.1, 0, 0, 0, 0, 0]) }]])).toEqual([]);
});

test.each([
  ['inside out', f32([1, 1, 5], [30, 2, 10, 8, 0.75]), 'out-of-range'],
  ['without extent', f32([1, 1, 5], [10, 2, 10, 8, 0.75]), 'out-of-range'],
  ['beside the sample', f32([1, 1, 5], [50, 2, 60, 8, 0.75]), 'out-of-range'],
  ['with too few columns', f32([1, 1, 4], [10, 2, 30, 8]), 'shape'],
  ['of another batch', f32([2, 1, 5], [10, 2, 30, 8, 0.75, 10, 2, 30, 8, 0.75]), 'shape'],
  ['that are no number', f32([1, 1, 5], [Number.NaN, 2, 30, 8, 0.75]), 'not-finite'],
])('refuses the answer for a good box %s', (_, tensor, why) => {
  expect(collect(boxes({}), [[[slice(0)], { b: tensor }]])).toEqual({ code: 'bad-output', tensor: 'b', why });
});

test('refuses a class that the manifest does not know, and scores of another number of boxes', () => {
  const output = boxes({
    classes: ['nodule'],
    score: { from: 'column', column: 4 },
    classFrom: { from: 'column', column: 5 },
  });
  expect(collect(output, [[[slice(0)], { b: f32([1, 1, 6], [10, 2, 30, 8, 0.75, 7]) }]])).toMatchObject({
    why: 'out-of-range',
  });
  const apart = boxes({ score: { from: 'tensor', tensor: 's' } });
  const given = { b: f32([2, 4], [10, 2, 30, 8, 10, 2, 30, 8]), s: f32([3], [1, 1, 1]) };
  expect(collect(apart, [[[slice(0)], given]])).toEqual({ code: 'bad-output', tensor: 's', why: 'shape' });
});

const TWO_CLASSES = {
  classes: ['nodule', 'mass'],
  score: { from: 'column', column: 4 },
  classFrom: { from: 'column', column: 5 },
};
/** Three boxes on one place, the third of another class. */
const STACKED = f32([1, 3, 6], [10, 2, 30, 8, 0.75, 0, 11, 2, 30, 8, 0.9, 0, 10, 2, 30, 8, 0.8, 1]);

test.each([
  ['within-class', [0.9, 0.8]],
  ['across-classes', [0.9]],
  ['none', [0.9, 0.8, 0.75]],
])('suppresses %s, the best first', (suppress, scores) => {
  const found = collect(boxes({ ...TWO_CLASSES, suppress }), [[[slice(0)], { b: STACKED }]]);
  expect(Array.isArray(found) && found.map(({ score }) => score)).toEqual(scores);
});

test('suppresses what two overlapping patches both found, and keeps what lies apart', () => {
  const output = boxes({ axes: 'zyx', score: { from: 'column', column: 6 } });
  const same = [
    [[patch(0, 0, 0)], { b: f32([1, 1, 7], [6, 6, 6, 9, 9, 9, 0.8]) }],
    [[patch(0, 0, 5)], { b: f32([1, 2, 7], [6, 6, 1, 9, 9, 4, 0.85, 0, 0, 6, 3, 3, 9, 0.7]) }],
  ] as const;
  expect(collect(output, same)).toEqual([
    { label: 'nodule', score: 0.85, from: [6, 6, 6], to: [9, 9, 9] },
    { label: 'nodule', score: 0.7, from: [0, 0, 11], to: [3, 3, 14] },
  ]);
});

test('joins what overlaps from slice to slice into one thing with the best score, and nothing across stacks', () => {
  const at = (slices: number, shift: number, score: number, stack = 0) =>
    [[slice(slices, stack)], { b: f32([1, 1, 5], [10 + shift, 2, 30 + shift, 8, score]) }] as const;
  const given = [at(3, 0, 0.6), at(4, 1, 0.9), at(5, 2, 0.7), at(7, 2, 0.8), at(6, 2, 0.95, 1)];
  expect(collect(boxes({}), given, true)).toEqual([
    { label: 'nodule', score: 0.95, from: [6, 2, 12], to: [7, 8, 32] },
    { label: 'nodule', score: 0.9, from: [3, 2, 10], to: [6, 8, 32], of: 3 },
    { label: 'nodule', score: 0.8, from: [7, 2, 12], to: [8, 8, 32] },
  ]);
  expect(collect(boxes({ most: 1 }), given, true)).toHaveLength(1);
  expect(collect(boxes({}), given)).toHaveLength(5);
});

/**
 * What torchvision 0.x's AnchorGenerator and BoxCoder make of the same numbers, worked out by hand: anchors of ±size / 2 about
 * (column · stride, row · stride), centre + dx · width, width · e^dw, at most 1000 / 16 times.
 */
const RETINA = {
  ...{ format: 'centre-size', axes: 'xy', classes: ['nodule'], minScore: 0.5, suppress: 'none' },
  score: { from: 'tensor', tensor: 's', activation: 'sigmoid' },
  anchors: {
    order: 'yx',
    levels: [
      {
        stride: [10, 10],
        sizes: [
          [8, 4],
          [4, 8],
        ],
      },
      { stride: [20, 20], sizes: [[16, 16]] },
    ],
  },
};
/** A row for each anchor: 4 × 2 places of two, then 2 × 1 of one. */
const ROWS = 4 * 2 * 2 + 2;
const retina = (offsets: Readonly<Record<number, readonly number[]>>, more: object = {}, rows = ROWS) =>
  collect(boxes({ ...RETINA, ...more }), [
    [
      [slice(3)],
      {
        b: f32([1, rows, 4], Array.from({ length: rows }, (_, row) => offsets[row] ?? [0, 0, 0, 0]).flat()),
        s: f32(
          [1, rows, 1],
          Array.from({ length: rows }, (_, row) => (row in offsets ? 2 : -9)),
        ),
      },
    ],
  ]);

test('boxes told from anchors: place after place by rows, all anchors of one together, level after level', () => {
  // Row 1, column 2, second anchor: 4 × 8 about column 20, row 10.
  expect(retina({ [(4 + 2) * 2 + 1]: [0.25, -0.5, Math.log(2), 0] })).toEqual([
    { label: 'nodule', score: 0.8808, from: [3, 2, 17], to: [4, 10, 25] },
  ]);
  // The second level's second place: 16 × 16 about column 20, row 0, cut off where the sample ends.
  expect(retina({ [ROWS - 1]: [0, 0.5, 0, 0] })).toEqual([
    { label: 'nodule', score: 0.8808, from: [3, 0, 12], to: [4, 16, 28] },
  ]);
});

test('boxes told from anchors with an offset, weights, and in the order of columns before rows', () => {
  const anchors = { ...RETINA.anchors, order: 'xy', offset: 0.5, weights: { centre: 10, size: 5 } };
  // Column 2, row 1 is the fifth place: 8 × 4 about column 25, row 15; offsets are 10 and 5 times as large.
  expect(retina({ [(2 * 2 + 1) * 2]: [2.5, -5, 5 * Math.log(1.5), 0] }, { anchors })).toEqual([
    { label: 'nodule', score: 0.8808, from: [3, 11, 21], to: [4, 15, 33] },
  ]);
});

test('boxes told from anchors grow no more than they may, and one beside the sample is left out', () => {
  const anchors = { ...RETINA.anchors, mostLogSize: Math.log(2) };
  expect(retina({ [(4 + 2) * 2]: [0, 0, 9, 0] }, { anchors })).toEqual([
    { label: 'nodule', score: 0.8808, from: [3, 8, 12], to: [4, 12, 28] },
  ]);
  expect(retina({ 0: [-1, 0, 0, 0] })).toEqual([]);
});

test('in three axes, as MONAI has them: columns, rows, slices', () => {
  const anchors = { order: 'xyz', levels: [{ stride: [5, 5, 2], sizes: [[6, 6, 4]] }] };
  const rows = 2 * 2 * 5;
  const output = boxes({ ...RETINA, axes: 'xyz', anchors });
  // Column 1, row 0, slice 3: 6 × 6 × 4 about column 5, row 0, slice edge 6.
  const hit = (1 * 2 + 0) * 5 + 3;
  const b = Array.from({ length: rows }, (_, row) => (row === hit ? [0, 0.5, 0.25, 0, 0, 0] : [0, 0, 0, 0, 0, 0]));
  const s = Array.from({ length: rows }, (_, row) => (row === hit ? 2 : -9));
  const found = collect(output, [[[patch(100, 0, 0)], { b: f32([1, rows, 6], b.flat()), s: f32([1, rows, 1], s) }]]);
  expect(found).toEqual([{ label: 'nodule', score: 0.8808, from: [105, 0, 2], to: [109, 6, 8] }]);
});

test('another number of rows than there are anchors is no answer', () => {
  expect(retina({}, {}, ROWS + 1)).toEqual({ code: 'bad-output', tensor: 'b', why: 'shape' });
});
