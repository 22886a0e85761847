import { expect, test } from 'vitest';
import { findShortcut } from '../../ui/shortcuts.ts';
import { presetsOf } from '../../viewport/window-presets.ts';
import { type ReadingAction, readingKeys } from './reading-keys.ts';

/** What a key press in this place does, asked through the same search the page uses. */
function actionOf(key: string, place: Element, modality = 'CT', singleLetters = true): ReadingAction | null {
  const keys = readingKeys(presetsOf(modality)).map((one) => ({ ...one, run: () => undefined }));
  const press = { key, ctrlKey: false, metaKey: false, altKey: false, target: place };
  const found = findShortcut(keys, press, singleLetters);
  return keys.find((one) => one === found)?.action ?? null;
}

const viewport = document.createElement('section');

test('maps keys to what they do in a viewport', () => {
  expect(['a', 'A', 'r', 'i', '1', 'ArrowDown', 'ArrowLeft', 'End', '%'].map((key) => actionOf(key, viewport))).toEqual(
    [
      { type: 'toggle-ai' },
      { type: 'toggle-ai' },
      { type: 'reset' },
      { type: 'invert' },
      { type: 'preset', key: '1' },
      { type: 'scroll', by: 1 },
      { type: 'scroll', by: -1 },
      { type: 'go', to: 'last' },
      null,
    ],
  );
});

test('does nothing in text, nothing on digits without a preset, and no single letter where they are switched off', () => {
  expect([
    actionOf('a', document.createElement('input')),
    actionOf('7', viewport, 'MR'),
    actionOf('a', viewport, 'CT', false),
    actionOf('ArrowDown', viewport, 'CT', false),
  ]).toEqual([null, null, null, { type: 'scroll', by: 1 }]);
});

test('gives every key one meaning', () => {
  const keys = readingKeys(presetsOf('CT')).flatMap(({ key, alias, mod }) =>
    (alias === undefined ? [key] : [key, alias]).map((one) => `${mod ?? false} ${one}`),
  );
  expect(new Set(keys).size).toBe(keys.length);
});
