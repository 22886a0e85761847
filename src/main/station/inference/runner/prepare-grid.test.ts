import { describe, expect, test } from 'vitest';
import { type PreparingStep, Preprocessing } from '../../../../shared/domain/model-preprocessing.ts';
import { applyAffine } from './affine.ts';
import { arrangeStacks } from './arrange-stacks.ts';
import { prepareGrid } from './prepare-grid.ts';
import { maskBeside, registerSeries } from './planes-beside.ts';
import type { PreparedGrid, SourceFrame, SourceStack } from './prepared-grid.ts';
import { mapSource } from './source-map.ts';
import { along, cross, dot, type Vector } from './vector.ts';

type Written = Partial<Record<'source' | 'tolerates' | 'planes' | 'steps' | 'channels' | 'channelPlanes', unknown>>;
const how = (written: Written): Preprocessing =>
  Preprocessing.parse({
    sampling: { kind: 'volume' },
    ...written,
    source: { arrangement: 'volume', paddingValue: -1024, ...(written.source as object) },
  });

/** A way to acquire: directions of rows and columns, and how far each slice lies along their normal and along z beside. */
type Acquisition = {
  readonly alongRow: Vector;
  readonly alongColumn: Vector;
  readonly heightsMm: readonly number[];
  /** Millimetres of movement in the slice's own plane, down the columns, for each millimetre of height. */
  readonly drift?: number;
  readonly size?: readonly [number, number];
  readonly pixelMm?: readonly [number, number];
};

/** Frames about the isocentre, each value what `field` says of the pixel's place in the patient. */
function acquire(way: Acquisition, field: (point: Vector) => number): readonly SourceFrame[] {
  const { alongRow, alongColumn, heightsMm, drift = 0, size = [32, 32], pixelMm = [0.5, 0.5] } = way;
  const [rows, columns] = size;
  const normal = cross(alongRow, alongColumn);
  const middle = ((heightsMm[0] ?? 0) + (heightsMm.at(-1) ?? 0)) / 2;
  return heightsMm.map((height, index): SourceFrame => {
    const centre = along(along([0, 0, 0], normal, height - middle), alongColumn, (height - middle) * drift);
    const corner = along(
      along(centre, alongRow, (-(columns - 1) / 2) * pixelMm[1]),
      alongColumn,
      (-(rows - 1) / 2) * pixelMm[0],
    );
    const values = new Float32Array(rows * columns);
    for (let pixel = 0; pixel < values.length; pixel += 1) {
      const row = along(corner, alongColumn, Math.floor(pixel / columns) * pixelMm[0]);
      values[pixel] = field(along(row, alongRow, (pixel % columns) * pixelMm[1]));
    }
    return {
      ...{
        sopUid: `1.${index + 1}`,
        frameNumber: 1,
        instanceNumber: index + 1,
        rows,
        columns,
        channels: 1,
        values,
        pixelMm,
      },
      place: { position: corner, alongRow, alongColumn, thicknessMm: null, frameOfReferenceUid: null },
    };
  });
}

function prepare(frames: readonly SourceFrame[], written: Written): PreparedGrid {
  const preprocessing = how(written);
  const { source, tolerates } = preprocessing;
  const stacks = arrangeStacks(frames.toReversed(), {
    ...{ arrangement: source.arrangement, orientation: 'any', minSlices: 1, maxSlices: 99, tolerates },
  });
  if (!stacks.ok) throw new Error(stacks.error.code);
  const [stack] = stacks.value;
  if (stack === undefined) throw new Error('no stack');
  const prepared = prepareGrid(stack, preprocessing);
  if (!prepared.ok) throw new Error(prepared.error.code);
  return prepared.value;
}

const cellAt = ({ values, shape }: PreparedGrid, [slice, row, column]: Vector, channel = 0) =>
  values[((channel * shape[0] + slice) * shape[1] + row) * shape[2] + column] as number;

/** Where toStack says that a cell is: frame, row and column as fractions. */
function sourceOf(grid: PreparedGrid, cell: Vector): Vector {
  const [slice, row, column] = applyAffine(grid.toStack, cell);
  const list = grid.sliceOfFrame;
  if (list === null) return [slice, row, column];
  const low = Math.max(
    0,
    Math.min(
      list.findLastIndex((one) => one <= slice),
      list.length - 2,
    ),
  );
  const [from, to] = [list[low] as number, list[low + 1] as number];
  return [low + (slice - from) / (to - from), row, column];
}

/** The same in the patient, worked out from the positions that the frames carry. */
function pointOf(grid: PreparedGrid, cell: Vector): Vector {
  const [frame, row, column] = sourceOf(grid, cell);
  const { frames } = grid.stack;
  const low = Math.max(0, Math.min(Math.floor(frame), frames.length - 2));
  const on = (index: number): Vector => {
    const { place, pixelMm } = frames[index] as SourceFrame;
    if (place === null || pixelMm === null) throw new Error('no place');
    return along(along(place.position, place.alongColumn, row * pixelMm[0]), place.alongRow, column * pixelMm[1]);
  };
  const [from, to] = [on(low), on(low + 1)];
  return [0, 1, 2].map(
    (axis) => (from[axis] as number) + ((to[axis] as number) - (from[axis] as number)) * (frame - low),
  ) as unknown as Vector;
}

const even = (count: number, step: number) => Array.from({ length: count }, (_, index) => index * step);
const TILT = Math.tan((18 * Math.PI) / 180);
const [c20, s20] = [Math.cos(0.35), Math.sin(0.35)];
const WAYS: Readonly<Record<string, Acquisition & { readonly tolerates?: unknown }>> = {
  axial: { alongRow: [1, 0, 0], alongColumn: [0, 1, 0], heightsMm: even(14, 2) },
  'head to foot': { alongRow: [1, 0, 0], alongColumn: [0, -1, 0], heightsMm: even(14, 2) },
  'lying on the face': { alongRow: [-1, 0, 0], alongColumn: [0, -1, 0], heightsMm: even(14, 2) },
  'rows to the right': { alongRow: [-1, 0, 0], alongColumn: [0, 1, 0], heightsMm: even(14, 2) },
  'a quarter turn': { alongRow: [0, 1, 0], alongColumn: [1, 0, 0], heightsMm: even(14, 2), size: [24, 40] },
  'a quarter turn the other way': { alongRow: [0, -1, 0], alongColumn: [1, 0, 0], heightsMm: even(14, 2) },
  sagittal: { alongRow: [0, 1, 0], alongColumn: [0, 0, -1], heightsMm: even(14, 2), pixelMm: [0.5, 0.75] },
  'sagittal, reversed': { alongRow: [0, -1, 0], alongColumn: [0, 0, -1], heightsMm: even(14, 2) },
  coronal: { alongRow: [1, 0, 0], alongColumn: [0, 0, -1], heightsMm: even(14, 2), size: [36, 28] },
  'coronal, reversed': { alongRow: [-1, 0, 0], alongColumn: [0, 0, -1], heightsMm: even(14, 2) },
  oblique: { alongRow: [c20, s20, 0], alongColumn: [-s20, c20, 0], heightsMm: even(14, 2) },
  'tilted, as it is': { alongRow: [1, 0, 0], alongColumn: [0, 1, 0], heightsMm: even(14, 2), drift: TILT },
  'tilted, sheared': {
    ...{ alongRow: [1, 0, 0], alongColumn: [0, 1, 0], heightsMm: even(14, 2), drift: TILT },
    tolerates: { gantryTilt: 'shear' },
  },
  'tilted the other way, sagittal, sheared': {
    ...{ alongRow: [0, 1, 0], alongColumn: [0, 0, -1], heightsMm: even(14, 2), drift: -TILT },
    tolerates: { gantryTilt: 'shear' },
  },
  'uneven, evened': {
    ...{ alongRow: [1, 0, 0], alongColumn: [0, 1, 0], heightsMm: [0, 2, 4, 6, 7.5, 9, 11, 13, 15.5, 18, 20, 22] },
    tolerates: { unevenSteps: 'resample' },
  },
  'uneven and tilted, evened and sheared': {
    ...{
      alongRow: [1, 0, 0],
      alongColumn: [0, 1, 0],
      heightsMm: [0, 2, 4, 6, 7.5, 9, 11, 13, 15.5, 18, 20, 22],
      drift: TILT,
    },
    tolerates: { unevenSteps: 'resample', gantryTilt: 'shear' },
  },
};

const STEPS: Readonly<Record<string, readonly Partial<PreparingStep>[]>> = {
  nothing: [],
  'turned upright': [{ do: 'orient', towards: ['S', 'P', 'L'] }],
  'turned to sagittal': [{ do: 'orient', towards: ['L', 'I', 'P'] }],
  'resampled, linear': [{ do: 'resample', spacingMm: [1.3, 0.8, 0.6], interpolation: 'linear' }],
  'resampled, area': [{ do: 'resample', spacingMm: [4, 1.1, 1.7], interpolation: 'area' }],
  'resampled, cubic, turned': [
    { do: 'resample', spacingMm: [1.3, 0.8, 0.6], interpolation: 'cubic' },
    { do: 'orient', towards: ['A', 'R', 'S'] },
  ],
  'resized with antialiasing, cropped': [
    { do: 'resize', to: [9, 20, 20], aspect: 'stretch', interpolation: 'linear', antialias: true },
    { do: 'crop-or-pad', to: [7, 12, 24], anchor: 'centre' },
  ],
  'fitted, padded, turned, cropped at the end': [
    { do: 'resize', to: [null, 17, 19], aspect: 'fit', interpolation: 'linear' },
    { do: 'pad-to-multiple', of: [4, 8, 8] },
    { do: 'orient', towards: ['S', 'A', 'R'] },
    { do: 'crop-or-pad', to: [null, 9, null], anchor: 'end' },
  ],
  'turned over, transposed': [{ do: 'flip', axes: ['slices', 'columns'] }, { do: 'transpose' }],
  'heavier halves where they are wanted': [
    { do: 'face', axis: 'columns', heavier: 'end' },
    { do: 'face', axis: 'rows', heavier: 'start' },
  ],
  'trimmed, made square': [
    { do: 'square', by: 'crop' },
    { do: 'trim', shares: [[0.1, 0.2], null, [0.05, 0.3]] },
  ],
  'padded to a square': [{ do: 'square', by: 'pad', anchor: 'end' }],
  'resampled, cropped to content, transposed': [
    { do: 'resample', spacingMm: [1.3, 0.8, 0.6], interpolation: 'linear' },
    { do: 'crop-to-content', above: 100, margin: 1 },
    { do: 'transpose' },
  ],
  nearest: [{ do: 'resize', to: [null, 21, 40], aspect: 'fill', interpolation: 'nearest' }],
};

/** Interpolation of a plane through space is exact: what a cell holds says where it is. */
const FIELD: Vector = [1, 10, 100];
const plane = ([x, y, z]: Vector) => FIELD[0] * x + FIELD[1] * y + FIELD[2] * z;

/** How far what a kernel gives may be off, in steps of the steepest axis: its weights lie where old cells do, not where its middle is. */
const INEXACT = { area: 0.13, antialiasing: 0.1, nearest: 1 };

function changeOverPixel({ stack }: PreparedGrid): number {
  const { place, pixelMm } = stack.frames[0] as SourceFrame;
  if (place === null || pixelMm === null) throw new Error('no place');
  const change = (direction: Vector, mm: number) => Math.abs(plane(direction) * mm);
  const normal = cross(place.alongRow, place.alongColumn);
  return Math.max(
    change(normal, Math.max(...stack.stepsMm)),
    change(place.alongColumn, pixelMm[0]),
    change(place.alongRow, pixelMm[1]),
  );
}

describe.each(Object.entries(WAYS))('%s', (_, { tolerates, ...way }) => {
  const frames = acquire(way, plane);

  test.each(Object.entries(STEPS))('every cell holds what is where toStack says: %s', (name, steps) => {
    const grid = prepare(frames, { steps, tolerates });
    const within = changeOverPixel(grid) * (Object.entries(INEXACT).find(([what]) => name.includes(what))?.[1] ?? 1e-5);
    let looked = 0;
    for (let slice = 0; slice < grid.shape[0]; slice += 1)
      for (let row = 0; row < grid.shape[1]; row += 1)
        for (let column = 0; column < grid.shape[2]; column += 1) {
          const cell: Vector = [slice, row, column];
          const [frame, y, x] = sourceOf(grid, cell);
          const { rows, columns } = grid.stack.frames[0] as SourceFrame;
          // Near an edge the outermost pixel goes on, or there is padding.
          const reach = name.includes('area') || name.includes('antialiasing') ? 3 : name.includes('cubic') ? 1 : 0;
          const isInside = (at: number, count: number) => at >= reach && at <= count - 1 - reach;
          if (!isInside(frame, grid.stack.frames.length) || !isInside(y, rows) || !isInside(x, columns)) continue;
          // A sheared slice between two others is made of pixels of both: near the edge one of them has none.
          const isSheared = grid.stack.corrections.includes('tilt-sheared');
          if (isSheared && (y < 2 * reach + 4 || y > rows - 5 - 2 * reach)) continue;
          looked += 1;
          if (Math.abs(cellAt(grid, cell) - plane(pointOf(grid, cell))) > within)
            expect({ cell, value: cellAt(grid, cell) }).toEqual({ cell, value: plane(pointOf(grid, cell)) });
        }
    expect(looked).toBeGreaterThan(50);
  });

  test('a marked pixel lands where toStack says, within half a cell', () => {
    const marks: readonly Vector[] = [
      [3, 10, 7],
      [8, 12, 20],
      [6, 18, 15],
    ];
    for (const mark of marks) {
      const marked = frames.map((frame, index) => {
        const values = new Float32Array(frame.values.length);
        if (index === mark[0]) values[mark[1] * frame.columns + mark[2]] = 1000;
        return { ...frame, values };
      });
      const steps = [
        { do: 'orient', towards: ['S', 'P', 'L'] },
        { do: 'resample', spacingMm: [0.9, 0.9, 0.9], interpolation: 'linear' },
      ];
      const grid = prepare(marked, { steps, tolerates });
      const frame = grid.stack.frames.findIndex(({ sopUid }) => sopUid === marked[mark[0]]?.sopUid);
      let [most, best] = [0, [0, 0, 0] as Vector];
      for (let at = 0; at < grid.values.length; at += 1)
        if ((grid.values[at] as number) > most) {
          most = grid.values[at] as number;
          const [, rows, columns] = grid.shape;
          best = [Math.floor(at / rows / columns), Math.floor(at / columns) % rows, at % columns];
        }
      const point = pointOf(grid, best);
      const { place, pixelMm } = grid.stack.frames[frame] as SourceFrame;
      if (place === null || pixelMm === null) throw new Error('no place');
      const truth = along(
        along(place.position, place.alongColumn, mark[1] * pixelMm[0]),
        place.alongRow,
        mark[2] * pixelMm[1],
      );
      // Along each axis half a cell; evening alone moves a slice by up to half a step.
      const isEvened = grid.stack.corrections.includes('steps-evened');
      const axes = [cross(place.alongRow, place.alongColumn), place.alongColumn, place.alongRow];
      for (const [index, axis] of axes.entries()) {
        const away = Math.abs(
          [0, 1, 2].reduce((sum, one) => sum + axis[one as 0] * ((point[one] as number) - (truth[one] as number)), 0),
        );
        expect(away).toBeLessThanOrEqual(0.9 / 2 + 0.02 + (isEvened && index === 0 ? 1 : 0));
      }
    }
  });
});

describe('a stack taken as it comes', () => {
  const zs = [0, 4, 8, 12, 19, 26];
  const uneven = acquire({ ...(WAYS.axial as Acquisition), heightsMm: zs }, plane);
  const taken = { unevenSteps: 'as-is', maxGapOverThickness: 9 };

  test('gives each slice half of the way to its neighbours, and the mean step', () => {
    const grid = prepare(uneven, { tolerates: taken });
    expect(grid.extentsMm).toEqual([4, 4, 4, 5.5, 7, 7]);
    expect(grid.spacingMm).toEqual([26 / 5, 0.5, 0.5]);
    expect(grid.sliceOfFrame).toBeNull();
  });

  test('keeps them through turns, cuts and padding', () => {
    const steps = [
      { do: 'orient', towards: ['I', 'P', 'L'] },
      { do: 'crop-or-pad', to: [7, null, null], anchor: 'start' },
    ];
    expect(prepare(uneven, { steps, tolerates: taken }).extentsMm).toEqual([7, 7, 5.5, 4, 4, 4, 26 / 5]);
  });

  test('as many slices as before, when only their pixels are resampled', () => {
    const steps = [{ do: 'resample', spacingMm: [null, 1, 1], interpolation: 'area' }];
    const grid = prepare(uneven, { steps, tolerates: taken });
    expect([grid.shape, grid.extentsMm]).toEqual([
      [6, 16, 16],
      [4, 4, 4, 5.5, 7, 7],
    ]);
  });
});

test('evens slices onto steps of the middle one, as many as fit best', () => {
  const heightsMm = [0, 2, 4, 6, 7, 9.5];
  const grid = prepare(acquire({ ...(WAYS.axial as Acquisition), heightsMm }, plane), {
    tolerates: { unevenSteps: 'resample' },
  });
  // Five steps of 2 mm are half a millimetre more than the stack, a quarter beyond at either end.
  expect(grid.sliceOfFrame).toEqual(heightsMm.map((height) => (height + 0.25) / 2));
  expect([grid.spacingMm[0], grid.extentsMm]).toEqual([2, [2, 2, 2, 2, 2, 2]]);
});

test('a sheared grid cuts nothing off', () => {
  const frames = acquire({ ...(WAYS.axial as Acquisition), drift: TILT }, () => 1);
  const grid = prepare(frames, { tolerates: { gantryTilt: 'shear' }, source: { paddingValue: 0 } });
  const height = 26 * TILT; // 8.4 mm, 17 pixels
  expect(grid.shape).toEqual([14, 32 + Math.ceil(height / 0.5), 32]);
  const perSlice = Array.from({ length: 14 }, (_, slice) =>
    grid.values
      .subarray(slice * grid.shape[1] * 32, (slice + 1) * grid.shape[1] * 32)
      .reduce((sum, value) => sum + value, 0),
  );
  for (const sum of perSlice) expect(Math.abs(sum - 32 * 32)).toBeLessThanOrEqual(32);
});

test('takes the mean of what a cell covers, and pads where the source has nothing', () => {
  const way: Acquisition = { ...(WAYS.axial as Acquisition), size: [10, 20], pixelMm: [0.8, 0.4] };
  const grid = prepare(
    acquire(way, ([x, y]) => x + 100 * y),
    {
      steps: [
        { do: 'resample', spacingMm: [null, 1, 1], interpolation: 'area' },
        { do: 'crop-or-pad', to: [null, 16, 16] },
      ],
    },
  );
  // 0 to 1 mm to the back: the whole of one 0.8 mm row (y = 0.4) and a quarter of the next (y = 1.2).
  expect(cellAt(grid, [0, 8, 8])).toBeCloseTo(0.8 * 40 + 0.2 * 120 + 0.5, 1);
  expect(cellAt(grid, [0, 8, 3])).toBe(-1024); // the source is 8 mm wide, the grid 16
});

test('keeps values within the clamp', () => {
  const frames = acquire(WAYS.axial as Acquisition, plane);
  const { values } = prepare(frames, { steps: [{ do: 'clamp', min: -50, max: 60 }] });
  expect([Math.min(...values), Math.max(...values)]).toEqual([-50, 60]);
});

describe('intensity', () => {
  const ramp = (frames = 2) =>
    Array.from(
      { length: frames },
      (_, index): SourceFrame => ({
        ...(acquire({ ...(WAYS.axial as Acquisition), size: [1, 4], heightsMm: even(frames, 2) }, plane)[
          index
        ] as SourceFrame),
        values: Float32Array.of(0, 1, 2, 3).map((value) => value + 10 * index),
      }),
    );
  const valuesOf = (steps: readonly unknown[], channels?: unknown) =>
    [...prepare(ramp(), { steps, ...(channels !== undefined && { channels }) }).values].map((value) =>
      Number(value.toFixed(4)),
    );

  test.each([
    ['window', { centre: 6, width: 8 }, [0, 0, 0, 0.125, 1, 1, 1, 1]],
    ['scale', { multiply: 2, add: -1 }, [-1, 1, 3, 5, 19, 21, 23, 25]],
    ['min-max', { over: 'slice' }, [0, 0.3333, 0.6667, 1, 0, 0.3333, 0.6667, 1]],
    ['min-max', {}, [0, 0.0769, 0.1538, 0.2308, 0.7692, 0.8462, 0.9231, 1]],
    ['percentile-range', { low: 0, high: 50 }, [0, 0.1538, 0.3077, 0.4615, 1, 1, 1, 1]],
    ['z-score', { over: 'slice' }, [-1.3416, -0.4472, 0.4472, 1.3416, -1.3416, -0.4472, 0.4472, 1.3416]],
    ['z-score', { above: 5 }, [-10.2859, -9.3915, -8.4971, -7.6026, -1.3416, -0.4472, 0.4472, 1.3416]],
    ['scale', { multiply: 0.5 }, [0, 0.5, 1, 1.5, 5, 5.5, 6, 6.5]],
  ])('%s %j', (name, options, expected) => {
    expect(valuesOf([{ do: name, ...options }])).toEqual(expected);
  });

  test('round: halves to even, or down', () => {
    const half = { do: 'scale', multiply: 0.5, add: -1 };
    expect(valuesOf([half, { do: 'round' }]).map((value) => value + 0)).toEqual([-1, 0, 0, 0, 4, 4, 5, 6]);
    expect(valuesOf([half, { do: 'round', how: 'down' }])).toEqual([-1, -1, 0, 0, 4, 4, 5, 5]);
  });

  test('all alike gives 0', () => {
    const flat = [{ do: 'clamp', min: 5, max: 5 }];
    for (const name of ['min-max', 'z-score']) expect(new Set(valuesOf([...flat, { do: name }]))).toEqual(new Set([0]));
    expect(new Set(valuesOf([...flat, { do: 'percentile-range', low: 1, high: 99 }]))).toEqual(new Set([0]));
  });

  test('channels each have steps of their own on the same grid', () => {
    const windows = [
      [{ do: 'window', centre: 1, width: 2 }],
      [
        { do: 'window', centre: 11, width: 2 },
        { do: 'scale', multiply: 9 },
      ],
    ];
    const grid = prepare(ramp(), { channels: windows });
    expect([grid.channels, [...grid.values]]).toEqual([2, [0, 0.5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 4.5, 9, 9]]);
  });

  test('padding goes through the steps with all the rest, unless the step has its own', () => {
    const window = { do: 'window', centre: -512, width: 1024 };
    const pad = { do: 'crop-or-pad', to: [null, null, 6] };
    const grid = prepare(ramp(), { steps: [window, { do: 'scale', multiply: 2, add: 3 }, pad] });
    expect([cellAt(grid, [0, 0, 0]), cellAt(grid, [0, 0, 1]), grid.paddingValues]).toEqual([3, 5, [3]]);
    expect(cellAt(prepare(ramp(), { steps: [window, { ...pad, paddingValue: 7 }] }), [0, 0, 0])).toBe(7);
  });
});

describe('single images', () => {
  const image = (values: readonly number[], frame: Partial<SourceFrame> = {}): SourceFrame => ({
    ...{
      sopUid: '1.1',
      frameNumber: 1,
      instanceNumber: 1,
      rows: 2,
      columns: 2,
      channels: 1,
      place: null,
      pixelMm: null,
    },
    values: Float32Array.from(values),
    ...frame,
  });
  const images = { arrangement: 'images', paddingValue: 0 };

  test('are normalised each by itself', () => {
    const grid = prepare([image([0, 1, 2, 4]), image([0, 10, 20, 40], { frameNumber: 2 })], {
      source: images,
      steps: [{ do: 'min-max' }],
    });
    expect([...grid.values]).toEqual([0, 0.25, 0.5, 1, 0, 0.25, 0.5, 1]);
    expect([grid.spacingMm, grid.extentsMm]).toEqual([[null, null, null], null]);
  });

  test('without a pixel size are not resampled to millimetres', () => {
    const step = { do: 'resample', spacingMm: [null, 1, 1], interpolation: 'linear' };
    expect(() => prepare([image([0, 1, 2, 4])], { source: images, steps: [step] })).toThrow('not-calibrated');
    const known = image([0, 1, 2, 4], { pixelMm: [2, 2] });
    expect(prepare([known], { source: images, steps: [step] }).shape).toEqual([1, 4, 4]);
  });

  const red = image([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], { channels: 3 });
  test.each([
    ['rgb', [1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12]],
    ['bgr', [3, 6, 9, 12, 2, 5, 8, 11, 1, 4, 7, 10]],
  ])('in colour have three channels: %s', (colour, expected) => {
    expect([...prepare([red], { source: { ...images, colour } }).values]).toEqual(expected);
  });

  test('grey ones have three alike, and each its own steps', () => {
    const channels = [1, 2, 3].map((multiply) => [{ do: 'scale', multiply }]);
    const grid = prepare([image([1, 2, 3, 4])], { source: { ...images, colour: 'rgb' }, channels });
    expect([...grid.values]).toEqual([1, 2, 3, 4, 2, 4, 6, 8, 3, 6, 9, 12]);
  });
});

test('leaves the frames as they are', () => {
  const frames = acquire(WAYS.axial as Acquisition, plane);
  const before = frames.map(({ values }) => Float32Array.from(values));
  prepare(frames, { steps: [{ do: 'scale', multiply: 2 }], channels: [[{ do: 'min-max' }]] });
  prepare(frames, { channels: [[{ do: 'z-score' }]] });
  expect(frames.map(({ values }) => values)).toEqual(before);
});

test('refuses a grid that no machine could hold', () => {
  const steps = [{ do: 'resize', to: [4096, 4096, 4096], interpolation: 'nearest' }];
  expect(() => prepare(acquire(WAYS.axial as Acquisition, plane), { steps })).toThrow('grid-too-large');
});

describe('a second series', () => {
  const [ours, theirs] = [
    { alongRow: [1, 0, 0], alongColumn: [0, 1, 0], heightsMm: even(14, 2) },
    {
      alongRow: [0, -c20, -s20],
      alongColumn: [0, s20, -c20],
      heightsMm: [0, 0.8, 1.6, 2.4, 3.4, 4.2, 5],
      size: [60, 64],
    },
  ] as const;
  const known = (frames: readonly SourceFrame[], uid: string | null = '1.2') =>
    frames.map((frame) => ({ ...frame, place: frame.place && { ...frame.place, frameOfReferenceUid: uid } }));
  const stackOf = (frames: readonly SourceFrame[]) => {
    const { tolerates } = how({ tolerates: { unevenSteps: 'as-is' } });
    const stacks = arrangeStacks(frames, {
      ...{ arrangement: 'volume', orientation: 'any', minSlices: 1, maxSlices: 99, tolerates },
    });
    if (!stacks.ok) throw new Error(stacks.error.code);
    return stacks.value[0] as SourceStack;
  };
  const main = stackOf(known(acquire(ours, () => 0)));
  const other = stackOf(known(acquire(theirs, plane)));

  test('stands on the first one’s cells by its place in the patient, and is padding where it does not reach', () => {
    const registered = registerSeries(main, other, -5);
    if (!registered.ok) throw new Error(registered.error.code);
    const preprocessing = how({
      ...{ source: { paddingValue: -5 } },
      planes: [{ from: 'series', series: 'other' }],
      steps: [{ do: 'orient', towards: ['S', 'A', 'R'] }],
    });
    const prepared = prepareGrid(main, preprocessing, [registered.value]);
    if (!prepared.ok) throw new Error(prepared.error.code);
    const grid = prepared.value;
    expect([grid.channels, cellAt(grid, [3, 4, 5], 0)]).toEqual([2, 0]);
    const map = mapSource(grid);
    const place = theirs.heightsMm.at(-1) as number;
    const normal = cross(theirs.alongRow, theirs.alongColumn);
    let [inside, outside] = [0, 0];
    for (let slice = 0; slice < grid.shape[0]; slice += 1)
      for (let row = 0; row < grid.shape[1]; row += 1)
        for (let column = 0; column < grid.shape[2]; column += 1) {
          const point = map.toPatient(map.toSource([slice, row, column])) as Vector;
          const height = Math.abs(dot(point, normal)) - place / 2;
          const value = cellAt(grid, [slice, row, column], 1);
          const [down, across] = [dot(point, theirs.alongColumn), dot(point, theirs.alongRow)].map(Math.abs) as [
            number,
            number,
          ];
          const isWell = height <= 0 && down <= 14.7 && across <= 15.7;
          if (isWell) expect(Math.abs(value - plane(point))).toBeLessThan(1e-3);
          if (isWell) inside += 1;
          if (height > 0.5 || down > 15.1 || across > 16.1) {
            expect(value).toBe(-5);
            outside += 1;
          }
        }
    expect(Math.min(inside, outside)).toBeGreaterThan(500);
  });

  test('is refused in another frame of reference, or where nobody says in which', () => {
    for (const uid of ['1.3', null]) {
      const elsewhere = stackOf(known(acquire(theirs, plane), uid));
      expect(registerSeries(main, elsewhere, 0)).toEqual({ ok: false, error: { code: 'mixed-frames-of-reference' } });
    }
  });

  test('a crop of a fixed size lies about the middle of a plane, with what is beside it and padding beyond the edge', () => {
    const stack = stackOf(known(acquire(ours, ([x]) => x)));
    const within = (rows: readonly [number, number], columns: readonly [number, number]) => (pixel: number) =>
      Math.floor(pixel / 32) >= rows[0] &&
      Math.floor(pixel / 32) < rows[1] &&
      pixel % 32 >= columns[0] &&
      pixel % 32 < columns[1];
    const crop = (isSet: (pixel: number) => boolean) => {
      const mask = maskBeside(stack, () => Int16Array.from({ length: 32 * 32 }, (_, pixel) => (isSet(pixel) ? 1 : 0)));
      if (mask === null) throw new Error('no mask');
      const steps = [
        { do: 'crop-or-pad' as const, to: [null, 6, 4] as [null, number, number], about: 1, paddingValue: -9 },
      ];
      const planes = [{ from: 'feed' as const, feed: 'part', label: 'part' }];
      const prepared = prepareGrid(stack, how({ planes, steps, channelPlanes: [0] }), [mask]);
      if (!prepared.ok) throw new Error(prepared.error.code);
      expect(prepared.value.shape).toEqual([stack.frames.length, 6, 4]);
      return [...prepared.value.values.subarray(0, 4)];
    };
    const x = (column: number) => (column - 15.5) * 0.5;
    // Columns 10 and 11, of which one more to either side.
    expect(crop(within([20, 22], [10, 12]))).toEqual([9, 10, 11, 12].map(x));
    expect(crop(within([20, 22], [0, 2]))).toEqual([-9, ...[0, 1, 2].map(x)]);
    // Where nothing is, as the anchor says.
    expect(crop(() => false)).toEqual([14, 15, 16, 17].map(x));
  });

  test('a mask lies where it was set, changes with no step on values, and leaves the series only there', () => {
    const values = known(acquire(ours, ([x]) => x));
    const stack = stackOf(values);
    const isSet = (frame: SourceFrame, pixel: number) => frame.instanceNumber === 4 && pixel % 32 < 10 && pixel >= 640;
    const mask = maskBeside(stack, (frame) =>
      Int16Array.from({ length: 32 * 32 }, (_, pixel) => (isSet(frame, pixel) ? 1 : 0)),
    );
    if (mask === null) throw new Error('no mask');
    const preprocessing = how({
      planes: [{ from: 'feed', feed: 'part', label: 'part' }],
      steps: [
        { do: 'scale', multiply: 2, add: 1 },
        { do: 'crop-to-content', plane: 1, margin: 1 },
        { do: 'mask', plane: 1, outside: -7 },
      ],
    });
    const prepared = prepareGrid(stack, preprocessing, [mask]);
    if (!prepared.ok) throw new Error(prepared.error.code);
    const grid = prepared.value;
    expect(grid.shape).toEqual([3, 13, 11]);
    const size = 3 * 13 * 11;
    const kept = [...grid.values.subarray(0, size)].filter((value) => value !== -7);
    const x = (column: number) => 2 * ((column - 15.5) * 0.5) + 1;
    expect(kept).toEqual(Array.from({ length: 12 }, () => Array.from({ length: 10 }, (_, column) => x(column))).flat());
    expect([...grid.values.subarray(size)].reduce((sum, value) => sum + value, 0)).toBe(120);
  });
});
