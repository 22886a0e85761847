import { expect, test } from 'vitest';
import { findPreset, presetsOf, WINDOW_PRESETS, windowOf } from './window-presets.ts';

const OWN = { centre: 300, width: 500 };
const RANGE = { min: -24, max: 4071 };

test('gives every preset of a modality its own digit', () => {
  for (const presets of [...Object.values(WINDOW_PRESETS), presetsOf('MR')]) {
    const keys = presets.map((preset) => preset.key);
    expect(keys.filter((key) => !/^[0-9]$/.test(key))).toEqual([]);
    expect(new Set(keys).size).toBe(keys.length);
    expect(presets.filter((preset) => (windowOf(preset, OWN, RANGE)?.width ?? 0) < 1)).toEqual([]);
  }
});

test('means the brain window by 1 on CT, and on MR, whose values mean nothing by themselves, the image’s own but narrower', () => {
  const meaning = (modality: string, key: string) => {
    const preset = findPreset(modality, key);
    return preset && windowOf(preset, OWN, RANGE);
  };
  expect([meaning('CT', '1'), meaning('MR', '0'), meaning('MR', '1'), meaning('MR', '3'), meaning('MR', '9')]).toEqual([
    { centre: 40, width: 80 },
    OWN,
    { centre: 300, width: 300 },
    { centre: 2023.5, width: 4095 },
    null,
  ]);
});

test('draws nothing by a window that the image does not say', () => {
  expect(presetsOf('US').map((preset) => windowOf(preset, null, null))).toEqual([null, null, null, null]);
});
