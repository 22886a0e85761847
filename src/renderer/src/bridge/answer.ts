import { type Failure, failureOf } from './failure.ts';

/** What the station answered, as a page shows it: what it last said stays while it is asked again. */
export type Answer<Data> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly failure: Failure; readonly retry: () => void }
  | { readonly state: 'ready'; readonly data: Data };

type Asked<Data> = {
  readonly data: Data | undefined;
  readonly isError: boolean;
  readonly error: unknown;
  readonly refetch: () => unknown;
};

/** The state of a question to the station; a failure counts only where there is nothing to show. */
export function answerOf<Data>({ data, isError, error, refetch }: Asked<Data>): Answer<Data> {
  if (data !== undefined) return { state: 'ready', data };
  if (isError) return { state: 'failed', failure: failureOf(error), retry: () => void refetch() };
  return { state: 'loading' };
}
