import { expect, test, vi } from 'vitest';
import { loadVolume } from './load-volume.ts';
import { valueAtPlace } from './reslice.ts';
import type { VolumeGeometry } from './volume.ts';

const kept = vi.hoisted(() => ({
  images: new Map<string, object>(),
  modality: new Map<object, Float32Array>(),
  padding: new Map<object, Uint8Array>(),
}));
vi.mock('@cornerstonejs/core', () => ({ cache: { getImage: (imageId: string) => kept.images.get(imageId) } }));
vi.mock('../loaded-image.ts', () => ({ isWhole: () => true, loadAhead: async () => undefined }));
vi.mock('../picture/load-picture.ts', () => ({
  factsOf: (loaded: object) => ({
    modality: kept.modality.get(loaded) ?? null,
    padding: kept.padding.get(loaded) ?? null,
  }),
}));

const image = (imageId: string) => ({ imageId, rescale: { slope: 2, intercept: -1000, unit: 'HU' } });
const GEOMETRY = {
  ...{ columns: 2, rows: 1, originMm: [0, 0, 0], alongRow: [1, 0, 0], alongColumn: [0, 1, 0], normal: [0, 0, 1] },
  ...{ spacingMm: [1, 1, 1], thinning: 1, images: [image('stored'), image('tabled')] },
} as unknown as VolumeGeometry;

test('holds values after rescale, of an image drawn by a VOI table too', async () => {
  const look = { minPixelValue: 0, maxPixelValue: 600, windowCenter: 40, windowWidth: 400 };
  const tabled = { ...look, preScale: { scaled: true }, getPixelData: () => Float32Array.of(255, 0) };
  kept.images.set('stored', { ...look, getPixelData: () => Int16Array.of(500, 600) });
  kept.images.set('tabled', tabled);
  kept.modality.set(tabled, Float32Array.of(70, -900));
  const volume = await loadVolume(GEOMETRY, new AbortController().signal, () => undefined);
  if (!volume.ok) throw new Error(volume.error.code);
  const at = (column: number, z: number) => valueAtPlace(volume.value, [column, 0, z]);
  expect([at(0, 0), at(1, 0), at(0, 1), at(1, 1)]).toEqual([0, 200, 70, -900]);
  expect(volume.value.range).toEqual({ min: -1000, max: 200 });
});

test('padding has no value on planes, nor what lies between it and the image', async () => {
  const look = { minPixelValue: -1500, maxPixelValue: 600, windowCenter: 40, windowWidth: 400 };
  const padded = { ...look, getPixelData: () => Int16Array.of(500, -1500) };
  kept.images.set('stored', padded);
  kept.padding.set(padded, Uint8Array.of(0, 1));
  const volume = await loadVolume(GEOMETRY, new AbortController().signal, () => undefined);
  if (!volume.ok) throw new Error(volume.error.code);
  const at = (column: number, z: number) => valueAtPlace(volume.value, [column, 0, z]);
  expect([at(0, 0), at(0.25, 0), at(1, 0), at(1, 0.5), at(1, 1)]).toEqual([
    0,
    Number.NaN,
    Number.NaN,
    Number.NaN,
    -900,
  ]);
});
