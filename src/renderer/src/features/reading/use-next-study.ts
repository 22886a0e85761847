import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { client } from '../../bridge/client.ts';
import { makeReady } from './begin-study.ts';

/** After this long with images on the screen the study under the eye has what it needs. */
const SETTLED_MS = 4000;

/** While a study is read, makes ready the one that is next on the list; nothing of it is shown, and signing out lets it go. */
export function useNextStudy(studyId: StudyId, isDisplayed: boolean): void {
  const cache = useQueryClient();
  useEffect(() => {
    if (!isDisplayed) return;
    const timer = setTimeout(() => void prepareNext(cache, studyId), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [cache, studyId, isDisplayed]);
}

async function prepareNext(cache: QueryClient, current: StudyId): Promise<void> {
  // Nothing waits for this: without an answer the next study loads when it is opened.
  const next = await client.worklist
    .list({ filter: 'unread', limit: 2 })
    .then(({ rows }) => rows.find((row) => row.studyId !== current) ?? null)
    .catch(() => null);
  if (next !== null) await makeReady(cache, next.studyId, 'next');
}
