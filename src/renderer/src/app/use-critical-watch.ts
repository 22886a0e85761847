import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { StationStatus } from '../../../shared/contract/station.ts';
import { notifyDesktop } from '../bridge/desktop.ts';
import { announce } from '../ui/announcer.ts';
import { usePreferences } from '../ui/preferences.ts';
import { playCriticalSound } from './critical-sound.ts';

/** What is known of unopened Criticals: how many, and which. */
export type UnopenedCriticals = Pick<StationStatus, 'unopenedCritical' | 'unopenedCriticalIds'>;

export const NONE_UNOPENED: UnopenedCriticals = { unopenedCritical: 0, unopenedCriticalIds: [] };

/** Says, sounds and notifies once whenever there are more unopened Criticals than before, or others: one may come as another is opened. */
export function useCriticalWatch(status: UnopenedCriticals | undefined): void {
  const { t } = useTranslation();
  const known = useRef(NONE_UNOPENED);
  useEffect(() => {
    if (status === undefined) return;
    const before = known.current;
    known.current = status;
    if (!hasNew(before, status)) return;
    const words = t('critical.unopened', { count: status.unopenedCritical });
    announce(words);
    if (usePreferences.getState().criticalSound) playCriticalSound();
    if (document.hidden) void notifyDesktop({ title: t('critical.noticeTitle'), body: words });
  }, [status, t]);
}

/** Whether one is there now that was not before; where not all were named it may be one that moved up among them, for none may come silently. */
export function hasNew(before: UnopenedCriticals, now: UnopenedCriticals): boolean {
  if (now.unopenedCritical > before.unopenedCritical) return true;
  const known = new Set(before.unopenedCriticalIds);
  return now.unopenedCriticalIds.some((id) => !known.has(id));
}
