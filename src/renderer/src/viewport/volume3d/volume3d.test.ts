import { expect, test } from 'vitest';
import { dot, lettersOf, type Vector3 } from '../geometry.ts';
import type { LoadedVolume } from '../mpr/load-volume.ts';
import { FROM_FRONT, rollBody, towardsEye, turnBody, zoomBody } from './body-look.ts';
import { bodyTexture } from './body-texture.ts';
import { askGraphics } from './graphics.ts';
import { presetForEngine, VOLUME_PRESETS, volumePresetsOf } from './presets.ts';

const seen = (look: typeof FROM_FRONT) => [towardsEye(look), look.right, look.up].map((one) => lettersOf(one));

test('a body opens from the front, and is pushed and pulled as a hand would', () => {
  expect(seen(FROM_FRONT)).toEqual(['A', 'L', 'H']);
  // Its front goes to the right: what comes round is the patient's right side.
  expect(seen(turnBody(FROM_FRONT, 90, 0))).toEqual(['R', 'A', 'H']);
  expect(seen(turnBody(FROM_FRONT, 0, 90))).toEqual(['H', 'L', 'P']);
  expect(seen(rollBody(FROM_FRONT, 90))).toEqual(['A', 'H', 'R']);
});

test('stays square after many turns, and within its zooms', () => {
  let look = FROM_FRONT;
  for (let turn = 0; turn < 2000; turn += 1) look = rollBody(turnBody(look, 3.1, -1.7), 0.9);
  expect(dot(look.right, look.up)).toBeCloseTo(0, 9);
  expect(Math.hypot(...look.right)).toBeCloseTo(1, 9);
  expect([zoomBody(look, 1e6).zoom, zoomBody(look, 1e-6).zoom]).toEqual([12, 0.2]);
});

const volume = (columns: number, rows: number, count: number, value: (i: number, j: number, k: number) => number) => {
  const slices = Array.from({ length: count }, (_, k) => ({
    values: Float32Array.from({ length: columns * rows }, (__, at) => value(at % columns, Math.floor(at / columns), k)),
    ...{ slope: 2, intercept: -1000 },
  }));
  const geometry = { columns, rows, spacingMm: [0.5, 0.5, 2] as Vector3, images: slices, thinning: 1 };
  return {
    geometry,
    slices,
    range: { min: -1000, max: 3000 },
    window: { centre: 0, width: 1 },
  } as unknown as LoadedVolume;
};

test('fits a texture by leaving out voxels where they are finest, and keeps each value at its place', () => {
  const whole = bodyTexture(
    volume(8, 6, 4, (i, j, k) => i + 10 * j + 100 * k),
    { side: 512, voxels: 1e6 },
  );
  expect([whole.dimensions, whole.every, whole.values[2 * 48 + 3 * 8 + 5]]).toEqual([
    [8, 6, 4],
    [1, 1, 1],
    whole.toStored(2 * 235 - 1000),
  ]);
  const less = bodyTexture(
    volume(8, 6, 4, (i, j, k) => i + 10 * j + 100 * k),
    { side: 512, voxels: 50 },
  );
  expect([less.every, less.dimensions, less.spacingMm]).toEqual([
    [2, 2, 1],
    [4, 3, 4],
    [1, 1, 2],
  ]);
  expect(less.values[2 * 12 + 1 * 4 + 2]).toBe(less.toStored(2 * (4 + 20 + 200) - 1000));
  expect(
    bodyTexture(
      volume(8, 6, 4, () => 0),
      { side: 4, voxels: 1e6 },
    ).dimensions,
  ).toEqual([4, 3, 4]);
});

test('beside the texture lies what is least, and PET is drawn up to SUV 7', () => {
  const ct = bodyTexture(
    volume(8, 6, 4, () => 500),
    { side: 512, voxels: 1e6 },
  );
  expect([ct.toStored(-1000), ct.toStored(0)]).toEqual([0, 1000]);
  const pet = volume(8, 6, 4, () => 500);
  const rescale = { slope: 2, intercept: -1000, unit: 'SUVbw', factor: 0.01 };
  const images = pet.geometry.images.map((image) => ({ ...image, modality: 'PT', rescale }));
  const texture = bodyTexture({ ...pet, geometry: { ...pet.geometry, images } }, { side: 512, voxels: 1e6 });
  expect(texture.usual).toEqual({ from: 0, to: 700 });
});

test('a few bright voxels do not make the rest dark, and narrow ranges keep what distinguishes them', () => {
  const bright = bodyTexture(
    volume(40, 40, 10, (i, j, k) => (i + j + k === 0 ? 2000 : 500)),
    { side: 512, voxels: 1e6 },
  );
  expect(bright.usual.to).toBeLessThan(200);
  const narrow = volume(8, 6, 4, (i) => 500 + i / 16);
  const texture = bodyTexture({ ...narrow, range: { min: 0, max: 1 } }, { side: 512, voxels: 1e6 });
  expect(new Set(texture.values.subarray(0, 8)).size).toBe(8);
});

test('every preset rises in value, starts and ends with both colour and opacity, and each modality has one', () => {
  for (const { colours, opacity, name } of VOLUME_PRESETS) {
    for (const stops of [colours, opacity]) {
      const values = stops.map(([value]) => value);
      expect([name, values]).toEqual([name, values.toSorted((a, b) => a - b)]);
    }
    expect([name, opacity[0]?.[0], opacity.at(-1)?.[0]]).toEqual([name, colours[0]?.[0], colours.at(-1)?.[0]]);
  }
  expect(['CT', 'PT', 'MR', 'XA'].map((modality) => volumePresetsOf(modality)[0]?.name)).toEqual([
    ...['ct-bone', 'pet-mip', 'mr-mip', 'pet-mip'],
  ]);
  const mip = VOLUME_PRESETS.find(({ name }) => name === 'ct-mip');
  if (mip === undefined) throw new Error('no preset');
  expect(presetForEngine(mip, (value) => value / 10)).toMatchObject({
    ...{ colorTransfer: '12 -90 0 0 0 -20 0 0 0 90 1 1 1', scalarOpacity: '4 -20 0 90 1', shade: '0' },
  });
});

test('without WebGL there is nothing to draw with, and a renderer in software is known for one', () => {
  const context = (renderer: string) =>
    ({
      getExtension: () => null,
      getParameter: (name: number) => (name === 1 ? renderer : 2048),
      ...{ RENDERER: 1, MAX_3D_TEXTURE_SIZE: 2 },
    }) as unknown as WebGL2RenderingContext;
  expect([
    askGraphics(null),
    askGraphics(context('ANGLE (Google, Vulkan (SwiftShader Device))')).kind,
    askGraphics(context('Mesa Intel(R) UHD Graphics 770 (ADL-S GT1)')).kind,
  ]).toEqual([{ kind: 'none' }, 'software', 'hardware']);
});
