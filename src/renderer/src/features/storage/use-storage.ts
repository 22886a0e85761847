import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type {
  CacheStatus,
  EvictionWindow,
  RetentionRulesCard,
  RetentionWindow,
  StudyHold,
} from '../../../../shared/contract/keeping.ts';
import type { DamagedImage, ObjectsState } from '../../../../shared/contract/objects.ts';
import { type Answer, answerOf } from '../../bridge/answer.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';

/** A list that is brought page by page, as far as it has come. */
export type Paged<Page> = Answer<readonly Page[]> & {
  /** Null where all of it is here. */
  readonly fetchMore: (() => void) | null;
  readonly isAsking: boolean;
  readonly askedAtMs: number;
  readonly askAgain: () => void;
};

const IDLE_MS = 15_000;
const BUSY_MS = 2_000;

/** The disk and the cache of this site. */
export function useCache(): Answer<CacheStatus> {
  return answerOf(useQuery({ ...station.keeping.cache.queryOptions(), refetchInterval: IDLE_MS }));
}

/** Who keeps which study here. */
export function useHolds(): Answer<StudyHold[]> {
  return answerOf(useQuery({ ...station.keeping.holds.queryOptions(), refetchInterval: IDLE_MS }));
}

/** The retention rules; looked at often while they are applied. */
export function useRules(): Answer<RetentionRulesCard> {
  const query = useQuery({
    ...station.keeping.rules.queryOptions(),
    refetchInterval: ({ state }) => (state.data?.isRunning === true ? BUSY_MS : IDLE_MS),
  });
  return answerOf(query);
}

/** How the objects at rest are; looked at often while a walk over them goes on. */
export function useObjects(): Answer<ObjectsState> {
  const isBusy = (data: ObjectsState | undefined) =>
    data !== undefined && (data.verification !== null || data.rotation?.state === 'running');
  const query = useQuery({
    ...station.objects.state.queryOptions(),
    refetchInterval: ({ state }) => (isBusy(state.data) ? BUSY_MS : IDLE_MS),
  });
  return answerOf(query);
}

/** What is damaged, and what becomes of it; looked at often while that changes. */
export function useDamaged(isReading: boolean): Answer<DamagedImage[]> {
  const isMoving = ({ fetched }: DamagedImage) => fetched?.state === 'queued' || fetched?.state === 'running';
  const query = useQuery({
    ...station.objects.damaged.queryOptions(),
    refetchInterval: ({ state }) => (isReading || state.data?.some(isMoving) === true ? BUSY_MS : IDLE_MS),
  });
  return answerOf(query);
}

/** What the cache would let go. */
export function useLeaving(): Paged<EvictionWindow> {
  return pagedOf(
    useInfiniteQuery(
      station.keeping.leaving.infiniteOptions({
        input: (after) => ({ after }),
        initialPageParam: undefined as string | undefined,
        getNextPageParam: (last) => last.next ?? undefined,
        placeholderData: keepPreviousData,
      }),
    ),
  );
}

/** What the retention rules would delete: a dry run, made when the page is opened and when it is asked for again. */
export function useDryRun(): Paged<RetentionWindow> {
  return pagedOf(
    useInfiniteQuery(
      station.keeping.preview.infiniteOptions({
        input: (after) => ({ after }),
        initialPageParam: undefined as string | undefined,
        getNextPageParam: (last) => last.next ?? undefined,
        placeholderData: keepPreviousData,
      }),
    ),
  );
}

type InfiniteAnswer<Page> = {
  readonly data: { readonly pages: readonly Page[] } | undefined;
  readonly isError: boolean;
  readonly error: unknown;
  readonly isFetching: boolean;
  readonly hasNextPage: boolean;
  readonly dataUpdatedAt: number;
  readonly fetchNextPage: () => unknown;
  readonly refetch: () => unknown;
};

function pagedOf<Page>(query: InfiniteAnswer<Page>): Paged<Page> {
  const askAgain = () => void query.refetch();
  const more = {
    fetchMore: query.hasNextPage && !query.isFetching ? () => void query.fetchNextPage() : null,
    ...{ isAsking: query.isFetching, askedAtMs: query.dataUpdatedAt, askAgain },
  };
  if (query.data !== undefined) return { state: 'ready', data: query.data.pages, ...more };
  if (query.isError) return { state: 'failed', failure: failureOf(query.error), retry: askAgain, ...more };
  return { state: 'loading', ...more };
}
