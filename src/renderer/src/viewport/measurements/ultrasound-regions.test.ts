import { expect, test } from 'vitest';
import type { Spacing } from '../spacing.ts';
import { measure } from './measure.ts';
import { ultrasoundRegionsOf } from './ultrasound-regions.ts';

const value = (...Value: readonly (number | string)[]) => ({ Value: [...Value] });
const region = (place: readonly [number, number, number, number], format: number, unit: number) => ({
  '00186012': value(format),
  '00186018': value(place[0]),
  '0018601A': value(place[1]),
  '0018601C': value(place[2]),
  '0018601E': value(place[3]),
  '00186024': value(unit),
  '00186026': value(unit),
  '0018602C': value(0.02),
  '0018602E': value(-0.05),
});
/** Tissue above, a spectrum over time below it. */
const DUPLEX = {
  '00080060': value('US'),
  '00186011': { vr: 'SQ', Value: [region([0, 0, 99, 49], 1, 3), region([0, 50, 99, 99], 3, 4)] },
};

test('measures ultrasound in the region that holds the whole measurement, and in pixels anywhere else', () => {
  const regions = ultrasoundRegionsOf(DUPLEX) ?? [];
  // What the object says of all its pixels holds in no spectrum.
  const spacing: Spacing = { kind: 'patient', rowMm: 1, columnMm: 1 };
  const image = { rows: 120, columns: 100, spacing, rescale: { slope: 1, intercept: 0, unit: null }, regions };
  const length = (...points: readonly (readonly [number, number])[]) => {
    const measured = measure('length', points, image, null);
    return measured.of === 'length' ? [measured.length.unit, Math.round(measured.length.value * 1e6) / 1e6] : null;
  };
  expect([
    length([10, 10], [20, 10]),
    length([10, 10], [10, 30]),
    length([10, 60], [20, 60]),
    length([10, 40], [10, 60]),
    length([10, 110], [20, 110]),
  ]).toEqual([
    ['mm', 2],
    ['mm', 10],
    ['px', 10],
    ['px', 20],
    ['px', 10],
  ]);
});

test('reads regions of ultrasound alone, and none that do not say where they are', () => {
  expect(ultrasoundRegionsOf({ ...DUPLEX, '00080060': value('CT') })).toBeNull();
  expect(ultrasoundRegionsOf({ '00080060': value('US') })).toBeNull();
  expect(ultrasoundRegionsOf({ ...DUPLEX, '00186011': { vr: 'SQ', Value: [{ '00186012': value(1) }] } })).toBeNull();
});
