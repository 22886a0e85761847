import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { StudyDetail } from '../../../../shared/contract/studies.ts';
import { type Failure, failureOf } from '../../bridge/failure.ts';
import { client } from '../../bridge/client.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';

/** What left the cache, and how it is had back. */
export type FetchingBack =
  | { readonly state: 'all-here' }
  /** It was opened just now, and is being asked for. */
  | { readonly state: 'asking'; readonly images: number }
  /** Nobody fetches it; `ask` where this person may have it fetched. */
  | { readonly state: 'away'; readonly images: number; readonly ask: (() => void) | null }
  | { readonly state: 'on-its-way'; readonly images: number; readonly fetch: NonNullable<StudyDetail['fetching']> }
  | {
      readonly state: 'failed';
      readonly images: number;
      readonly fetch: StudyDetail['fetching'];
      /** Why it could not even be asked for. */
      readonly refusal: Failure | null;
      readonly ask: (() => void) | null;
    };

/** How often a study is looked at while some of it is away. */
export const WHILE_AWAY_MS = 1_500;

/** Has what left the cache fetched as soon as the study is opened: whoever opens it wants to see it. */
export function useFetchingBack({ row, letGo, fetching }: StudyDetail): FetchingBack {
  const { studyId } = row;
  const cache = useQueryClient();
  const mayAsk = useCurrentUser().permissions.includes('study.retrieve');
  const recall = useMutation({
    mutationFn: () => client.studies.recall({ studyId }),
    onSettled: () => cache.invalidateQueries({ queryKey: station.studies.get.key({ input: { studyId } }) }),
  });
  const isUnderWay = fetching?.state === 'queued' || fetching?.state === 'running';
  const wasAsked = useRef(false);
  const isOwed = letGo > 0 && mayAsk && !isUnderWay;
  const { mutate } = recall;
  useEffect(() => {
    if (!isOwed || wasAsked.current) return;
    wasAsked.current = true;
    mutate();
  }, [isOwed, mutate]);

  if (letGo === 0) return { state: 'all-here' };
  if (fetching !== null && isUnderWay) return { state: 'on-its-way', images: letGo, fetch: fetching };
  if (mayAsk && (recall.isIdle || recall.isPending)) return { state: 'asking', images: letGo };
  const ask = mayAsk ? () => mutate() : null;
  if (recall.isError || fetching !== null)
    return {
      ...{ state: 'failed', images: letGo, fetch: fetching, ask },
      refusal: recall.isError ? failureOf(recall.error) : null,
    };
  return { state: 'away', images: letGo, ask };
}
