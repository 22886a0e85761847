import { describe, expect, test } from 'vitest';
import { arrangeSlices } from './arrange-slices.ts';
import type { SourceSlice, Vector } from './source-slice.ts';

const LIMITS = { orientation: 'axial', minSlices: 3, maxSlices: 50, maxGapOverThickness: 1.6 } as const;
const TILT = (18 * Math.PI) / 180;

function sliceAt(z: number, change: Partial<SourceSlice> = {}): SourceSlice {
  return {
    sopUid: `1.${z < 0 ? '9' : '1'}.${Math.round(Math.abs(z) * 100)}`,
    rows: 4,
    columns: 4,
    position: [0, 0, z],
    alongRow: [1, 0, 0],
    alongColumn: [0, 1, 0],
    pixelMm: [1, 1],
    thicknessMm: 5,
    values: new Int16Array(16),
    ...change,
  };
}

const stack = (zs: readonly number[], change: Partial<SourceSlice> = {}) => zs.map((z) => sliceAt(z, change));

function arranged(slices: readonly SourceSlice[]) {
  const result = arrangeSlices(slices, LIMITS);
  if (!result.ok) throw new Error(result.error.code);
  return result.value;
}

test('orders slices from foot to head whatever order they came in', () => {
  const { slices, stepsMm, extentsMm } = arranged(stack([10, -5, 5, 0, 15]));
  expect(slices.map((slice) => slice.position[2])).toEqual([-5, 0, 5, 10, 15]);
  expect({ stepsMm, extentsMm }).toEqual({ stepsMm: [5, 5, 5, 5], extentsMm: [5, 5, 5, 5, 5] });
});

test('runs from foot to head also where rows run to the right, so that the normal points to the feet', () => {
  const turned = { alongRow: [-1, 0, 0] as Vector };
  const { slices, normal } = arranged(stack([10, 0, 5], turned));
  expect([slices.map((slice) => slice.position[2]), normal[2]]).toEqual([[0, 5, 10], 1]);
});

test('measures steps along the normal of a tilted stack, which are shorter than those of the table', () => {
  const tilted = { alongColumn: [0, Math.cos(TILT), -Math.sin(TILT)] as Vector, thicknessMm: 5 };
  const { stepsMm, tiltDegrees } = arranged(stack([0, 5, 10, 15], tilted));
  expect(stepsMm[0]).toBeCloseTo(5 * Math.cos(TILT), 6);
  expect(tiltDegrees).toBeCloseTo(18, 6);
});

test('gives each slice of an uneven stack half of the way to its neighbours', () => {
  const thin = stack([0, 4, 8], { thicknessMm: 4 });
  const thick = stack([12, 19, 26], { thicknessMm: 7 });
  expect(arranged([...thick, ...thin]).extentsMm).toEqual([4, 4, 4, 5.5, 7, 7]);
});

describe('refuses what is no single volume', () => {
  test.each([
    ['too-few-slices', stack([0, 5])],
    ['too-many-slices', stack(Array.from({ length: 51 }, (_, index) => index * 5))],
    ['mixed-sizes', [...stack([0, 5, 10]), sliceAt(15, { rows: 8 })]],
    ['mixed-sizes', [...stack([0, 5, 10]), sliceAt(15, { pixelMm: [1, 1.1] })]],
    ['mixed-orientations', [...stack([0, 5, 10]), sliceAt(15, { alongColumn: [0, Math.cos(TILT), -Math.sin(TILT)] })]],
    ['not-axial', stack([0, 5, 10], { alongColumn: [0, 0, -1] })],
    ['duplicate-positions', stack([0, 5, 5, 10])],
    ['uneven-spacing', stack([0, 5, 15, 20])],
  ] as const)('%s', (code, slices) => {
    expect(arrangeSlices(slices, LIMITS)).toEqual({ ok: false, error: { code } });
  });

  test('a missing slice shows also where no object says how thick it is', () => {
    const result = arrangeSlices(stack([0, 5, 15, 20, 25], { thicknessMm: null }), LIMITS);
    expect(result).toEqual({ ok: false, error: { code: 'uneven-spacing' } });
  });
});
