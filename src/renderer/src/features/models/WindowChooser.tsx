import { SegmentedControl } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

/** How many days are looked at. */
export const WINDOWS = [7, 30, 90] as const;

type Props = { readonly days: number; readonly onChange: (days: number) => void };

/** Chooses how many days back figures reach. */
export function WindowChooser({ days, onChange }: Props): ReactNode {
  const { t } = useTranslation('models');
  return (
    <SegmentedControl
      size="xs"
      aria-label={t('window.label')}
      value={String(days)}
      onChange={(value) => onChange(Number(value))}
      data={WINDOWS.map((one) => ({ value: String(one), label: t('window.days', { count: one }) }))}
    />
  );
}
