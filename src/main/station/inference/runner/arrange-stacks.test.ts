import { describe, expect, test } from 'vitest';
import { ModelTolerates } from '../../../../shared/domain/model-preprocessing.ts';
import { type ArrangeLimits, arrangeStacks } from './arrange-stacks.ts';
import type { FramePlace, SourceFrame } from './prepared-grid.ts';
import type { Vector } from './vector.ts';

const LIMITS: ArrangeLimits = {
  arrangement: 'volume',
  orientation: 'axial',
  minSlices: 3,
  maxSlices: 50,
  tolerates: ModelTolerates.parse({ unevenSteps: 'as-is' }),
};
const degrees = (angle: number) => (angle * Math.PI) / 180;
const tilted = (angle: number): Partial<FramePlace> => {
  return { alongColumn: [0, Math.cos(degrees(angle)), -Math.sin(degrees(angle))] };
};
const SAGITTAL = { alongRow: [0, 1, 0], alongColumn: [0, 0, -1] } as const;
const CORONAL = { alongRow: [1, 0, 0], alongColumn: [0, 0, -1] } as const;

let made = 0;
function frameAt(
  position: Vector | number,
  place: Partial<FramePlace> = {},
  frame: Partial<SourceFrame> = {},
): SourceFrame {
  made += 1;
  return {
    ...{ sopUid: `1.${made}`, frameNumber: 1, instanceNumber: null, rows: 4, columns: 4, channels: 1 },
    values: new Int16Array(16),
    pixelMm: [1, 1],
    place: {
      position: typeof position === 'number' ? [0, 0, position] : position,
      alongRow: [1, 0, 0],
      alongColumn: [0, 1, 0],
      thicknessMm: 5,
      frameOfReferenceUid: '2.25.1',
      ...place,
    },
    ...frame,
  };
}

const stack = (zs: readonly number[], place: Partial<FramePlace> = {}) => zs.map((z) => frameAt(z, place));

function arranged(frames: readonly SourceFrame[], limits: Partial<ArrangeLimits> = {}) {
  const result = arrangeStacks(frames, { ...LIMITS, ...limits });
  if (!result.ok) throw new Error(result.error.code);
  const [first] = result.value;
  if (first === undefined || result.value.length !== 1) throw new Error('not one stack');
  return first;
}

const tolerating = (tolerates: Partial<ModelTolerates>): Partial<ArrangeLimits> => {
  return { tolerates: { ...LIMITS.tolerates, ...tolerates } };
};
const places = (frames: readonly SourceFrame[]) => frames.map(({ place }) => place?.position[2]);

test('orders slices by place whatever order or number they came in', () => {
  const frames = [10, -5, 5, 0, 15].map((z, index) => frameAt(z, {}, { instanceNumber: index }));
  const { frames: ordered, stepsMm, tiltDegrees, corrections } = arranged(frames);
  expect(places(ordered)).toEqual([-5, 0, 5, 10, 15]);
  expect({ stepsMm, tiltDegrees, corrections }).toEqual({ stepsMm: [5, 5, 5, 5], tiltDegrees: 0, corrections: [] });
});

test('runs along the normal of the slices, which points to the feet where rows run to the right', () => {
  const turned = { alongRow: [-1, 0, 0] as Vector };
  expect(places(arranged(stack([10, 0, 5], turned)).frames)).toEqual([10, 5, 0]);
});

test('measures steps along the normal of a tilted stack, which are shorter than those of the table', () => {
  const { stepsMm, tiltDegrees, corrections } = arranged(stack([0, 5, 10, 15], tilted(18)));
  expect(stepsMm[0]).toBeCloseTo(5 * Math.cos(degrees(18)), 6);
  expect(tiltDegrees).toBeCloseTo(18, 6);
  expect(corrections).toEqual([]);
});

test('an oblique stack whose slices follow their own normal is not tilted', () => {
  const { alongColumn = [0, 1, 0] } = tilted(18);
  const normal: Vector = [0, -alongColumn[2], alongColumn[1]];
  const frames = [0, 5, 10].map((mm) => frameAt([0, normal[1] * mm, normal[2] * mm], { alongColumn }));
  expect(arranged(frames).tiltDegrees).toBeCloseTo(0, 6);
});

test('a single slice is a stack where one is enough and it says how thick it is', () => {
  const one = { minSlices: 1 };
  expect(arranged(stack([5]), one).stepsMm).toEqual([]);
  expect(arrangeStacks(stack([5], { thicknessMm: null }), { ...LIMITS, ...one })).toMatchObject({
    error: { code: 'missing-geometry' },
  });
});

test.each([
  ['axial', {}],
  ['coronal', CORONAL],
  ['sagittal', SAGITTAL],
] as const)('knows %s slices from others', (orientation, place) => {
  const along = { axial: 2, coronal: 1, sagittal: 0 }[orientation];
  const frames = [0, 5, 10].map((mm) => frameAt([0, 0, 0].with(along, mm) as unknown as Vector, place));
  for (const wanted of ['axial', 'coronal', 'sagittal'] as const) {
    const result = arrangeStacks(frames, { ...LIMITS, orientation: wanted });
    if (wanted === orientation) expect(result.ok).toBe(true);
    else expect(result).toEqual({ ok: false, error: { code: `not-${wanted}` } });
  }
  expect(arrangeStacks(frames, { ...LIMITS, orientation: 'any' }).ok).toBe(true);
});

describe('corrects what the manifest tolerates, and says so', () => {
  test('of duplicates the lower instance number stays', () => {
    const frames = [0, 5, 5, 10].map((z, index) => frameAt(z, {}, { instanceNumber: 9 - index }));
    const kept = arranged(frames, tolerating({ duplicates: 'first' }));
    expect(kept.frames.map(({ instanceNumber }) => instanceNumber)).toEqual([9, 7, 6]);
    expect(kept.corrections).toEqual(['duplicates-left-out']);
    expect(kept.leftOut).toEqual([{ sopUid: frames[1]?.sopUid, frameNumber: 1 }]);
  });

  test('of several orientations the largest stack is read where it holds enough of all', () => {
    const frames = [...stack([0, 5, 10, 15]), frameAt([3, 0, 0], SAGITTAL, { rows: 9 })];
    const largest = { mixedOrientations: 'largest-stack', minShareOfStack: 0.8 } as const;
    const read = arranged(frames, tolerating(largest));
    expect([read.frames.length, read.corrections]).toEqual([4, ['others-left-out']]);
    expect(read.leftOut).toHaveLength(1);
    const refused = arrangeStacks(frames, { ...LIMITS, ...tolerating({ ...largest, minShareOfStack: 0.9 }) });
    expect(refused).toEqual({ ok: false, error: { code: 'mixed-orientations' } });
  });

  test('neither of two stacks of one size is the largest', () => {
    const frames = [...stack([0, 5, 10]), ...[0, 5, 10].map((x) => frameAt([x, 0, 0], SAGITTAL))];
    const limits = { ...LIMITS, ...tolerating({ mixedOrientations: 'largest-stack', minShareOfStack: 0.5 }) };
    expect(arrangeStacks(frames, limits)).toEqual({ ok: false, error: { code: 'mixed-orientations' } });
  });

  test('uneven steps are taken as they come, evened or refused', () => {
    const frames = stack([0, 4, 8, 12, 19], { thicknessMm: 5 });
    expect(arranged(frames).corrections).toEqual([]);
    expect(arranged(frames, tolerating({ unevenSteps: 'resample' })).corrections).toEqual(['steps-evened']);
    expect(arrangeStacks(frames, { ...LIMITS, ...tolerating({ unevenSteps: 'refuse' }) })).toEqual({
      ok: false,
      error: { code: 'uneven-spacing' },
    });
  });

  test('positions that a scanner rounded are even', () => {
    const frames = stack([0, 2.5, 5.1, 7.5]);
    expect(arranged(frames, tolerating({ unevenSteps: 'resample' })).corrections).toEqual([]);
  });

  test('tilt is left, sheared or refused; a little of it counts as none', () => {
    const sheared = tolerating({ gantryTilt: 'shear' });
    expect(arranged(stack([0, 5, 10], tilted(18)), sheared).corrections).toEqual(['tilt-sheared']);
    expect(arranged(stack([0, 5, 10], tilted(0.9)), sheared).corrections).toEqual([]);
    const refused = { ...LIMITS, ...tolerating({ gantryTilt: 'refuse' }) };
    expect(arrangeStacks(stack([0, 5, 10], tilted(18)), refused)).toMatchObject({ error: { code: 'gantry-tilt' } });
  });

  test('slices that do not lie on one line are not set upright by shearing', () => {
    const frames = [0, 5, 10, 15].map((z) => frameAt([z === 5 ? 8 : 0, 0, z]));
    expect(arranged(frames).tiltDegrees).toBeGreaterThan(30);
    expect(arrangeStacks(frames, { ...LIMITS, ...tolerating({ gantryTilt: 'shear' }) })).toMatchObject({
      error: { code: 'gantry-tilt' },
    });
  });
});

describe('refuses what is no single volume', () => {
  test.each([
    ['too-few-slices', stack([0, 5])],
    ['too-many-slices', stack(Array.from({ length: 51 }, (_, index) => index * 5))],
    ['missing-geometry', [...stack([0, 5]), frameAt(10, {}, { place: null })]],
    ['mixed-sizes', [...stack([0, 5, 10]), frameAt(15, {}, { rows: 8 })]],
    ['mixed-sizes', [...stack([0, 5, 10]), frameAt(15, {}, { pixelMm: [1, 1.1] })]],
    ['mixed-orientations', [...stack([0, 5, 10]), frameAt(15, tilted(18))]],
    ['mixed-frames-of-reference', [...stack([0, 5, 10]), frameAt(15, { frameOfReferenceUid: '2.25.2' })]],
    ['not-axial', stack([0, 5, 10], { alongColumn: [0, 0, -1] })],
    ['duplicate-positions', stack([0, 5, 5, 10])],
    ['slices-missing', stack([0, 5, 15, 20])],
  ] as const)('%s', (code, frames) => {
    expect(arrangeStacks(frames, LIMITS)).toEqual({ ok: false, error: { code } });
  });

  test('a missing slice shows also where no object says how thick it is', () => {
    const result = arrangeStacks(stack([0, 5, 15, 20, 25], { thicknessMm: null }), LIMITS);
    expect(result).toEqual({ ok: false, error: { code: 'slices-missing' } });
  });

  test('too few are left once duplicates are out', () => {
    const limits = { ...LIMITS, ...tolerating({ duplicates: 'first' }) };
    expect(arrangeStacks(stack([0, 5, 5]), limits)).toEqual({ ok: false, error: { code: 'too-few-slices' } });
  });
});

describe('single images', () => {
  const images = { ...LIMITS, arrangement: 'images', minSlices: 1 } as const;

  test('stand in the order of their numbers, a stack a size', () => {
    const film = (instanceNumber: number | null, rows: number, frameNumber = 1) =>
      frameAt(0, {}, { place: null, pixelMm: null, instanceNumber, rows, frameNumber });
    const result = arrangeStacks([film(null, 4), film(3, 4), film(2, 8, 2), film(2, 8), film(1, 4)], images);
    expect(
      result.ok && result.value.map(({ frames }) => frames.map((one) => [one.instanceNumber, one.frameNumber])),
    ).toEqual([
      [
        [1, 1],
        [3, 1],
        [null, 1],
      ],
      [
        [2, 1],
        [2, 2],
      ],
    ]);
    expect(result.ok && result.value.every(({ stepsMm }) => stepsMm.length === 0)).toBe(true);
  });

  test('none is too few', () => {
    expect(arrangeStacks([], images)).toEqual({ ok: false, error: { code: 'too-few-slices' } });
  });
});
