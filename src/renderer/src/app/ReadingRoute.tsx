import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ReadingPage } from '../features/reading/ReadingPage.tsx';

/** The address `/reading/$studyId`; another study is another page, so nothing of one patient can stay under the next. */
export function ReadingRoute(): ReactNode {
  const { studyId } = useParams({ from: '/shell/reading/$studyId' });
  return <ReadingPage key={studyId} studyId={studyId} />;
}
