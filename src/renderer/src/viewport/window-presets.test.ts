import { expect, test } from 'vitest';
import { findPreset, WINDOW_PRESETS } from './window-presets.ts';

test('gives every preset of a modality its own digit', () => {
  for (const presets of Object.values(WINDOW_PRESETS)) {
    const keys = presets.map((preset) => preset.key);
    expect(keys.filter((key) => !/^[0-9]$/.test(key))).toEqual([]);
    expect(new Set(keys).size).toBe(keys.length);
    expect(presets.filter((preset) => preset.width < 1)).toEqual([]);
  }
});

test('finds the brain window on 1 for CT, and nothing for MR, whose grey values mean nothing by themselves', () => {
  expect(findPreset('CT', '1')).toEqual({ key: '1', name: 'brain', centre: 40, width: 80 });
  expect(findPreset('MR', '1')).toBeNull();
});
