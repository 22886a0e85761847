import { expect, test } from 'vitest';
import { DIRECTIONS } from './reslice.ts';
import { isOnPlane, type PlaneMeasurement } from './plane-measurement.ts';
import { turnFrames } from './turn-planes.ts';
import { pointAt } from './use-plane-measuring.ts';
import type { VolumeGeometry } from './volume.ts';

const volume = { geometry: { spacingMm: [0.5, 0.5, 3] } as unknown as VolumeGeometry };
const state = { centre: [0, 0, 30], slab: { kind: 'none', mm: 10 }, frames: DIRECTIONS } as const;
const shown = { plane: 'axial', seriesUid: '1.2.3', state, volume } as const;
const measurement = {
  seriesUid: '1.2.3',
  on: {
    ...{ plane: 'axial', frames: DIRECTIONS, slab: { kind: 'none', mm: 10 } },
    places: [
      [-10, 5, 30],
      [10, 5, 30],
    ],
  },
} as unknown as PlaneMeasurement;

test('a measurement is drawn on the plane, slab and series it was made on, and on no other', () => {
  const at = (change: object) => isOnPlane(measurement, { ...shown, state: { ...state, ...change } });
  expect(isOnPlane(measurement, shown)).toBe(true);
  // A prior, or another kernel, may lie at the very same coordinates.
  expect(isOnPlane(measurement, { ...shown, seriesUid: '1.2.4' })).toBe(false);
  expect(isOnPlane(measurement, { ...shown, plane: 'coronal' })).toBe(false);
  expect([
    at({ centre: [40, 7, 30.2] }),
    at({ centre: [0, 0, 30.3] }),
    at({ slab: { kind: 'mip', mm: 10 } }),
    at({ frames: turnFrames(DIRECTIONS, 'coronal', 1) }),
    at({ slab: { kind: 'none', mm: 20 } }),
  ]).toEqual([true, false, false, false, true]);
});

test('the mouse is where the picture is, which begins within the border of its pane', () => {
  const pane = { getBoundingClientRect: () => ({ left: 100, top: 50 }), clientLeft: 1, clientTop: 2 };
  expect(pointAt({ clientX: 111, clientY: 62, currentTarget: pane as unknown as Element & EventTarget })).toEqual([
    10, 10,
  ]);
});
