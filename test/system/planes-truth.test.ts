import { expect, test } from 'vitest';
import { PEOPLE } from '../../demo/people.ts';
import { makePetCt } from '../../demo/phantoms/pet-ct.ts';
import { toDicomJson } from '../../src/main/station/dicom/dataset/dicom-json.ts';
import { readDataset } from '../../src/main/station/dicom/dataset/read-dataset.ts';
import { fusionFit, petVolume, petWindowOf } from '../../src/renderer/src/viewport/fusion/fusion-view.ts';
import { colourValues, gridOnImage } from '../../src/renderer/src/viewport/fusion/paint-fusion.ts';
import { imageCoordinateOf, imageToCanvas, placeOf, type Vector3 } from '../../src/renderer/src/viewport/geometry.ts';
import { toCanvas } from '../../src/renderer/src/viewport/measurements/shapes.ts';
import type { LoadedVolume } from '../../src/renderer/src/viewport/mpr/load-volume.ts';
import { measureInPlane } from '../../src/renderer/src/viewport/mpr/plane-measurement.ts';
import { DIRECTIONS, gridAt, reslice, valueAtPlace } from '../../src/renderer/src/viewport/mpr/reslice.ts';
import { turnFrames } from '../../src/renderer/src/viewport/mpr/turn-planes.ts';
import { volumeOf } from '../../src/renderer/src/viewport/mpr/volume.ts';
import { readStack } from '../../src/renderer/src/viewport/stack.ts';
import { dataSetOf } from './support/studies.ts';

const [person] = PEOPLE;
if (person === undefined) throw new Error('the people are gone');
const made = await makePetCt({ seed: 7, atMs: Date.UTC(2026, 0, 15, 9), person, accession: 'T7', matrix: 96 });
const { truth } = made;
const THIN = { kind: 'none', mm: 0 } as const;

type Change = (values: Int16Array, columns: number) => Int16Array;

/** A series as the page reads it; `isReversed`: sent from the other end; `isMirrored`: stored with its rows from the patient's left. */
function volumeFrom(
  seriesUid: string,
  how: { readonly isReversed?: boolean; readonly isMirrored?: boolean } = {},
): LoadedVolume {
  const series = made.series.find((one) => one.seriesUid === seriesUid);
  if (series === undefined) throw new Error('no such series');
  const values = new Map<string, Int16Array>();
  const flip: Change = (stored, columns) =>
    stored.map((_, index) => stored[index - (index % columns) + columns - 1 - (index % columns)] ?? 0);
  const dataSets = series.instances.map(({ sopUid, file, transferSyntaxUid }) => {
    const bytes = dataSetOf(file);
    const read = readDataset(bytes, transferSyntaxUid);
    if (!read.ok) throw new Error(read.error.code);
    const json = toDicomJson(read.value, { pixelDataUri: '/' }) as Record<string, { vr: string; Value?: unknown[] }>;
    const pixels = Uint8Array.from(
      bytes.subarray(bytes.length - 2 * numberAt(json, '00280010') * numberAt(json, '00280011')),
    );
    const stored = new Int16Array(pixels.buffer);
    const columns = numberAt(json, '00280011');
    values.set(sopUid, how.isMirrored ? flip(stored, columns) : stored);
    return how.isMirrored ? mirrored(json, columns) : json;
  });
  const address = { dicomwebPath: '/', studyUid: made.studyUid, seriesUid };
  const stack = readStack(how.isReversed ? dataSets.toReversed() : dataSets, address);
  const geometry = volumeOf(stack, 1e9);
  if (!geometry.ok) throw new Error(geometry.error.code);
  const slices = geometry.value.images.map(({ sopUid, rescale: { slope, intercept } }) => {
    return { values: values.get(sopUid) ?? [], slope, intercept };
  });
  return { geometry: geometry.value, slices, window: { centre: 40, width: 400 }, range: { min: 0, max: 1 } };
}

type Json = Record<string, { vr: string; Value?: unknown[] }>;
const numberAt = (json: Json, tag: string) => Number(json[tag]?.Value?.[0]);

/** The same picture stored from its other side: the first column is what was the last, and rows run the other way. */
function mirrored(json: Json, columns: number): Json {
  const [x, y, z] = (json['00200032']?.Value ?? []).map(Number);
  const spacing = Number(json['00280030']?.Value?.[1]);
  return {
    ...json,
    '00200032': { vr: 'DS', Value: [(x ?? 0) + (columns - 1) * spacing, y, z] },
    '00200037': { vr: 'DS', Value: [-1, 0, 0, 0, 1, 0] },
  };
}

const distance = (a: Vector3, b: Vector3) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
const plainCt = volumeFrom(truth.ctSeriesUid);
const petOf = (volume: LoadedVolume) => {
  const pet = petVolume(truth.petSeriesUid, volume);
  if (pet === null) throw new Error('no frame of reference');
  return pet;
};
const plainPet = petOf(volumeFrom(truth.petSeriesUid));
const [petVoxelMm] = plainPet.volume.geometry.spacingMm;

/** The middle of what is brighter than half the spot, over planes 2 mm apart, as the planes are sampled for the screen. */
function middleOfSpot(volume: LoadedVolume, isSpot: (value: number) => boolean): Vector3 {
  let [x, y, z, count] = [0, 0, 0, 0];
  for (let up = -20; up <= 20; up += 2) {
    const [cx, cy, cz] = truth.nodule.centreMm;
    const grid = gridAt(DIRECTIONS.axial, [cx, cy, cz + up], { columns: 41, rows: 41 }, 1);
    for (const [index, value] of reslice(volume, grid, THIN).entries()) {
      if (!isSpot(value)) continue;
      const at = placeOf(grid.plane, index % 41, Math.floor(index / 41));
      [x, y, z, count] = [x + at[0], y + at[1], z + at[2], count + 1];
    }
  }
  return [x / count, y / count, z / count];
}

test.each([
  ['as sent', {}],
  ['sent from the other end', { isReversed: true }],
  ['stored mirrored', { isMirrored: true }],
  ['mirrored and from the other end', { isMirrored: true, isReversed: true }],
])('the hot spot lies on the CT’s nodule within one voxel of the PET, CT %s', (_, how) => {
  const ct = volumeFrom(truth.ctSeriesUid, how);
  expect(fusionFit(plainPet, { plane: {}, modality: 'CT', frameOfReferenceUid: plainPet.frameOfReferenceUid })).toBe(
    'fits',
  );
  expect(ct.geometry.columns).not.toBe(plainPet.volume.geometry.columns);
  const onCt = middleOfSpot(ct, (value) => value > -400);
  const onPet = middleOfSpot(plainPet.volume, (value) => value * plainPet.told.factor > truth.nodule.suv / 2);
  expect(distance(onCt, onPet)).toBeLessThan(petVoxelMm);
  expect(distance(onPet, truth.nodule.centreMm)).toBeLessThan(petVoxelMm);
});

test('on a CT image that is drawn turned, zoomed and flipped, the brightest colours lie where the nodule is drawn', () => {
  const slice = Math.round((truth.nodule.centreMm[2] - plainCt.geometry.originMm[2]) / plainCt.geometry.spacingMm[2]);
  const { plane } = plainCt.geometry.images[slice] ?? {};
  if (!plane) throw new Error('no plane');
  const maps = [
    imageToCanvas([4, 4], [6, 4], [4, 6]),
    imageToCanvas([380, 4], [378, 4], [380, 6]),
    imageToCanvas([380, 30], [380, 32], [378, 30]),
  ];
  for (const map of maps) {
    const grid = gridOnImage(plane, map, { columns: 400, rows: 400 });
    if (grid === null) throw new Error('the map is flat');
    const view = { table: 'hot-iron', opacity: 1, window: null } as const;
    const pixels = colourValues(reslice(plainPet.volume, grid, THIN), view, plainPet);
    const bright = Array.from({ length: 400 * 400 }, (__, index) => index).filter(
      (index) => pixels[index * 4 + 2] === 255,
    );
    const mean = (of: (index: number) => number) => bright.reduce((sum, one) => sum + of(one), 0) / bright.length + 0.5;
    const [x, y] = toCanvas(map, imageCoordinateOf(plane, truth.nodule.centreMm));
    const mmPerPixel = grid.plane.columnSpacing;
    const away = Math.hypot(mean((one) => one % 400) - x, mean((one) => Math.floor(one / 400)) - y) * mmPerPixel;
    expect(away).toBeLessThan(petVoxelMm);
  }
});

test('tells the spot’s SUV, opens from 0 to 7, and never lies over another frame of reference', () => {
  expect(plainPet.told.unit).toBe('SUVbw');
  expect(petWindowOf({ window: null }, plainPet)).toEqual({ from: 0, to: 7 });
  const value = valueAtPlace(plainPet.volume, truth.nodule.centreMm) * plainPet.told.factor;
  expect(Math.abs(value - truth.nodule.suv)).toBeLessThan(truth.nodule.suv * 0.15);
  const other = { plane: {}, modality: 'CT', frameOfReferenceUid: '1.2.3' };
  expect([
    fusionFit(plainPet, other),
    fusionFit(plainPet, { ...other, frameOfReferenceUid: null }),
    fusionFit(plainPet, { ...other, modality: 'PT', frameOfReferenceUid: plainPet.frameOfReferenceUid }),
  ]).toEqual(['other-frame-of-reference', 'no-place', 'is-pet']);
});

test('on a double oblique plane through the nodule its diameter is right within 2 mm, and the mean of the spot within 8 %', () => {
  const frames = turnFrames(turnFrames(DIRECTIONS, 'axial', 35), 'sagittal', -25);
  const frame = frames.coronal;
  const { centreMm, diameterMm, suv } = truth.nodule;
  const along = (mm: number): Vector3 =>
    [0, 1, 2].map((axis) => (centreMm[axis] ?? 0) + mm * (frame.alongRow[axis] ?? 0)) as never;
  /** Where the CT falls halfway from nodule to lung, outwards from the middle. */
  const edge = (towards: 1 | -1) => {
    const inside = valueAtPlace(plainCt, along(0));
    for (let mm = 0; mm < 25; mm += 0.1)
      if (valueAtPlace(plainCt, along(towards * mm)) < (inside - 850) / 2) return towards * mm;
    throw new Error('the nodule has no edge');
  };
  const length = measureInPlane('length', [along(edge(-1)), along(edge(1))], frame, plainCt, THIN, true);
  expect(length.of).toBe('length');
  if (length.of === 'length') {
    expect(length.length.unit).toBe('mm');
    expect(Math.abs(length.length.value - diameterMm)).toBeLessThan(2);
  }
  const corner = (u: number, v: number): Vector3 =>
    [0, 1, 2].map(
      (axis) => (centreMm[axis] ?? 0) + u * (frame.alongRow[axis] ?? 0) + v * (frame.alongColumn[axis] ?? 0),
    ) as never;
  const third = diameterMm / 3;
  const area = measureInPlane(
    'ellipse',
    [corner(-third / 2, -third / 2), corner(third / 2, third / 2)],
    frame,
    plainPet.volume,
    THIN,
    true,
  );
  if (area.of !== 'area' || area.statistics === null) throw new Error('nothing was counted');
  expect(area.area.value).toBeCloseTo((Math.PI / 4) * third ** 2, 6);
  expect(area.statistics.unit).toBe('SUVbw');
  expect(Math.abs(area.statistics.mean - suv)).toBeLessThan(suv * 0.08);
  const outside = measureInPlane('probe', [[900, 0, 0]], frame, plainPet.volume, THIN, true);
  expect(outside).toMatchObject({ of: 'value', value: null });
});
