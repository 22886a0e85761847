import { keepPreviousData, useInfiniteQuery, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { WorklistCounts, WorklistFilter, WorklistRow } from '../../../../shared/contract/worklist.ts';
import { type Failure, failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';

/** What is asked of the worklist. */
export type WorklistQuestion = { readonly filter: WorklistFilter; readonly text: string };

/** The answer so far: windows are fetched as the list scrolls. */
export type Worklist =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly failure: Failure; readonly retry: () => void }
  | {
      readonly state: 'ready';
      readonly rows: readonly WorklistRow[];
      /** The rows still answer the question before; the new answer is on its way. */
      readonly outdated: boolean;
      readonly fetchMore: (() => void) | null;
    };

const WINDOW = 100;

/** The worklist's rows for a question, each once, in the station's order. */
export function useWorklist({ filter, text }: WorklistQuestion): Worklist {
  const paging = {
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: { readonly next: string | null }) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  };
  const list = useInfiniteQuery({
    ...station.worklist.list.infiniteOptions({ input: (after) => ({ filter, after, limit: WINDOW }), ...paging }),
    enabled: text === '',
  });
  const search = useInfiniteQuery({
    ...station.worklist.search.infiniteOptions({
      input: (after) => ({ filter, text, after, limit: WINDOW }),
      ...paging,
    }),
    enabled: text !== '',
  });
  const query = text === '' ? list : search;
  const pages = query.data?.pages;
  const rows = useMemo(() => (pages ? onceEach(pages.flatMap((page) => page.rows)) : null), [pages]);
  if (rows !== null) {
    return {
      state: 'ready',
      rows,
      outdated: query.isPlaceholderData,
      fetchMore: query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : null,
    };
  }
  if (query.isError) return { state: 'failed', failure: failureOf(query.error), retry: () => void query.refetch() };
  return { state: 'loading' };
}

/** A row that moved while the windows were fetched can be in two of them. */
function onceEach(rows: readonly WorklistRow[]): readonly WorklistRow[] {
  return [...new Map(rows.map((row) => [row.studyId, row])).values()];
}

/** How many rows each quick filter would show. */
export function useWorklistCounts(): UseQueryResult<WorklistCounts> {
  return useQuery(station.worklist.counts.queryOptions());
}
