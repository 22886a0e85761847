import { expect, test } from 'vitest';
import type { Finding } from '../../../shared/contract/studies.ts';
import type { DicomJson } from './dicom-json.ts';
import { addressOf, boxesOn, coordinateOn, middleOfBox } from './frame-marks.ts';
import { placeOf, type Vector3 } from './geometry.ts';
import { middleOf, openMask } from './mask.ts';
import { findImage, readStack, type StackImage } from './stack.ts';

/** A ball in the patient, away from the middle along every axis: nothing turned, swapped or mirrored goes unseen. */
const CENTRE: Vector3 = [9, -6, 14];
const RADIUS = 8;
const [ROWS, COLUMNS] = [44, 52] as const;
const [ROW_MM, COLUMN_MM] = [1.5, 1.25] as const;
const COUNT = 30;
const STEP_MM = 2.4;

type Acquisition = {
  readonly name: string;
  readonly alongRow: Vector3;
  readonly alongColumn: Vector3;
  /** How the next slice's first pixel lies to the one before; of length 1. */
  readonly step: Vector3;
};
const degrees = (angle: number) => [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)] as const;
const [cos15, sin15] = degrees(15);
const [cos30, sin30] = degrees(30);
const ACQUISITIONS: readonly Acquisition[] = [
  { name: 'axial', alongRow: [1, 0, 0], alongColumn: [0, 1, 0], step: [0, 0, 1] },
  { name: 'axial from the head down', alongRow: [1, 0, 0], alongColumn: [0, 1, 0], step: [0, 0, -1] },
  { name: 'axial, lying on the face', alongRow: [-1, 0, 0], alongColumn: [0, -1, 0], step: [0, 0, 1] },
  { name: 'axial, mirrored: rows to the right', alongRow: [-1, 0, 0], alongColumn: [0, 1, 0], step: [0, 0, 1] },
  { name: 'sagittal', alongRow: [0, 1, 0], alongColumn: [0, 0, -1], step: [1, 0, 0] },
  { name: 'sagittal from the left', alongRow: [0, 1, 0], alongColumn: [0, 0, -1], step: [-1, 0, 0] },
  { name: 'coronal', alongRow: [1, 0, 0], alongColumn: [0, 0, -1], step: [0, 1, 0] },
  { name: 'oblique', alongRow: [cos30, sin30, 0], alongColumn: [0, 0, -1], step: [-sin30, cos30, 0] },
  { name: 'tilted by 15°', alongRow: [1, 0, 0], alongColumn: [0, cos15, -sin15], step: [0, 0, 1] },
];

const add = (place: Vector3, direction: Vector3, mm: number): Vector3 => [
  place[0] + direction[0] * mm,
  place[1] + direction[1] * mm,
  place[2] + direction[2] * mm,
];
const distance = (a: Vector3, b: Vector3) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

type Slice = { readonly index: number; readonly origin: Vector3; readonly bits: readonly number[] };

/** The slices of an acquisition around the ball, each with the pixels whose centres lie in it (PS3.3 §C.7.6.2.1.1). */
function acquire({ alongRow, alongColumn, step }: Acquisition): readonly Slice[] {
  const corner = add(add(CENTRE, alongRow, -20.3 * COLUMN_MM), alongColumn, -14.7 * ROW_MM);
  const first = add(corner, step, -11.3 * STEP_MM);
  return Array.from({ length: COUNT }, (_, index) => {
    const origin = add(first, step, index * STEP_MM);
    const bits = Array.from({ length: ROWS * COLUMNS }, (__, pixel) => {
      const inRow = add(origin, alongRow, (pixel % COLUMNS) * COLUMN_MM);
      return distance(add(inRow, alongColumn, Math.floor(pixel / COLUMNS) * ROW_MM), CENTRE) < RADIUS ? 1 : 0;
    });
    return { index, origin, bits };
  });
}

const attribute = (vr: string, ...values: readonly unknown[]) => ({ vr, Value: [...values] });
const IMAGE: DicomJson = {
  '00080060': attribute('CS', 'CT'),
  '00280010': attribute('US', ROWS),
  '00280011': attribute('US', COLUMNS),
};
const placed = ({ alongRow, alongColumn }: Acquisition, origin: Vector3) => ({
  '00200032': attribute('DS', ...origin),
  '00200037': attribute('DS', ...alongRow, ...alongColumn),
  '00280030': attribute('DS', ROW_MM, COLUMN_MM),
});
const ADDRESS = { dicomwebPath: '/dicomweb/demo', studyUid: '1', seriesUid: '1.2' };
/** A fixed shuffle: neither arrival nor number tells the order. */
const shuffled = <T>(list: readonly T[]): readonly T[] =>
  list.toSorted((a, b) => hash(list.indexOf(a)) - hash(list.indexOf(b)));
const hash = (index: number) => (index * 17 + 5) % 31;

/** One object a slice. */
function asObjects(acquisition: Acquisition, slices: readonly Slice[], frameOfReference = '1.9', prefix = '1.2.') {
  return shuffled(slices).map(
    ({ index, origin }, number): DicomJson => ({
      ...IMAGE,
      '00080018': attribute('UI', `${prefix}${index}`),
      '00200013': attribute('IS', number + 1),
      '00200052': attribute('UI', frameOfReference),
      ...placed(acquisition, origin),
    }),
  );
}

/** All slices in one object, in an order of their own, each with its place in its functional groups (PS3.3 §C.7.6.16). */
function asFrames(acquisition: Acquisition, slices: readonly Slice[]) {
  const { '00200037': orientation, '00280030': spacing } = placed(acquisition, [0, 0, 0]);
  const object: DicomJson = {
    ...IMAGE,
    '00080018': attribute('UI', '1.5'),
    '00200052': attribute('UI', '1.9'),
    '00280008': attribute('IS', slices.length),
    '52009229': attribute('SQ', {
      '00209116': attribute('SQ', { '00200037': orientation }),
      '00289110': attribute('SQ', { '00280030': spacing }),
    }),
    '52009230': attribute(
      'SQ',
      ...slices.map(({ origin }) => ({ '00209113': attribute('SQ', { '00200032': attribute('DS', ...origin) }) })),
    ),
  };
  return object;
}

type Named = Slice & { readonly sopUid: string; readonly frameNumber: number };

/** What a station would say of these slices: their pixels packed, and a rectangle on each that has any. */
function evidenceOf(slices: readonly Named[]) {
  const bits = slices.flatMap((slice) => slice.bits);
  const packed = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [index, bit] of bits.entries())
    if (bit === 1) packed[index >> 3] = (packed[index >> 3] ?? 0) | (1 << (index & 7));
  const frames = slices.map(({ sopUid, frameNumber }) => ({ sopUid, frameNumber }));
  const rectangles = slices.flatMap(({ sopUid, frameNumber, bits: own }) => {
    const marked = own.flatMap((bit, index) => (bit === 1 ? [index] : []));
    if (marked.length === 0) return [];
    const [columns, rows] = [
      marked.map((index) => index % COLUMNS),
      marked.map((index) => Math.floor(index / COLUMNS)),
    ];
    const [left, right] = [Math.min(...columns), Math.max(...columns) + 1];
    return [{ sopUid, frameNumber, left, right, top: Math.min(...rows), bottom: Math.max(...rows) + 1 }];
  });
  const best = slices.toSorted((a, b) => sum(b.bits) - sum(a.bits))[0] as Named;
  const keyImage = {
    ...{ sopUid: best.sopUid, frameNumber: best.frameNumber, centreMm: [...CENTRE] as [number, number, number] },
    frameOfReferenceUid: '1.9',
  };
  const box = { score: 0.9, keyImage, frames: rectangles, diameterMm: 16, volumeMl: 2.1 };
  const finding = { findingId: 'f', label: { display: 'ball' }, boxes: [box] } as unknown as Finding;
  return { mask: openMask(packed, { rows: ROWS, columns: COLUMNS, frames }), finding, box, keyImage };
}
const sum = (bits: readonly number[]) => bits.reduce((total, bit) => total + bit, 0);

/** Holds what is drawn on one image against where the ball is in the patient. */
function expectOnTheBall(image: StackImage, { mask, finding }: ReturnType<typeof evidenceOf>): void {
  const bits = mask?.bitsOf(addressOf(image)) ?? new Uint8Array();
  const wrong = [...bits].filter((bit, index) => {
    const off = distance(placeOf(image.drawnPlane, index % COLUMNS, Math.floor(index / COLUMNS)), CENTRE);
    return (bit === 1) !== off < RADIUS;
  });
  expect([image.sopUid, image.frame, bits.length, wrong.length]).toEqual([
    image.sopUid,
    image.frame,
    ROWS * COLUMNS,
    0,
  ]);
  const [on, ...more] = boxesOn([finding], image);
  expect([on !== undefined, more.length]).toEqual([bits.includes(1), 0]);
  if (on === undefined) return;
  const { left, top, right, bottom } = on.rectangle;
  // The ball's middle, seen along the normal, lies in the rectangle of every slice that cuts it.
  const middle = placeOf(image.drawnPlane, (left + right) / 2, (top + bottom) / 2);
  expect(distance(middle, CENTRE)).toBeLessThan(RADIUS + 1);
  for (const [column, row] of [
    [left, top],
    [right, bottom],
  ] as const)
    expect(distance(placeOf(image.drawnPlane, column, row), CENTRE)).toBeLessThan(RADIUS * Math.SQRT2 + 2);
}

test.each(ACQUISITIONS)('$name: masks and boxes lie on the ball, on its slices and on no other', (acquisition) => {
  const slices = acquire(acquisition);
  const named = shuffled(slices).map((slice) => ({ ...slice, sopUid: `1.2.${slice.index}`, frameNumber: 1 }));
  const evidence = evidenceOf(named);
  const stack = readStack(asObjects(acquisition, slices), ADDRESS);
  expect(stack.images).toHaveLength(COUNT);
  for (const image of stack.images) expectOnTheBall(image, evidence);
  const key = stack.images[findImage(stack, evidence.keyImage) ?? -1] as StackImage;
  const [column = 0, row = 0] = coordinateOn(key, evidence.keyImage) ?? [];
  expect(Math.hypot((column - 20.3) * COLUMN_MM, (row - 14.7) * ROW_MM)).toBeLessThan(STEP_MM);
  const [boxColumn = 0, boxRow = 0] = middleOfBox(evidence.box) ?? [];
  expect([Math.abs(boxColumn - column) <= 1, Math.abs(boxRow - row) <= 1]).toEqual([true, true]);
  const ofMask = middleOf(evidence.mask?.bitsOf(evidence.keyImage) ?? new Uint8Array(), COLUMNS) ?? [0, 0];
  expect([Math.abs(ofMask[0] - column) <= 1, Math.abs(ofMask[1] - row) <= 1]).toEqual([true, true]);
});

test.each(ACQUISITIONS)(
  '$name in one object of many frames: each frame has its own place and its own marks',
  (acquisition) => {
    const slices = shuffled(acquire(acquisition));
    const evidence = evidenceOf(slices.map((slice, index) => ({ ...slice, sopUid: '1.5', frameNumber: index + 1 })));
    const stack = readStack([asFrames(acquisition, slices)], ADDRESS);
    expect(stack.images).toHaveLength(COUNT);
    for (const image of stack.images) expectOnTheBall(image, evidence);
    // Scrolled by place and not by number.
    const steps = stack.images
      .slice(1)
      .map((image, index) => (image.positionMm ?? 0) - (stack.images[index]?.positionMm ?? 0));
    expect(steps.every((step) => Math.sign(step) === Math.sign(steps[0] ?? 0))).toBe(true);
    expect(findImage(stack, { sopUid: '1.5', frameNumber: COUNT + 1 })).toBeNull();
  },
);

test('of two frames of reference with the same coordinates only the one that was marked has marks, or is centred on', () => {
  const [axial] = ACQUISITIONS as readonly [Acquisition];
  const slices = acquire(axial);
  const evidence = evidenceOf(slices.map((slice) => ({ ...slice, sopUid: `1.2.${slice.index}`, frameNumber: 1 })));
  const stack = readStack([...asObjects(axial, slices), ...asObjects(axial, slices, '1.10', '1.3.')], ADDRESS);
  expect(stack.images).toHaveLength(2 * COUNT);
  const spaces = stack.images.map((image) => image.frameOfReferenceUid);
  // One after the other, and not each slice beside the one at the same place of the other.
  expect(spaces.filter((space, index) => space !== spaces[index + 1])).toHaveLength(2);
  for (const image of stack.images) {
    if (image.frameOfReferenceUid === '1.9') expectOnTheBall(image, evidence);
    else {
      expect(evidence.mask?.bitsOf(addressOf(image))).toBeNull();
      expect(boxesOn([evidence.finding], image)).toEqual([]);
      expect(coordinateOn(image, evidence.keyImage)).toBeNull();
    }
  }
});

test('nothing is centred on a place beyond the image, nor drawn beyond its pixels', () => {
  const [axial] = ACQUISITIONS as readonly [Acquisition];
  const stack = readStack(asObjects(axial, acquire(axial)), ADDRESS);
  const image = stack.images[0] as StackImage;
  expect(coordinateOn(image, { centreMm: [900, 0, 0], frameOfReferenceUid: '1.9' })).toBeNull();
  const box = { frames: [{ ...addressOf(image), left: 40, top: 0, right: COLUMNS + 1, bottom: 4 }] };
  expect(boxesOn([{ boxes: [box] } as unknown as Finding], image)).toEqual([]);
});
