import { Button, Code } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { formatMoment } from '../../ui/duration.ts';
import type { Stale } from './use-worklist.ts';
import classes from './WorklistPage.module.css';

/** Says over the list that its rows are old because asking again fails: a list that stands still looks like one on which nothing happens. */
export function StaleNotice({ stale: { sinceMs, failure, retry } }: { readonly stale: Stale }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={classes.stale} role="alert">
      <IconAlertTriangle size={16} aria-hidden />
      <span>
        {t('worklist.stale', { time: formatMoment(sinceMs) })}{' '}
        {t([`failure.${failure.code}`, 'failure.unexpected-answer'])}
        {failure.incidentId !== null && (
          <>
            {' '}
            {t('failure.incident')} <Code>{failure.incidentId}</Code>
          </>
        )}
      </span>
      <Button size="compact-xs" variant="default" onClick={retry}>
        {t('failure.retry')}
      </Button>
    </div>
  );
}
