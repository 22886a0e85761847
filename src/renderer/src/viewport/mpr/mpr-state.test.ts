import { expect, test } from 'vitest';
import type { LoadedVolume } from './load-volume.ts';
import { lookAtPlace, openMpr, performMpr, placeOfPlane, scrollPlane, withChange } from './mpr-state.ts';
import type { VolumeGeometry } from './volume.ts';

/** Head first, on the back: 0.5 mm pixels, 3 mm slices from z = 0 to 57. */
const GEOMETRY = {
  ...{
    columns: 201,
    rows: 201,
    originMm: [-50, -50, 0],
    alongRow: [1, 0, 0],
    alongColumn: [0, 1, 0],
    normal: [0, 0, 1],
  },
  ...{ spacingMm: [0.5, 0.5, 3], thinning: 1, images: Array.from({ length: 20 }, () => ({ rescale: { unit: 'HU' } })) },
} as unknown as VolumeGeometry;
const VOLUME: LoadedVolume = {
  geometry: GEOMETRY,
  slices: [],
  window: { centre: 40, width: 400 },
  range: { min: -1000, max: 3000 },
};

test('opens through the middle, and each plane moves by its own steps: axial from the head down', () => {
  const opened = openMpr(VOLUME);
  expect(opened.centre).toEqual([0, 0, 28.5]);
  expect([
    scrollPlane(opened, GEOMETRY, 'axial', 1).centre,
    scrollPlane(opened, GEOMETRY, 'coronal', 4).centre,
    scrollPlane(opened, GEOMETRY, 'sagittal', -2).centre,
    performMpr(opened, VOLUME, 'CT', { type: 'go', to: 'last' }).centre,
  ]).toEqual([
    [0, 0, 25.5],
    [0, 2, 28.5],
    [1, 0, 28.5],
    [0, 0, 0],
  ]);
});

test('the crosshairs never leave what was measured', () => {
  expect(lookAtPlace(openMpr(VOLUME), GEOMETRY, [-500, 20, 90]).centre).toEqual([-50, 20, 57]);
});

test('presets, inversion and reset are the viewport’s own; what means nothing here changes nothing', () => {
  const opened = openMpr(VOLUME);
  const lung = performMpr(opened, VOLUME, 'CT', { type: 'preset', key: '6' });
  expect([lung.window, performMpr(lung, VOLUME, 'CT', { type: 'reset' }).window]).toEqual([
    { centre: -600, width: 1500 },
    VOLUME.window,
  ]);
  expect(performMpr(opened, VOLUME, 'CT', { type: 'invert' }).isInverted).toBe(true);
  expect(performMpr(opened, VOLUME, 'CT', { type: 'cine' })).toBe(opened);
});

test('says where each plane lies along its own normal', () => {
  const { frames } = openMpr(VOLUME);
  expect([
    placeOfPlane({ centre: [3, 4, 5], frames }, 'axial'),
    placeOfPlane({ centre: [3, 4, 5], frames }, 'sagittal'),
  ]).toEqual([5, 3]);
});

test('crosshairs turned in one plane move the others along their leaning normals, and reset stands them upright', () => {
  const opened = openMpr(VOLUME);
  const turned = performMpr(opened, VOLUME, 'CT', { type: 'turn', degrees: 90 });
  // A quarter turn in the axial picture: what was sagittal now steps from front to back.
  const moved = scrollPlane(turned, GEOMETRY, 'sagittal', 4).centre;
  expect(moved.map((one) => Math.round(Math.abs(one) * 1000) / 1000)).toEqual([0, 2, 28.5]);
  expect(performMpr(turned, VOLUME, 'CT', { type: 'reset' }).frames).toEqual(opened.frames);
});

test('taking a window back leaves the planes where one has scrolled to since; taking reset back goes back there', () => {
  const opened = openMpr(VOLUME);
  const lung = performMpr(opened, VOLUME, 'CT', { type: 'preset', key: '6' });
  const scrolled = scrollPlane({ ...lung, active: 'coronal' }, GEOMETRY, 'coronal', 10);
  expect(withChange(scrolled, lung, opened)).toEqual({ ...scrolled, window: opened.window });
  const reset = performMpr(scrolled, VOLUME, 'CT', { type: 'reset' });
  expect(withChange(reset, reset, scrolled)).toEqual(scrolled);
});
