import type { TFunction } from 'i18next';
import type { ModelDetail } from '../../../../shared/contract/models.ts';

/** From where a label is flagged, in words: from a score on upwards, at a score and below, or never. */
export function limitText(
  { name, flagWhen }: Pick<ModelDetail['labels'][number], 'name' | 'flagWhen'>,
  flagFrom: number | null,
  t: TFunction<'models'>,
): string {
  if (flagFrom === null) return t('overview.neverFlags', { name });
  return t(flagWhen === 'at-most' ? 'overview.flagsBelow' : 'overview.flags', { name, flagFrom });
}
