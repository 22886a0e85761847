import { expect, test } from 'vitest';
import { Preprocessing } from '../../../../shared/domain/model-preprocessing.ts';
import { arrangeStacks } from './arrange-stacks.ts';
import { keepParts } from './connected-parts.ts';
import { mapBoxes, boxAllowance } from './map-boxes.ts';
import { mapHeatmap } from './map-heatmap.ts';
import { mapMask } from './map-mask.ts';
import { prepareGrid } from './prepare-grid.ts';
import type { PreparedGrid, SourceFrame } from './prepared-grid.ts';
import { mapSource, type SourceMap } from './source-map.ts';
import { along, cross, dot, type Vector } from './vector.ts';

/** A ball in the patient, away from the middle along every axis: nothing turned or swapped goes unseen. */
const CENTRE: Vector = [9, -6, 14];
const RADIUS = 8;
const ROWS = 44;
const COLUMNS = 52;
const PIXEL: readonly [number, number] = [1.5, 1.25];

type Acquisition = {
  readonly name: string;
  readonly alongRow: Vector;
  readonly alongColumn: Vector;
  /** How the next slice's first pixel lies to the one before. */
  readonly step: Vector;
  /** Millimetres of the steps, in turns. */
  readonly stepsMm?: readonly number[];
  readonly tolerates?: Preprocessing['tolerates'] | object;
};

const degrees = (angle: number) => [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)] as const;
const [cos15, sin15] = degrees(15);
const [cos30, sin30] = degrees(30);

const ACQUISITIONS: readonly Acquisition[] = [
  { name: 'axial', alongRow: [1, 0, 0], alongColumn: [0, 1, 0], step: [0, 0, 1] },
  { name: 'axial from the head down', alongRow: [1, 0, 0], alongColumn: [0, 1, 0], step: [0, 0, -1] },
  { name: 'axial, lying on the face', alongRow: [-1, 0, 0], alongColumn: [0, -1, 0], step: [0, 0, 1] },
  { name: 'axial, rows to the right', alongRow: [-1, 0, 0], alongColumn: [0, 1, 0], step: [0, 0, 1] },
  { name: 'axial, a quarter turn', alongRow: [0, 1, 0], alongColumn: [1, 0, 0], step: [0, 0, 1] },
  { name: 'sagittal', alongRow: [0, 1, 0], alongColumn: [0, 0, -1], step: [1, 0, 0] },
  { name: 'sagittal from the left', alongRow: [0, 1, 0], alongColumn: [0, 0, -1], step: [-1, 0, 0] },
  { name: 'coronal', alongRow: [1, 0, 0], alongColumn: [0, 0, -1], step: [0, 1, 0] },
  { name: 'coronal, feet up', alongRow: [1, 0, 0], alongColumn: [0, 0, 1], step: [0, -1, 0] },
  { name: 'oblique', alongRow: [cos30, sin30, 0], alongColumn: [0, 0, -1], step: [-sin30, cos30, 0] },
  {
    name: 'tilted by 15°, set upright',
    alongRow: [1, 0, 0],
    alongColumn: [0, cos15, -sin15],
    step: [0, 0, 1],
    tolerates: { gantryTilt: 'shear' },
  },
  {
    name: 'tilted by 15°, as it is',
    alongRow: [1, 0, 0],
    alongColumn: [0, cos15, -sin15],
    step: [0, 0, 1],
    tolerates: { gantryTilt: 'as-is' },
  },
  {
    name: 'uneven steps, evened out',
    alongRow: [1, 0, 0],
    alongColumn: [0, 1, 0],
    step: [0, 0, 1],
    stepsMm: [2, 3, 2.4],
    tolerates: { unevenSteps: 'resample', maxGapOverThickness: 3 },
  },
  {
    name: 'uneven steps, as they are',
    alongRow: [1, 0, 0],
    alongColumn: [0, 1, 0],
    step: [0, 0, 1],
    stepsMm: [2, 3, 2.4],
    tolerates: { unevenSteps: 'as-is', maxGapOverThickness: 3 },
  },
];

/** Frames whose values are 100 in the ball and fall off outside, by the place of each pixel alone; in a shuffled order. */
function acquire({ alongRow, alongColumn, step, stepsMm = [2.4] }: Acquisition): readonly SourceFrame[] {
  const corner = along(
    along([0, 0, 0], alongRow, (-PIXEL[1] * (COLUMNS - 1)) / 2),
    alongColumn,
    (-PIXEL[0] * (ROWS - 1)) / 2,
  );
  const count = 26;
  const reach = stepsMm.reduce((sum, mm) => sum + mm, 0) / stepsMm.length;
  let at = (-reach * (count - 1)) / 2;
  const frames = Array.from({ length: count }, (_, index): SourceFrame => {
    const position = along(corner, step, at);
    at += stepsMm[index % stepsMm.length] as number;
    const values = new Float32Array(ROWS * COLUMNS);
    for (let pixel = 0; pixel < values.length; pixel += 1) {
      const place = placeOf(position, alongRow, alongColumn, Math.floor(pixel / COLUMNS), pixel % COLUMNS);
      values[pixel] = distance(place, CENTRE) <= RADIUS ? 100 : 0;
    }
    return {
      sopUid: `1.2.${index}`,
      ...{ frameNumber: 1, instanceNumber: count - index, rows: ROWS, columns: COLUMNS, channels: 1, values },
      place: { position, alongRow, alongColumn, thicknessMm: 2.4, frameOfReferenceUid: '1.9' },
      pixelMm: PIXEL,
    };
  });
  return frames.toSorted((a, b) => ((Number(a.sopUid.slice(4)) * 7) % 26) - ((Number(b.sopUid.slice(4)) * 7) % 26));
}

function placeOf(position: Vector, alongRow: Vector, alongColumn: Vector, row: number, column: number): Vector {
  return along(along(position, alongRow, column * PIXEL[1]), alongColumn, row * PIXEL[0]);
}

function distance(a: Vector, b: Vector): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

function prepare(acquisition: Acquisition, steps: readonly object[]) {
  const how = Preprocessing.parse({
    source: { arrangement: 'volume' },
    tolerates: acquisition.tolerates ?? {},
    steps,
    sampling: { kind: 'volume' },
  });
  const frames = acquire(acquisition);
  const stacks = arrangeStacks(frames, {
    ...{ arrangement: 'volume', orientation: 'any', minSlices: 1, maxSlices: 100, tolerates: how.tolerates },
  });
  if (!stacks.ok) throw new Error(stacks.error.code);
  const grid = prepareGrid(stacks.value[0] as never, how);
  if (!grid.ok) throw new Error(grid.error.code);
  return { frames, grid: grid.value, map: mapSource(grid.value) };
}

const STEPS: readonly (readonly [string, readonly object[]])[] = [
  ['as it came', []],
  ['turned towards head, back and left', [{ do: 'orient', towards: ['S', 'P', 'L'] }]],
  ['turned towards right, front and feet', [{ do: 'orient', towards: ['R', 'A', 'I'] }]],
  [
    'turned, resampled to 2 mm, cropped and padded',
    [
      { do: 'orient', towards: ['I', 'P', 'L'] },
      { do: 'resample', spacingMm: [2, 2, 2], interpolation: 'linear' },
      { do: 'crop-or-pad', to: [40, 48, 30], anchor: 'centre' },
    ],
  ],
];

const CASES = ACQUISITIONS.flatMap((acquisition) =>
  STEPS.map(([how, steps]) => ({ name: `${acquisition.name}, ${how}`, acquisition, steps })),
);

test.each(CASES)('a mask lands on the ball and nowhere else: $name', ({ acquisition, steps }) => {
  const { frames, grid, map } = prepare(acquisition, steps);
  const cells = Uint8Array.from(grid.values, (value) => (value >= 50 ? 1 : 0));
  const parts = keepParts(cells, grid.shape, map.cellMl, { minMl: 0, minCells: 0, keep: 'all', touching: 'corners' });
  const mask = mapMask(cells, map);
  const slack = steps.length < 2 && !('tolerates' in acquisition) ? 0 : 2.6;
  let wrong = 0;
  for (const [index, { sopUid }] of mask.slices.entries()) {
    const frame = frames.find((one) => one.sopUid === sopUid) as SourceFrame;
    let pixels = 0;
    for (let pixel = 0; pixel < ROWS * COLUMNS; pixel += 1) {
      const bit = index * ROWS * COLUMNS + pixel;
      const isSet = (((mask.bits[bit >> 3] as number) >> (bit & 7)) & 1) === 1;
      pixels += isSet ? 1 : 0;
      const { position, alongRow, alongColumn } = frame.place as NonNullable<SourceFrame['place']>;
      const off = distance(
        placeOf(position, alongRow, alongColumn, Math.floor(pixel / COLUMNS), pixel % COLUMNS),
        CENTRE,
      );
      if (isSet ? off > RADIUS + slack : off <= RADIUS - slack) wrong += 1;
    }
    expect(mask.slices[index]?.pixels).toBe(pixels);
  }
  expect(wrong).toBe(0);
  expect(parts.count).toBe(1);
  const truthMl = ((4 / 3) * Math.PI * RADIUS ** 3) / 1000;
  // A ball of 16 mm in steps of 2 and 3 mm.
  expect(Math.abs((mask.volumeMl ?? 0) - truthMl) / truthMl).toBeLessThan(0.15);
  expect(distance(mask.largest?.centreMm ?? [0, 0, 0], CENTRE)).toBeLessThan(1);
  expect(Math.abs((mask.largest?.longest?.mm ?? 0) - 2 * RADIUS)).toBeLessThan(3);
  const key = frames.find(({ sopUid }) => sopUid === mask.largest?.keySopUid)?.place;
  expect(offPlane(key, CENTRE)).toBeLessThan(3.1);
});

/** Millimetres from a frame's plane. */
function offPlane(place: SourceFrame['place'] | undefined, point: Vector): number {
  if (place == null) return Number.POSITIVE_INFINITY;
  return Math.abs(dot(along(point, place.position, -1), cross(place.alongRow, place.alongColumn)));
}

/** The smallest box around the cells of the ball. */
function boxAround(grid: PreparedGrid) {
  const from: [number, number, number] = [...grid.shape];
  const to: [number, number, number] = [0, 0, 0];
  for (const [cell, value] of grid.values.entries()) {
    if (value < 50) continue;
    const at = [
      Math.floor(cell / (grid.shape[1] * grid.shape[2])),
      Math.floor(cell / grid.shape[2]) % grid.shape[1],
      cell % grid.shape[2],
    ];
    for (const axis of [0, 1, 2] as const) {
      from[axis] = Math.min(from[axis], at[axis] as number);
      to[axis] = Math.max(to[axis], (at[axis] as number) + 1);
    }
  }
  return { label: 'ball', score: 0.9, stack: 0, from, to };
}

test.each(CASES)('a box stands around the ball on the frames that show it: $name', ({ acquisition, steps }) => {
  const { frames, grid, map } = prepare(acquisition, steps);
  const { boxes, labels } = mapBoxes('boxes', [boxAround(grid)], [map], boxAllowance());
  expect(labels).toEqual([{ label: 'ball', count: 1, best: 0.9 }]);
  const [box] = boxes;
  if (box === undefined) throw new Error('no box');
  expect(distance(box.key.centreMm ?? [0, 0, 0], CENTRE)).toBeLessThan(2);
  expect(offPlane(frames.find(({ sopUid }) => sopUid === box.key.sopUid)?.place, CENTRE)).toBeLessThan(2);
  const crossed = new Set(box.frames.map(({ sopUid }) => sopUid));
  for (const frame of frames) {
    const place = frame.place as NonNullable<SourceFrame['place']>;
    const off = offPlane(place, CENTRE);
    // Every frame well inside the ball carries a rectangle, and none that is clear of it; a box of a tilted grid is wider.
    const isTurned = acquisition.name.includes('set upright') || acquisition.name === 'oblique';
    if (off < RADIUS - 3) expect(crossed.has(frame.sopUid)).toBe(true);
    if (off > RADIUS + (isTurned ? 7 : 3)) expect(crossed.has(frame.sopUid)).toBe(false);
    const rectangle = box.frames.find(({ sopUid }) => sopUid === frame.sopUid);
    if (rectangle === undefined) continue;
    const centre = [
      dot(along(CENTRE, place.position, -1), place.alongRow) / PIXEL[1] + 0.5,
      dot(along(CENTRE, place.position, -1), place.alongColumn) / PIXEL[0] + 0.5,
    ] as const;
    expect(rectangle.left).toBeLessThan(centre[0] - 3);
    expect(rectangle.right).toBeGreaterThan(centre[0] + 3);
    expect(rectangle.top).toBeLessThan(centre[1] - 2);
    expect(rectangle.bottom).toBeGreaterThan(centre[1] + 2);
    const half = RADIUS + (isTurned ? 7 : 3);
    expect(rectangle.left).toBeGreaterThan(centre[0] - half / PIXEL[1]);
    expect(rectangle.right).toBeLessThan(centre[0] + half / PIXEL[1]);
    expect(rectangle.top).toBeGreaterThan(centre[1] - half / PIXEL[0]);
    expect(rectangle.bottom).toBeLessThan(centre[1] + half / PIXEL[0]);
  }
  for (const mm of box.sizeMm) expect(Math.abs((mm ?? 0) - 2 * RADIUS)).toBeLessThan(4);
});

test('a box on untouched images is the same numbers, first pixel corner to last', () => {
  const { map } = prepare(ACQUISITIONS[0] as Acquisition, []);
  const box = { label: 'x', score: 1, stack: 0, from: [3, 5, 7], to: [5, 15, 27] } as const;
  const { boxes } = mapBoxes('boxes', [box], [map], boxAllowance());
  expect(boxes[0]?.frames).toEqual(
    [3, 4].map((n) => ({ sopUid: `1.2.${n}`, frameNumber: 1, left: 7, top: 5, right: 27, bottom: 15 })),
  );
  expect(boxes[0]).toMatchObject({ diameterMm: 25, volumeMl: expect.closeTo((Math.PI / 6) * 4.8 * 15 * 25 * 1e-3, 9) });
  expect(boxes[0]?.sizeMm.map((mm) => Number(mm?.toFixed(6)))).toEqual([4.8, 15, 25]);
});

test('a box in what was padded is nowhere, and one that reaches into the image is cut there', () => {
  const { map } = prepare(ACQUISITIONS[0] as Acquisition, [{ do: 'crop-or-pad', to: [null, 64, 64], anchor: 'start' }]);
  const at = (from: readonly [number, number, number], to: readonly [number, number, number]) =>
    ({ label: 'x', score: 1, stack: 0, from, to }) as const;
  const { boxes, labels } = mapBoxes(
    'boxes',
    [at([0, 50, 10], [1, 60, 20]), at([0, 40, 10], [1, 60, 20])],
    [map],
    boxAllowance(),
  );
  expect(labels).toEqual([{ label: 'x', count: 1, best: 1 }]);
  expect(boxes[0]?.frames).toEqual([{ sopUid: '1.2.0', frameNumber: 1, left: 10, top: 40, right: 20, bottom: 44 }]);
});

test('counts what it leaves out, and still names the best', () => {
  const { map } = prepare(ACQUISITIONS[0] as Acquisition, []);
  const many = Array.from({ length: 5 }, (_, index) => {
    return { label: 'x', score: 1 - index / 10, stack: 0, from: [index, 0, 0], to: [index + 1, 4, 4] } as const;
  });
  const { boxes, labels } = mapBoxes('boxes', many, [map], { boxes: 2, frames: 100 });
  expect(boxes.map(({ score }) => score)).toEqual([1, 0.9]);
  expect(labels).toEqual([{ label: 'x', count: 5, best: 1 }]);
});

test('a heatmap is hottest where the ball is, on the frame that shows it', () => {
  for (const acquisition of ACQUISITIONS.slice(0, 9)) {
    const { frames, grid, map } = prepare(acquisition, [{ do: 'orient', towards: ['S', 'A', 'L'] }]);
    const heat = { label: 'ball', shape: grid.shape, factor: 1, values: grid.values };
    const { rows, columns, bytes, low, high } = mapHeatmap(heat, map, null);
    expect([rows, columns, low, high]).toEqual([ROWS, COLUMNS, 0, 100]);
    for (const [index, { sopUid }] of map.frames.entries()) {
      const values = frames.find((one) => one.sopUid === sopUid)?.values ?? [];
      const shown = bytes.subarray(index * ROWS * COLUMNS, (index + 1) * ROWS * COLUMNS);
      expect(shown.every((byte, pixel) => byte === Math.round((255 * (values[pixel] as number)) / 100))).toBe(true);
    }
  }
});

test('images without a place keep to their own frame and pixels', () => {
  const image = (index: number): SourceFrame => ({
    sopUid: `1.5.${index}`,
    ...{ frameNumber: index + 1, instanceNumber: 1, rows: 10, columns: 20, channels: 1, place: null, pixelMm: null },
    values: new Float32Array(200),
  });
  const how = Preprocessing.parse({
    source: { arrangement: 'images' },
    steps: [{ do: 'resize', to: [null, 20, 10], interpolation: 'linear' }],
    sampling: { kind: 'slices' },
  });
  const stacks = arrangeStacks([image(0), image(1)], {
    ...{ arrangement: 'images', orientation: 'any', minSlices: 1, maxSlices: 9, tolerates: how.tolerates },
  });
  const grid = stacks.ok ? prepareGrid(stacks.value[0] as never, how) : stacks;
  if (!grid.ok) throw new Error(grid.error.code);
  const map: SourceMap = mapSource(grid.value);
  const { boxes } = mapBoxes(
    'b',
    [{ label: 'x', score: 1, stack: 0, from: [1, 4, 2], to: [2, 12, 8] }],
    [map],
    boxAllowance(),
  );
  expect(boxes[0]).toMatchObject({
    key: { sopUid: '1.5.1', frameNumber: 2, centreMm: null },
    frames: [{ sopUid: '1.5.1', frameNumber: 2, left: 4, top: 2, right: 16, bottom: 6 }],
    ...{ sizeMm: [null, null, null], diameterMm: null, volumeMl: null },
  });
  const cells = new Uint8Array(2 * 20 * 10);
  for (let row = 4; row < 12; row += 1) cells.fill(1, 200 + row * 10 + 2, 200 + row * 10 + 8);
  keepParts(cells, grid.value.shape, map.cellMl, { minMl: 0, minCells: 0, keep: 'all', touching: 'faces' });
  const mask = mapMask(cells, map);
  expect(mask.slices).toEqual([
    { sopUid: '1.5.0', frameNumber: 1, pixels: 0, volumeMl: null },
    { sopUid: '1.5.1', frameNumber: 2, pixels: 48, volumeMl: null },
  ]);
  expect(mask).toMatchObject({ volumeMl: null, largest: { centreMm: null, keyFrameNumber: 2, longest: null } });
});
