import type { TFunction } from 'i18next';
import { findPreset } from '../../../viewport/window-presets.ts';
import type { HungPane } from './hanging-rule.ts';

/** What a rule's viewport asks for, in words. */
export function paneText(
  { study, modality, words, side, views, modifier, preset, shows }: HungPane,
  t: TFunction<'reading'>,
): string {
  const asked = [modality, side, views.join(' / '), modifier, words.join(' / ')].filter(Boolean).join(' · ');
  const window = preset === undefined ? null : findPreset(modality ?? '', preset);
  return [
    study === 'prior' ? t('hanging.priorPane') : null,
    asked || t('hanging.anything'),
    window && t(`preset.${window.name}`),
    shows === undefined ? null : t(`hanging.shows.${shows}`),
  ]
    .filter((part) => part !== null)
    .join(' · ');
}
