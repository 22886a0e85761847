import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Rate } from '../../../../shared/contract/models.ts';
import { percentDown } from './coverage-text.ts';

/** A share with its 95 % interval and of how many: `92 % (85 %–96 %; 46 of 50)`. */
export function RateText({ rate: { value, low, high, hits, of } }: { readonly rate: Rate }): ReactNode {
  const { t } = useTranslation('models');
  if (value === null) return '–';
  const [low95, high95] = [percentDown(low), percentDown(high)];
  return t('rate', { percent: percentDown(value), low: low95, high: high95, hits, of });
}
