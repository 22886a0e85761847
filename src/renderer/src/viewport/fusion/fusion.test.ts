import { expect, test } from 'vitest';
import { cross, imageToCanvas, placeOf, type Vector3 } from '../geometry.ts';
import { toImage } from '../measurements/shapes.ts';
import type { LoadedVolume } from '../mpr/load-volume.ts';
import { reslice } from '../mpr/reslice.ts';
import { placeOfVoxel, type VolumeGeometry } from '../mpr/volume.ts';
import { type ColourTable, coloursOf } from './colour-tables.ts';
import { fusionFit, petWindowOf } from './fusion-view.ts';
import { colourValues, gridOnImage } from './paint-fusion.ts';

const GEOMETRY = {
  ...{
    columns: 40,
    rows: 40,
    originMm: [-40, -40, -40],
    alongRow: [1, 0, 0],
    alongColumn: [0, 1, 0],
    normal: [0, 0, 1],
  },
  ...{ spacingMm: [2, 2, 4], thinning: 1, images: Array.from({ length: 20 }, () => ({})) },
} as unknown as VolumeGeometry;

/** Its value at each place is x + 10 y + 100 z. */
const VOLUME = {
  geometry: GEOMETRY,
  slices: GEOMETRY.images.map((_, k) => {
    const values = Float32Array.from({ length: 1600 }, (__, index) => {
      const [x, y, z] = placeOfVoxel(GEOMETRY, [index % 40, Math.floor(index / 40), k]);
      return x + 10 * y + 100 * z;
    });
    return { values, slope: 1, intercept: 0 };
  }),
  ...{ window: { centre: 0, width: 1 }, range: { min: 0, max: 20 } },
} as unknown as LoadedVolume;
const pet = { volume: VOLUME, told: { unit: 'SUVbw', factor: 0.5 } } as const;

test('under a gantry that leans, PET is sampled at each pixel’s own place, turned and flipped pictures included', () => {
  const [a, b] = [Math.cos(0.3), Math.sin(0.3)];
  const [alongRow, alongColumn]: [Vector3, Vector3] = [
    [1, 0, 0],
    [0, a, -b],
  ];
  expect(cross(alongRow, alongColumn)[2]).toBeCloseTo(a, 9);
  const plane = { originMm: [-10, -9, 4] as const, alongRow, alongColumn, columnSpacing: 0.5, rowSpacing: 0.5 };
  for (const map of [
    imageToCanvas([3, 2], [5, 2], [3, 4]),
    imageToCanvas([40, 4], [40, 6], [38, 4]),
    imageToCanvas([50, 3], [48, 3], [50, 5]),
  ]) {
    const grid = gridOnImage(plane, map, { columns: 24, rows: 18 });
    if (grid === null) throw new Error('the map is flat');
    const values = reslice(VOLUME, grid, { kind: 'none', mm: 0 });
    for (const [left, top] of [
      [7, 5],
      [12, 9],
      [20, 14],
    ] as const) {
      const at = toImage(map, [left + 0.5, top + 0.5]);
      if (at === null) throw new Error('the map is flat');
      const [x, y, z] = placeOf(plane, ...at);
      expect(values[top * 24 + left]).toBeCloseTo(x + 10 * y + 100 * z, 2);
    }
  }
  expect(gridOnImage(plane, imageToCanvas([0, 0], [1, 0], [2, 0]), { columns: 4, rows: 4 })).toBeNull();
});

test('is laid over no image whose pixel size would be a guess', () => {
  const fit = (plane: { isGuessed?: true } | null) =>
    fusionFit({ frameOfReferenceUid: '1.9' }, { plane, modality: 'CT', frameOfReferenceUid: '1.9' });
  expect([fit({}), fit({ isGuessed: true }), fit(null)]).toEqual(['fits', 'no-size', 'no-place']);
});

test('the standard’s colours: hot iron from black over red to white, PET and hot metal blue at places of their own', () => {
  const at = (table: ColourTable, entry: number) => [...coloursOf(table).subarray(entry * 3, entry * 3 + 3)];
  expect([at('hot-iron', 0), at('hot-iron', 128), at('hot-iron', 255)]).toEqual([
    [0, 0, 0],
    [255, 0, 0],
    [255, 255, 255],
  ]);
  expect([at('pet', 128), at('pet', 192), at('hot-metal-blue', 170), at('hot-metal-blue', 255)]).toEqual([
    [128, 0, 255],
    [255, 128, 0],
    [255, 96, 0],
    [255, 255, 255],
  ]);
});

test('what lies below the window or was not measured covers nothing; above it as much as asked', () => {
  const view = { table: 'hot-iron', opacity: 0.5, window: { from: 2, to: 6 } } as const;
  const pixels = colourValues(Float32Array.of(Number.NaN, 3.9, 4, 12, 99), view, pet);
  // SUV: nothing, 1.95, 2, 6, 49.5.
  expect([0, 1, 2, 3, 4].map((one) => [...pixels.subarray(one * 4, one * 4 + 4)])).toEqual([
    [0, 0, 0, 0],
    [0, 0, 0, 0],
    [0, 0, 0, 0],
    [255, 255, 255, 128],
    [255, 255, 255, 128],
  ]);
});

test('raw units open up to half their greatest value, SUV up to 7', () => {
  const raw = { volume: VOLUME, told: { unit: 'Bq/mL', factor: 1 } };
  expect([petWindowOf({ window: null }, pet), petWindowOf({ window: null }, raw)]).toEqual([
    { from: 0, to: 7 },
    { from: 0, to: 10 },
  ]);
});
