import { expect, test } from 'vitest';
import type { Spacing } from '../spacing.ts';
import { measure } from './measure.ts';
import type { ImagePoint, MeasurementKind } from './measurement.ts';
import { ultrasoundRegionsOf } from './ultrasound-regions.ts';

const value = (...Value: readonly (number | string)[]) => ({ Value: [...Value] });
type Place = readonly [number, number, number, number];
type Axes = { readonly format: number; readonly x: readonly [number, number]; readonly y: readonly [number, number] };
const region = (place: Place, { format, x, y }: Axes, more: Readonly<Record<string, unknown>> = {}) => ({
  ...{ '00186012': value(format), '00186018': value(place[0]), '0018601A': value(place[1]) },
  ...{ '0018601C': value(place[2]), '0018601E': value(place[3]) },
  ...{ '00186024': value(x[0]), '00186026': value(y[0]), '0018602C': value(x[1]), '0018602E': value(y[1]) },
  ...more,
});
const TISSUE: Axes = { format: 1, x: [3, 0.02], y: [3, -0.05] };
const MOTION: Axes = { format: 2, x: [4, 0.01], y: [3, 0.05] };
const SPECTRUM: Axes = { format: 3, x: [4, 0.01], y: [7, -2] };
const BASELINE = { '00186022': value(30), '0018602A': value(0) };
/** Tissue above; below it how it moves over time, and beside that a spectrum. */
const TRIPLEX = [
  region([0, 0, 99, 49], TISSUE),
  region([0, 50, 49, 99], MOTION),
  region([50, 50, 99, 99], SPECTRUM, BASELINE),
];
const pictureOf = (...regions: readonly Readonly<Record<string, unknown>>[]) => ({
  '00080060': value('US'),
  '00186011': { vr: 'SQ', Value: [...regions] },
});

function measuredOn(regions: readonly Readonly<Record<string, unknown>>[]) {
  // What the object says of all its pixels holds in no region.
  const spacing: Spacing = { kind: 'patient', rowMm: 1, columnMm: 1 };
  const image = {
    ...{ rows: 120, columns: 100, spacing, rescale: { slope: 1, intercept: 0, unit: null } },
    regions: ultrasoundRegionsOf(pictureOf(...regions)) ?? [],
  };
  return (kind: MeasurementKind, ...points: readonly ImagePoint[]) => measure(kind, points, image, () => null);
}

test('measures millimetres in tissue, time and depth in M-mode, time and velocity in a spectrum', () => {
  const on = measuredOn(TRIPLEX);
  const close = (wanted: number) => expect.closeTo(wanted, 9);
  expect([
    on('length', [10, 10], [20, 10]),
    on('length', [10, 10], [10, 30]),
    on('length', [10, 60], [30, 70]),
    on('length', [60, 60], [80, 75]),
    // A peak, 25 pixels above the baseline.
    on('probe', [70, 55]),
  ]).toEqual([
    { of: 'length', length: { value: close(2), unit: 'mm' } },
    { of: 'length', length: { value: close(10), unit: 'mm' } },
    { of: 'axes', across: { value: close(0.2), unit: 's' }, down: { value: close(5), unit: 'mm' } },
    { of: 'axes', across: { value: close(0.2), unit: 's' }, down: { value: close(30), unit: 'cm/s' } },
    { of: 'level', level: { value: close(50), unit: 'cm/s' } },
  ]);
});

test('says so, and measures in pixels, across two regions and beside them; what is no picture of tissue has no angles and no areas', () => {
  const on = measuredOn(TRIPLEX);
  const pixels = (wanted: number) => ({ of: 'length', length: { value: wanted, unit: 'px' } });
  expect([
    on('length', [10, 40], [10, 60]),
    on('length', [10, 40], [10, 110]),
    on('length', [10, 110], [20, 110]),
    on('angle', [60, 60], [70, 70], [80, 60]),
    on('angle', [10, 40], [10, 60], [20, 60]),
    on('rectangle', [60, 60], [70, 70]),
    on('probe', [10, 10]),
  ]).toEqual([
    { ...pixels(20), note: 'across-regions' },
    { ...pixels(70), note: 'across-regions' },
    { ...pixels(10), note: 'outside-regions' },
    { of: 'angle', degrees: null, note: 'not-spatial' },
    { of: 'angle', degrees: null, note: 'across-regions' },
    { of: 'area', area: { value: 100, unit: 'px' }, statistics: null, without: 'colour', note: 'not-spatial' },
    { of: 'value', value: null, unit: null, without: 'colour' },
  ]);
});

test('two pictures side by side of one scale are still two; of regions over one another the one on top holds', () => {
  const beside = measuredOn([region([0, 0, 49, 99], TISSUE), region([50, 0, 99, 99], TISSUE)]);
  expect(beside('length', [40, 10], [60, 10])).toMatchObject({ note: 'across-regions', length: { unit: 'px' } });
  const inset = (flags: number) =>
    measuredOn([region([0, 0, 99, 99], TISSUE), region([40, 40, 99, 99], SPECTRUM, { '00186016': value(flags) })]);
  expect(inset(1)('length', [50, 50], [60, 50])).toMatchObject({ of: 'axes', across: { unit: 's' } });
  expect(inset(0)('length', [50, 50], [60, 50])).toMatchObject({ note: 'across-regions', length: { unit: 'px' } });
  // A box of colour within the tissue, on its scale.
  const box = measuredOn([region([0, 0, 99, 99], TISSUE), region([40, 40, 99, 99], TISSUE)]);
  expect(box('length', [50, 50], [60, 50])).toMatchObject({ length: { unit: 'mm', value: expect.closeTo(2, 9) } });
});

test('a maker’s region of the whole screen, which says nothing, takes no scale from the tissue within it; a mute box within tissue does', () => {
  const MUTE: Axes = { format: 0, x: [0, 1], y: [0, 1] };
  const acuson = measuredOn([
    region([0, 0, 99, 119], MUTE, { '00186016': value(3) }),
    region([10, 10, 89, 99], TISSUE, { '00186016': value(3) }),
  ]);
  expect(acuson('length', [20, 20], [30, 20])).toEqual({
    ...{ of: 'length', length: { value: expect.closeTo(2, 9), unit: 'mm' } },
  });
  expect(acuson('length', [20, 20], [95, 20])).toMatchObject({ note: 'not-spatial', length: { unit: 'px' } });
  const boxed = measuredOn([region([0, 0, 99, 99], TISSUE), region([40, 40, 60, 60], MUTE)]);
  expect(boxed('length', [45, 45], [55, 45])).toMatchObject({ note: 'across-regions', length: { unit: 'px' } });
});

test('reads regions of ultrasound alone, and none that do not say where they are', () => {
  expect(ultrasoundRegionsOf({ ...pictureOf(...TRIPLEX), '00080060': value('CT') })).toBeNull();
  expect(ultrasoundRegionsOf({ '00080060': value('US') })).toBeNull();
  expect(ultrasoundRegionsOf(pictureOf({ '00186012': value(1) }))).toBeNull();
});
