import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { station } from '../../bridge/queries.ts';
import classes from './WorklistPage.module.css';

/** Whether the station has made the list of all that it recorded. */
export function useIsListWhole(): boolean {
  const { data } = useQuery(station.station.status.queryOptions());
  return !(data?.reasons.some(({ code }) => code === 'list-not-whole') ?? false);
}

/** Says over the list that studies may be missing from it: one that is not there is not missed by anybody. */
export function NotWholeNotice(): ReactNode {
  const { t } = useTranslation();
  if (useIsListWhole()) return null;
  return (
    <div className={classes.stale} role="alert">
      <IconAlertTriangle size={16} aria-hidden />
      <span>{t('worklist.notWhole')}</span>
    </div>
  );
}
