import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { notifyDesktop } from '../bridge/desktop.ts';
import { announce } from '../ui/announcer.ts';
import { usePreferences } from '../ui/preferences.ts';
import { playCriticalSound } from './critical-sound.ts';

/** Says, sounds and notifies once whenever there are more unopened Criticals than before. */
export function useCriticalWatch(unopened: number | null): void {
  const { t } = useTranslation();
  const known = useRef(0);
  useEffect(() => {
    if (unopened === null) return;
    const risen = unopened > known.current;
    known.current = unopened;
    if (!risen) return;
    const words = t('critical.unopened', { count: unopened });
    announce(words);
    if (usePreferences.getState().criticalSound) playCriticalSound();
    if (document.hidden) void notifyDesktop({ title: t('critical.noticeTitle'), body: words });
  }, [unopened, t]);
}
