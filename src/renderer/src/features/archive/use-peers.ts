import { useMutation, useQuery } from '@tanstack/react-query';
import type { PeerSummary } from '../../../../shared/contract/peers.ts';
import { client } from '../../bridge/client.ts';
import { type Failure, failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';

/** The machines around the station, as far as they are known to the page. */
export type Peers =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly failure: Failure; readonly retry: () => void }
  | { readonly state: 'ready'; readonly peers: readonly PeerSummary[] };

/** Every configured peer; archives first, then who else can be called. */
export function usePeers(): Peers {
  const { data, isError, error, refetch } = useQuery(station.peers.list.queryOptions());
  if (data !== undefined) return { state: 'ready', peers: data.toSorted((a, b) => rankOf(a) - rankOf(b)) };
  if (isError) return { state: 'failed', failure: failureOf(error), retry: () => void refetch() };
  return { state: 'loading' };
}

const rankOf = ({ isArchive, canBeCalled }: PeerSummary) => (isArchive ? 0 : canBeCalled ? 1 : 2);

/** The last echo of a peer: nothing yet, on its way, answered in so many ms, or why not. */
export type Echo =
  | { readonly state: 'none' | 'asking' }
  | { readonly state: 'answered'; readonly tookMs: number }
  | { readonly state: 'failed'; readonly failure: Failure };

/** Asks one peer whether it is there, when told to. */
export function useEcho(peerId: string | null): { readonly echo: Echo; readonly ask: () => void } {
  const asked = useMutation({ mutationFn: (id: string) => client.peers.echo({ peerId: id }) });
  return { echo: echoOf(asked, peerId), ask: () => peerId !== null && asked.mutate(peerId) };
}

function echoOf(
  asked: {
    readonly variables: string | undefined;
    readonly isPending: boolean;
    readonly data: { readonly tookMs: number } | undefined;
    readonly error: unknown;
  },
  peerId: string | null,
): Echo {
  if (asked.variables !== peerId) return { state: 'none' };
  if (asked.isPending) return { state: 'asking' };
  if (asked.data !== undefined) return { state: 'answered', tookMs: asked.data.tookMs };
  return asked.error ? { state: 'failed', failure: failureOf(asked.error) } : { state: 'none' };
}
