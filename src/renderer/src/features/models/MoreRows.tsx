import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

/** Asks for the rows that follow; nothing where there are none, or they are on their way. */
export function MoreRows({ fetchMore }: { readonly fetchMore: (() => void) | null }): ReactNode {
  const { t } = useTranslation();
  if (fetchMore === null) return null;
  return (
    <div>
      <Button variant="default" size="xs" onClick={fetchMore}>
        {t('list.more')}
      </Button>
    </div>
  );
}
