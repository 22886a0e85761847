import { expect, test } from 'vitest';
import {
  findPreset,
  presetsOf,
  rangeOf,
  WINDOW_PRESETS,
  windowFor,
  windowOf,
  windowOfRange,
} from './window-presets.ts';

const OWN = { centre: 300, width: 500 };
/** A PET of Bq/mL. */
const PET = { unit: 'SUVbw', factor: 0.0004 };
const PLAIN = { unit: null };
const RANGE = { min: -24, max: 4071 };

test('gives every preset of a modality its own digit', () => {
  for (const presets of [...Object.values(WINDOW_PRESETS), presetsOf('MR')]) {
    const keys = presets.map((preset) => preset.key);
    expect(keys.filter((key) => !/^[0-9]$/.test(key))).toEqual([]);
    expect(new Set(keys).size).toBe(keys.length);
    expect(presets.filter((preset) => (windowOf(preset, OWN, RANGE, PET)?.width ?? 0) < 1)).toEqual([]);
  }
});

test('means the brain window by 1 on CT, and on MR, whose values mean nothing by themselves, the image’s own but narrower', () => {
  const meaning = (modality: string, key: string) => {
    const preset = findPreset(modality, key);
    return preset && windowOf(preset, OWN, RANGE, PLAIN);
  };
  expect([meaning('CT', '1'), meaning('MR', '0'), meaning('MR', '1'), meaning('MR', '3'), meaning('MR', '9')]).toEqual([
    { centre: 40, width: 80 },
    OWN,
    { centre: 300, width: 300 },
    { centre: 2023.5, width: 4095 },
    null,
  ]);
});

test('digits of a PET go from no uptake to so much, whatever its unit is; nothing where uptake cannot be told', () => {
  const meaning = (told: Parameters<typeof windowOf>[3]) =>
    windowOf(findPreset('PT', '2') ?? expect.fail(), OWN, RANGE, told);
  expect([meaning(PET), meaning({ unit: 'SUVlbm', factor: 1 }), meaning({ unit: 'Bq/mL' }), meaning(PLAIN)]).toEqual([
    { centre: 8750, width: 17_500 },
    { centre: 3.5, width: 7 },
    null,
    null,
  ]);
  expect([presetsOf('CT'), presetsOf('MR')].flat().filter(({ kind }) => kind === 'suv')).toEqual([]);
});

test('a window goes to another PET by uptake, and to none whose values are told otherwise', () => {
  const window = { centre: 8750, width: 17_500 };
  expect([
    windowFor(window, PET, { unit: 'SUVbw', factor: 0.0008 }),
    windowFor(window, PET, { unit: 'Bq/mL' }),
    windowFor({ centre: 40, width: 80 }, { unit: 'HU' }, { unit: 'HU' }),
  ]).toEqual([{ centre: 4375, width: 8750 }, null, { centre: 40, width: 80 }]);
});

test('draws nothing by a window that the image does not say', () => {
  expect(presetsOf('US').map((preset) => windowOf(preset, null, null, PLAIN))).toEqual([null, null, null, null]);
});

test('is never narrower than a step of whole values, nor turned over; of finer values never without width', () => {
  const widths = (own: { centre: number; width: number }, range: { min: number; max: number }) =>
    presetsOf('MR').map((preset) => windowOf(preset, own, range, PLAIN)?.width);
  expect(widths({ centre: 1, width: 1 }, { min: 1, max: 1 })).toEqual([1, 1, 1.6, 1]);
  // A map of fractions, as of diffusion in mm²/s.
  expect(widths({ centre: 0.001, width: 0.002 }, { min: 0.001, max: 0.001 })).toEqual([
    ...[0.002, expect.closeTo(0.0012, 12), expect.closeTo(0.0032, 12), expect.closeTo(0.000002, 12)],
  ]);
  for (const width of [0.2, 1, 1.5, 400])
    for (const isExact of [false, true]) {
      const { lower, upper } = rangeOf({ centre: 40, width }, isExact);
      expect(upper).toBeGreaterThan(lower);
      const again = windowOfRange({ lower, upper }, isExact);
      expect(again.centre).toBeCloseTo(40, 6);
      expect(again.width).toBeCloseTo(isExact ? width : Math.max(width, 1.001), 6);
    }
});
