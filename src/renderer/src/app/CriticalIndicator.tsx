import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './Shell.module.css';
import type { UnopenedCriticals } from './use-critical-watch.ts';

/** How many Criticals nobody has opened as they are now, on every page; opens the one that is read first. */
export function CriticalIndicator({
  unopenedCritical: count,
  unopenedCriticalIds: [first],
}: UnopenedCriticals): ReactNode {
  const { t } = useTranslation();
  const navigate = useNavigate();
  if (count === 0) return null;
  const open = () =>
    first === undefined
      ? navigate({ to: '/worklist' })
      : navigate({ to: '/reading/$studyId', params: { studyId: first } });
  return (
    <button type="button" className={classes.critical} onClick={() => void open()}>
      <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden>
        <path d="M7 1.8 12.6 12H1.4Z" />
      </svg>
      {t('critical.unopened', { count })}
      <span>· {t('critical.open')}</span>
    </button>
  );
}
