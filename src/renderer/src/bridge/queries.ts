import { createTanstackQueryUtils, type RouterUtils } from '@orpc/tanstack-query';
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { client, type StationClient } from './client.ts';
import { failureOf } from './failure.ts';
import { confirmSession } from './session.ts';

/** Query and mutation options for every procedure: `useQuery(station.studies.get.queryOptions({ input: { studyId } }))`. */
export const station: RouterUtils<StationClient> = createTanstackQueryUtils(client);

const WORTH_RETRYING = new Set(['unreachable', 'too-many-requests']);

/** The page's cache of answers: never judges by the browser's idea of being online, for the station may be on this machine. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: leaveWhenSignedOut }),
    mutationCache: new MutationCache({ onError: leaveWhenSignedOut }),
    defaultOptions: {
      queries: {
        networkMode: 'always',
        staleTime: 10_000,
        gcTime: 120_000,
        refetchOnWindowFocus: false,
        retry: (count, error) => count < 2 && WORTH_RETRYING.has(failureOf(error).code),
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
}

/** A session may end while the socket stands; the station then refuses, and the page finds out for certain. */
export function leaveWhenSignedOut(error: unknown): void {
  if (failureOf(error).code === 'signed-out') void confirmSession();
}
