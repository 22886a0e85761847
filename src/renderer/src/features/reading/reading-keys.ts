import type { ViewportCommand } from '../../viewport/stack-view.ts';
import type { WindowPreset } from '../../viewport/window-presets.ts';

/** What a key does on the reading page. */
export type ReadingAction = ViewportCommand | { readonly type: 'toggle-ai' } | { readonly type: 'clear-measurements' };

/** One key of the reading page; `label` is a key of the page's text. */
export type ReadingKey = {
  readonly key: string;
  readonly alias?: string;
  readonly label: string;
  readonly action: ReadingAction;
};

const PAGE = 10;

/** The keys a viewport answers, with the window presets of what it shows on the digits. */
export function readingKeys(presets: readonly WindowPreset[]): readonly ReadingKey[] {
  return [
    { key: 'a', alias: 'A', label: 'key.toggleAi', action: { type: 'toggle-ai' } },
    { key: 'r', alias: 'R', label: 'key.reset', action: { type: 'reset' } },
    { key: 'i', alias: 'I', label: 'key.invert', action: { type: 'invert' } },
    ...scrolling('ArrowDown', 'ArrowRight', 'key.nextImage', 1),
    ...scrolling('ArrowUp', 'ArrowLeft', 'key.previousImage', -1),
    { key: 'PageDown', label: 'key.pageDown', action: { type: 'scroll', by: PAGE } },
    { key: 'PageUp', label: 'key.pageUp', action: { type: 'scroll', by: -PAGE } },
    { key: 'Home', label: 'key.firstImage', action: { type: 'go', to: 'first' } },
    { key: 'End', label: 'key.lastImage', action: { type: 'go', to: 'last' } },
    { key: 'Delete', label: 'key.clearMeasurements', action: { type: 'clear-measurements' } },
    ...presets.map((preset): ReadingKey => {
      return { key: preset.key, label: `preset.${preset.name}`, action: { type: 'preset', key: preset.key } };
    }),
  ];
}

function scrolling(key: string, alias: string, label: string, by: number): readonly ReadingKey[] {
  return [{ key, alias, label, action: { type: 'scroll', by } }];
}
