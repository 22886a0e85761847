import { useInfiniteQuery } from '@tanstack/react-query';
import type { ReferenceStudy } from '../../../../shared/contract/truths.ts';
import type { Answer } from '../../bridge/answer.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';

/** Studies whose reader's word is asked for, as far as they were looked at; they stay in their place while one works through them. */
export type ReferenceStudies = Answer<readonly ReferenceStudy[]> & { readonly fetchMore: (() => void) | null };

export function useReferenceStudies(only: 'open' | undefined): ReferenceStudies {
  const query = useInfiniteQuery(
    station.truths.studies.infiniteOptions({
      input: (after) => ({ only, after }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => last.next ?? undefined,
      staleTime: Number.POSITIVE_INFINITY,
    }),
  );
  const fetchMore = query.hasNextPage && !query.isFetching ? () => void query.fetchNextPage() : null;
  if (query.data !== undefined)
    return { state: 'ready', data: query.data.pages.flatMap(({ studies }) => studies), fetchMore };
  if (!query.isError) return { state: 'loading', fetchMore: null };
  return {
    ...{ state: 'failed', failure: failureOf(query.error), retry: () => void query.refetch(), fetchMore: null },
  };
}
