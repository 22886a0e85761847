import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import type { QuarantineEntry, QuarantineState, QuarantineWindow } from '../../../../shared/contract/quarantine.ts';
import type { QuarantineReason } from '../../../../shared/domain/study.ts';
import { type Failure, failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';

/** What is asked of the quarantine; absent means any. */
export type QuarantineFilter = {
  readonly state: QuarantineState;
  readonly reason?: QuarantineReason | undefined;
  readonly peerId?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
};

/** The answer so far, newest first. */
export type Quarantine =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly failure: Failure; readonly retry: () => void }
  | {
      readonly state: 'ready';
      readonly entries: readonly QuarantineEntry[];
      readonly held: QuarantineWindow['held'];
      readonly fetchMore: (() => void) | null;
    };

const REFETCH_MS = 15_000;

/** The objects a filter asks for; looked at again every fifteen seconds, for they arrive by themselves. */
export function useQuarantine(filter: QuarantineFilter): Quarantine {
  const query = useInfiniteQuery(
    station.quarantine.list.infiniteOptions({
      input: (after) => ({ ...filter, after }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => last.next ?? undefined,
      placeholderData: keepPreviousData,
      refetchInterval: REFETCH_MS,
    }),
  );
  const { data, isError, error } = query;
  if (data !== undefined) {
    return {
      state: 'ready',
      entries: data.pages.flatMap(({ entries }) => entries),
      held: data.pages[0]?.held ?? [],
      fetchMore: query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : null,
    };
  }
  if (isError) return { state: 'failed', failure: failureOf(error), retry: () => void query.refetch() };
  return { state: 'loading' };
}
