import { useQueryClient } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { tellOfInput } from '../bridge/activity.ts';
import { followHints } from '../bridge/hints.ts';
import { useSession } from '../bridge/session.ts';
import { Announcer } from './Announcer.tsx';
import { CommandPalette } from './CommandPalette.tsx';
import { ConnectionStrip } from './ConnectionStrip.tsx';
import { DemoBanner } from './DemoBanner.tsx';
import { DemoTour, useDemoTour } from './DemoTour.tsx';
import classes from './Shell.module.css';
import { NamesHidden } from './NamesHidden.tsx';
import { ShortcutSheet } from './ShortcutSheet.tsx';
import { TopBar } from './TopBar.tsx';
import { NONE_UNOPENED, useCriticalWatch } from './use-critical-watch.ts';
import { useOwnKeysOf } from './use-own-keys.ts';
import { useDesktopNotices } from './use-desktop-notices.ts';
import { usePagePreferences } from './use-page-preferences.ts';
import { useStationStatus } from './use-station-status.ts';

/** What surrounds every page for a signed-in user; nothing at all in the moment between sign-out and the sign-in page. */
export function Shell(): ReactNode {
  return useSession().state === 'signed-in' ? <SignedInShell /> : null;
}

/** The bar, the strip, the palette, and the watch for unopened Criticals. */
function SignedInShell(): ReactNode {
  const { t } = useTranslation();
  const cache = useQueryClient();
  useEffect(() => followHints(cache), [cache]);
  useEffect(tellOfInput, []);
  useDesktopNotices();
  useOwnKeysOf();
  usePagePreferences();
  const status = useStationStatus();
  useCriticalWatch(status.data);
  const tour = useDemoTour(status.data);
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#main" onClick={focusMain}>
        {t('shell.skip')}
      </a>
      <DemoBanner demo={status.data?.demo} onTour={tour?.isPutAway ? tour.begin : undefined} />
      <TopBar unopened={status.data ?? NONE_UNOPENED} />
      {tour !== null && !tour.isPutAway && <DemoTour {...tour} />}
      <main id="main" className={classes.main} tabIndex={-1}>
        <Outlet />
      </main>
      <ConnectionStrip status={status.data} />
      <CommandPalette />
      <NamesHidden />
      <ShortcutSheet />
      <Announcer />
    </div>
  );
}

/** The address's hash belongs to the router, so the skip link moves the focus itself. */
function focusMain(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
