import { useParams, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ReadingPage } from '../features/reading/ReadingPage.tsx';
import { ViewerWindow } from '../features/reading/windows/ViewerWindow.tsx';
import { Announcer } from './Announcer.tsx';
import { NamesHidden } from './NamesHidden.tsx';
import { ShortcutSheet } from './ShortcutSheet.tsx';
import { useOwnKeysOf } from './use-own-keys.ts';
import { usePagePreferences } from './use-page-preferences.ts';

/** The address `/reading/$studyId`; another study is another page, so nothing of one patient can stay under the next. */
export function ReadingRoute(): ReactNode {
  const { studyId } = useParams({ from: '/shell/reading/$studyId' });
  return <ReadingPage key={studyId} studyId={studyId} />;
}

/** The address `/viewer/$studyId?main=`: the images of a study in a window of their own. */
export function ViewerRoute(): ReactNode {
  useOwnKeysOf();
  usePagePreferences();
  const { studyId } = useParams({ from: '/viewer/$studyId' });
  const { main } = useSearch({ from: '/viewer/$studyId' });
  return (
    <>
      <ViewerWindow key={studyId} studyId={studyId} main={main} />
      <NamesHidden />
      <ShortcutSheet isViewer />
      <Announcer />
    </>
  );
}
