import type { FindingVerdict } from '../../../../shared/domain/finding-decision.ts';
import type { TurnCommand } from '../../viewport/mpr/mpr-state.ts';
import type { ViewportCommand } from '../../viewport/stack-view.ts';
import type { ViewportTool } from '../../viewport/tools.ts';
import type { WindowPreset } from '../../viewport/window-presets.ts';

/** What a key does on the reading page. */
export type ReadingAction =
  | ViewportCommand
  | TurnCommand
  | { readonly type: 'tool'; readonly tool: ViewportTool }
  | { readonly type: 'series'; readonly step: 1 | -1 }
  | { readonly type: 'go-to-key-image'; readonly step: 1 | -1 }
  | { readonly type: 'decide'; readonly decision: FindingVerdict['decision'] }
  | {
      readonly type:
        | 'large'
        | 'mpr'
        | 'fuse'
        | 'body'
        | 'link-scroll'
        | 'link-window'
        | 'lines'
        | 'toggle-ai'
        | 'toggle-others'
        | 'key-image'
        | 'subtract'
        | 'take-mask'
        | 'clear-measurements'
        | 'delete-measurement'
        | 'undo'
        | 'redo';
    };

/** One key of the reading page; `label` is a key of the page's text. */
export type ReadingKey = {
  readonly key: string;
  readonly mod?: true;
  readonly alias?: string;
  readonly label: string;
  readonly action: ReadingAction;
};

const PAGE = 10;
const TURN_DEGREES = 5;

/** What the left button does, by letter. Y, N, M and Enter belong to the findings. */
export const TOOL_KEYS: Readonly<Record<ViewportTool, string>> = {
  window: 'w',
  pan: 'p',
  zoom: 'z',
  scroll: 's',
  length: 'l',
  angle: 'g',
  ellipse: 'e',
  rectangle: 'b',
  probe: 'o',
};

/** What a reader decides of the finding that has the focus or was chosen; Enter is that of the button that jumps there. */
export const FINDING_KEYS: readonly ReadingKey[] = [
  letter('y', 'key.accept', { type: 'decide', decision: 'accepted' }),
  letter('n', 'key.reject', { type: 'decide', decision: 'rejected' }),
  letter('m', 'key.modify', { type: 'decide', decision: 'modified' }),
];

/** The keys a viewport answers, with the window presets of what it shows on the digits. */
export function readingKeys(presets: readonly WindowPreset[]): readonly ReadingKey[] {
  return [
    letter('a', 'key.toggleAi', { type: 'toggle-ai' }),
    letter('u', 'key.toggleOthers', { type: 'toggle-others' }),
    letter('r', 'key.reset', { type: 'reset' }),
    letter('i', 'key.invert', { type: 'invert' }),
    letter('t', 'tool.rotate', { type: 'rotate' }),
    letter('f', 'tool.flip', { type: 'flip' }),
    letter('v', 'tool.flipVertical', { type: 'flip-vertical' }),
    letter('c', 'key.cine', { type: 'cine' }),
    { key: '+', label: 'key.faster', action: { type: 'cine-rate', step: 1 } },
    { key: '-', label: 'key.slower', action: { type: 'cine-rate', step: -1 } },
    ...Object.entries(TOOL_KEYS).map(([tool, key]) =>
      letter(key, `tool.${tool}`, { type: 'tool', tool: tool as ViewportTool }),
    ),
    ...scrolling('ArrowDown', 'ArrowRight', 'key.nextImage', 1),
    ...scrolling('ArrowUp', 'ArrowLeft', 'key.previousImage', -1),
    { key: 'PageDown', label: 'key.pageDown', action: { type: 'scroll', by: PAGE } },
    { key: 'PageUp', label: 'key.pageUp', action: { type: 'scroll', by: -PAGE } },
    { key: 'Home', label: 'key.firstImage', action: { type: 'go', to: 'first' } },
    { key: 'End', label: 'key.lastImage', action: { type: 'go', to: 'last' } },
    { key: '.', label: 'key.nextSeries', action: { type: 'series', step: 1 } },
    { key: ',', label: 'key.previousSeries', action: { type: 'series', step: -1 } },
    { key: '_', label: 'key.subtract', action: { type: 'subtract' } },
    { key: '=', label: 'key.takeMask', action: { type: 'take-mask' } },
    { key: '*', label: 'key.keyImage', action: { type: 'key-image' } },
    { key: '>', label: 'key.nextKeyImage', action: { type: 'go-to-key-image', step: 1 } },
    { key: '<', label: 'key.previousKeyImage', action: { type: 'go-to-key-image', step: -1 } },
    letter('q', 'key.large', { type: 'large' }),
    letter('x', 'key.mpr', { type: 'mpr' }),
    { key: '(', label: 'key.turnBack', action: { type: 'turn', degrees: -TURN_DEGREES } },
    { key: ')', label: 'key.turn', action: { type: 'turn', degrees: TURN_DEGREES } },
    letter('d', 'key.fuse', { type: 'fuse' }),
    { key: '#', label: 'key.body', action: { type: 'body' } },
    letter('k', 'key.linkScroll', { type: 'link-scroll' }),
    letter('j', 'key.linkWindow', { type: 'link-window' }),
    letter('h', 'key.lines', { type: 'lines' }),
    { key: 'Delete', alias: 'Backspace', label: 'key.deleteMeasurement', action: { type: 'delete-measurement' } },
    { key: 'z', mod: true, label: 'key.undo', action: { type: 'undo' } },
    { key: 'y', mod: true, label: 'key.redo', action: { type: 'redo' } },
    ...presets.map((preset): ReadingKey => {
      return { key: preset.key, label: `preset.${preset.name}`, action: { type: 'preset', key: preset.key } };
    }),
  ];
}

/** A letter acts as a capital too: Caps Lock must not take the keys away. */
function letter(key: string, label: string, action: ReadingAction): ReadingKey {
  return { key, alias: key.toUpperCase(), label, action };
}

function scrolling(key: string, alias: string, label: string, by: number): readonly ReadingKey[] {
  return [{ key, alias, label, action: { type: 'scroll', by } }];
}
