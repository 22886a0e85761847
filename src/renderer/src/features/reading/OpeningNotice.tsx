import { Button } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './reading.module.css';
import type { Opening } from './use-opening.ts';

/** Says when the station could not be told that the study is open: its open-by clock runs on until it is. */
export function OpeningNotice({ opening }: { readonly opening: Opening }): ReactNode {
  const { t } = useTranslation('reading');
  if (opening.failure === null) return null;
  return (
    <div className={classes.news} role="alert">
      <IconAlertTriangle size={16} aria-hidden />
      <span>
        {t('opening.failed')}
        {opening.failure.incidentId !== null && ` (${opening.failure.incidentId})`}
      </span>
      <Button size="compact-xs" variant="default" onClick={opening.retry}>
        {t('opening.retry')}
      </Button>
    </div>
  );
}
