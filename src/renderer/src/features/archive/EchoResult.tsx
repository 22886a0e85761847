import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import page from '../../ui/Page.module.css';
import classes from './ArchivePage.module.css';
import type { Echo } from './use-peers.ts';

/** What came of asking a peer whether it is there, in words. */
export function EchoResult({ echo }: { readonly echo: Echo }): ReactNode {
  const { t } = useTranslation('archive');
  if (echo.state === 'answered')
    return (
      <span role="status" data-tone="done" className={classes.tone}>
        {t('peers.answered', { ms: echo.tookMs })}
      </span>
    );
  if (echo.state === 'failed')
    return (
      <span role="alert" className={page.bad}>
        {t([`refusal.${echo.failure.detail}`, `app:failure.${echo.failure.code}`, 'app:failure.unexpected-answer'])}
      </span>
    );
  return null;
}
