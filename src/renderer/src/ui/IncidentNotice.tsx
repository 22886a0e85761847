import { Button, Code } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './Notice.module.css';

type Props = {
  /** What failed, in a few plain words. */
  readonly title: string;
  readonly failure: { readonly code: string; readonly incidentId: string | null };
  readonly onRetry?: () => void;
};

/** Something failed: what, why in plain words, the incident to name when asking for help, and a way to try again where that can help. */
export function IncidentNotice({ title, failure, onRetry }: Props): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={classes.notice} role="alert">
      <IconAlertTriangle size={28} aria-hidden className={classes.icon} />
      <h2 className={classes.title}>{title}</h2>
      <p className={classes.text}>{t([`failure.${failure.code}`, 'failure.unexpected-answer'])}</p>
      {failure.incidentId !== null && (
        <p className={classes.text}>
          {t('failure.incident')} <Code>{failure.incidentId}</Code>
        </p>
      )}
      {onRetry && failure.code !== 'forbidden' && (
        <Button variant="default" onClick={onRetry}>
          {t('failure.retry')}
        </Button>
      )}
    </div>
  );
}
