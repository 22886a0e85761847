import {
  keepPreviousData,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from '@tanstack/react-query';
import { useCallback, useMemo, useRef } from 'react';
import type { WorklistCounts, WorklistQuestion, WorklistRow } from '../../../../shared/contract/worklist.ts';
import { type Failure, failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { ROW_HEIGHT } from './WorklistTable.tsx';

/** Where in a list the page looks: at its top, around a row by its key (it stood near a place then), or at a place it has no row of yet. */
export type LookingAt = { readonly key: string; readonly near: number } | { readonly place: number } | undefined;

/** The rows that are here of a list. */
export type ListPart = {
  readonly rows: readonly WorklistRow[];
  /** A key for each row, to look around it; none in what a search found. */
  readonly keys: readonly string[];
  /** The first row's place in the whole, from 0. */
  readonly place: number;
  readonly total: number;
  /** What these rows answer: they are never mixed with those of another answer. */
  readonly answers: string;
};

/** The answer so far: of a list a part around what is looked at, of a search its first windows. */
export type Worklist =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly failure: Failure; readonly retry: () => void }
  | (ListPart & {
      readonly state: 'ready';
      /** The rows still answer another question; the new answer is on its way. */
      readonly outdated: boolean;
      /** Of a search that found more. */
      readonly fetchMore: (() => void) | null;
      /** Asking again came to nothing: the rows are as they were then. */
      readonly stale: Stale | null;
    });

/** Since when rows may be otherwise than they are shown, by this machine's clock, and why. */
export type Stale = { readonly sinceMs: number; readonly failure: Failure; readonly retry: () => void };

/** So many rows are asked for before those in sight, and as many behind them. What is not asked for need not be read, checked, sent and compared. */
const AROUND = 40;
/** In steps, so that a window that is made a little higher asks for nothing anew. */
const STEP = 10;
const SEARCH_WINDOW = 100;
/** Windows that nobody looks at any more are not kept: the list may be long. */
const FORGET_AFTER_MS = 5_000;

/** The query of a list's part around what is looked at. */
function sliceOf({ filter, narrowed, sort }: WorklistQuestion, at: LookingAt) {
  const inSight = Math.ceil(window.innerHeight / ROW_HEIGHT.dense / STEP) * STEP;
  return station.worklist.slice.queryOptions({
    input: { filter, narrowed, sort, ...(at !== undefined && { at }), before: AROUND, limit: 2 * AROUND + inSight },
    gcTime: FORGET_AFTER_MS,
  });
}

/** Asks for a part of a list at once, before the page is drawn for it. */
export function useAskingAhead(): (question: WorklistQuestion, at: LookingAt) => void {
  const cache = useQueryClient();
  // That it came to nothing is told by who shows the part.
  return useCallback((question, at) => void cache.query(sliceOf(question, at)).catch(() => undefined), [cache]);
}

/** The worklist's rows for a question, in the station's order. */
export function useWorklist(question: WorklistQuestion, text: string, at: LookingAt): Worklist {
  const { filter, narrowed, sort } = question;
  const asked = JSON.stringify({ filter, narrowed, sort, text });
  const slice = useQuery({ ...sliceOf(question, at), placeholderData: keepPreviousData, enabled: text === '' });
  const search = useInfiniteQuery({
    ...station.worklist.search.infiniteOptions({
      input: (after: string | undefined) => ({
        filter,
        narrowed,
        sort,
        text,
        ...(after && { after }),
        limit: SEARCH_WINDOW,
      }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => last.next ?? undefined,
      gcTime: FORGET_AFTER_MS,
      placeholderData: keepPreviousData,
    }),
    enabled: text !== '',
  });
  const pages = search.data?.pages;
  const found = useMemo(() => (pages ? onceEach(pages.flatMap((page) => page.rows)) : null), [pages]);
  // While a new answer is on its way the rows are of the one before, and are known by that.
  const answered = useRef({ slice: '', search: '', asked: '' });
  if (text === '' && slice.data && !slice.isPlaceholderData)
    answered.current = { ...answered.current, slice: `${asked} ${JSON.stringify(at ?? null)}`, asked };
  if (text !== '' && found && !search.isPlaceholderData)
    answered.current = { ...answered.current, search: asked, asked };
  const outdated = answered.current.asked !== asked;
  const query = text === '' ? slice : search;
  const retry = () => void query.refetch();
  const stale = query.isError ? { sinceMs: query.dataUpdatedAt, failure: failureOf(query.error), retry } : null;
  if (text === '' && slice.data) {
    const { rows, keys, place, total } = slice.data;
    const { slice: answers } = answered.current;
    return { state: 'ready', rows, keys, place, total, answers, outdated, fetchMore: null, stale };
  }
  if (text !== '' && found !== null) {
    return {
      ...{
        state: 'ready',
        rows: found,
        keys: [],
        place: 0,
        total: found.length,
        answers: answered.current.search,
        outdated,
        stale,
      },
      fetchMore: search.hasNextPage && !search.isFetchingNextPage ? () => void search.fetchNextPage() : null,
    };
  }
  if (query.isError) return { state: 'failed', failure: failureOf(query.error), retry };
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
