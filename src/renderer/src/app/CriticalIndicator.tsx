import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { isOpenedAsItIs } from '../../../shared/contract/worklist.ts';
import { client } from '../bridge/client.ts';
import classes from './Shell.module.css';

/** How many Criticals nobody has opened as they are now, on every page; opens the first of them, or the list when there is none left. */
export function CriticalIndicator({ count }: { readonly count: number }): ReactNode {
  const { t } = useTranslation();
  const navigate = useNavigate();
  if (count === 0) return null;

  async function openFirst(): Promise<void> {
    // Not reaching the station is shown by the strip; the list is the next best place to look.
    const first = await client.worklist
      .list({ filter: 'critical', limit: 100 })
      .then(({ rows }) => rows.find((row) => !isOpenedAsItIs(row)))
      .catch(() => undefined);
    if (first === undefined) await navigate({ to: '/worklist' });
    else await navigate({ to: '/reading/$studyId', params: { studyId: first.studyId } });
  }

  return (
    <button type="button" className={classes.critical} onClick={() => void openFirst()}>
      <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden>
        <path d="M7 1.8 12.6 12H1.4Z" />
      </svg>
      {t('critical.unopened', { count })}
      <span>· {t('critical.open')}</span>
    </button>
  );
}
