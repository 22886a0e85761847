import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { AuditEvent } from '../../../../shared/contract/audit.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { type Failure, failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';

/** What is asked of the ledger; absent means any. */
export type AuditFilter = {
  readonly study?: StudyId | undefined;
  readonly kind?: string | undefined;
  readonly actor?: string | undefined;
};

/** The ledger's answer so far, the newest event first. */
export type AuditEvents =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly failure: Failure; readonly retry: () => void }
  | {
      readonly state: 'ready';
      readonly events: readonly AuditEvent[];
      readonly isFetching: boolean;
      readonly fetchMore: (() => void) | null;
      readonly refresh: () => void;
    };

const WINDOW = 200;

/** The events a filter asks for. Reading the ledger is itself an event, so it is never polled. */
export function useAuditEvents({ study, kind, actor }: AuditFilter): AuditEvents {
  const query = useInfiniteQuery(
    station.audit.events.infiniteOptions({
      input: (before) => ({ before, limit: WINDOW, kind, studyId: study, actorId: actor }),
      initialPageParam: undefined as number | undefined,
      getNextPageParam: (last) => last.next ?? undefined,
      placeholderData: keepPreviousData,
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 0,
    }),
  );
  const pages = query.data?.pages;
  const events = useMemo(() => pages?.flatMap((page) => page.events) ?? null, [pages]);
  if (events !== null) {
    return {
      state: 'ready',
      events,
      isFetching: query.isFetching,
      fetchMore: query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : null,
      refresh: () => void query.refetch(),
    };
  }
  if (query.isError) return { state: 'failed', failure: failureOf(query.error), retry: () => void query.refetch() };
  return { state: 'loading' };
}
