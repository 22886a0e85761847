import { useQuery } from '@tanstack/react-query';
import type { Delivery } from '../../../../shared/contract/deliveries.ts';
import type { RetrievalCard } from '../../../../shared/contract/peers.ts';
import { type Failure, failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';

/** One study on its way, here or away. */
export type Transfer =
  | {
      readonly way: 'fetch';
      readonly id: string;
      readonly atMs: number;
      readonly isOpen: boolean;
      readonly fetch: RetrievalCard;
    }
  | {
      readonly way: 'send';
      readonly id: string;
      readonly atMs: number;
      readonly isOpen: boolean;
      readonly send: Delivery;
    };

/** What goes on between the station and its peers, newest first. */
export type Transfers =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly failure: Failure; readonly retry: () => void }
  | { readonly state: 'ready'; readonly transfers: readonly Transfer[] };

const BUSY_MS = 1_500;
const IDLE_MS = 15_000;
const OPEN_SENDS: ReadonlySet<string> = new Set(['queued', 'claimed', 'sent', 'held', 'rejected']);

/** Retrievals and sends of this site; looked at often while any is under way. */
export function useTransfers(): Transfers {
  const fetches = useQuery({
    ...station.retrievals.list.queryOptions({ input: { limit: 100 } }),
    refetchInterval: ({ state }) => (state.data?.some(isFetching) ? BUSY_MS : IDLE_MS),
  });
  const sends = useQuery({
    ...station.deliveries.list.queryOptions({ input: { limit: 100 } }),
    refetchInterval: ({ state }) => (state.data?.some(isSending) ? BUSY_MS : IDLE_MS),
  });
  if (fetches.data !== undefined && sends.data !== undefined)
    return { state: 'ready', transfers: transfersOf(fetches.data, sends.data) };
  const error = fetches.error ?? sends.error;
  if (error !== null) {
    const retry = () => {
      void fetches.refetch();
      void sends.refetch();
    };
    return { state: 'failed', failure: failureOf(error), retry };
  }
  return { state: 'loading' };
}

const isFetching = ({ state }: RetrievalCard) => state === 'queued' || state === 'running';
const isSending = ({ state }: Delivery) => state === 'queued' || state === 'claimed' || state === 'sent';

/** Both ways as one list: what is not at its end first, then by when it was asked for. */
export function transfersOf(fetches: readonly RetrievalCard[], sends: readonly Delivery[]): readonly Transfer[] {
  const all: Transfer[] = [
    ...fetches.map(
      (fetch): Transfer => ({
        ...{ way: 'fetch', id: fetch.retrievalId, atMs: fetch.requestedAtMs, isOpen: isFetching(fetch), fetch },
      }),
    ),
    ...sends.map(
      (send): Transfer => ({
        ...{ way: 'send', id: send.deliveryId, atMs: send.queuedAtMs, isOpen: OPEN_SENDS.has(send.state), send },
      }),
    ),
  ];
  return all.toSorted((a, b) => Number(b.isOpen) - Number(a.isOpen) || b.atMs - a.atMs);
}
