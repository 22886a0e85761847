import type { UseQueryResult } from '@tanstack/react-query';
import { type Failure, failureOf } from './failure.ts';

/** What the station answered, as a page shows it: what it last said stays while it is asked again. */
export type Answer<Data> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly failure: Failure; readonly retry: () => void }
  | { readonly state: 'ready'; readonly data: Data };

/** The state of a question to the station; a failure counts only where there is nothing to show. */
export function answerOf<Data>(
  query: Pick<UseQueryResult<Data>, 'data' | 'isError' | 'error' | 'refetch'>,
): Answer<Data> {
  if (query.data !== undefined) return { state: 'ready', data: query.data };
  if (query.isError) return { state: 'failed', failure: failureOf(query.error), retry: () => void query.refetch() };
  return { state: 'loading' };
}
