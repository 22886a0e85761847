import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReplayCard, RunDetail } from '../../../../shared/contract/runs.ts';
import type { RunId } from '../../../../shared/domain/ids.ts';
import { Receipt } from '../../../../shared/domain/receipt.ts';
import { type Failure, failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';

/** A run as its page shows it; `missing`: not on record, or not to be shown. `receipt` is null until it ended, or where this page cannot read its form. */
export type ShownRun =
  | { readonly state: 'loading' }
  | { readonly state: 'missing' }
  | { readonly state: 'failed'; readonly failure: Failure; readonly retry: () => void }
  | { readonly state: 'ready'; readonly run: RunDetail; readonly receipt: Receipt | null };

const OPEN_MS = 1_500;

/** A run with its receipt; looked at often while it computes, or a replay of it does. */
export function useRun(runId: RunId): ShownRun {
  const asked = useQuery({
    ...station.runs.get.queryOptions({ input: { runId } }),
    refetchInterval: ({ state: { data } }) => (data !== undefined && isOpen(data) ? OPEN_MS : false),
  });
  if (asked.data !== undefined) return { state: 'ready', run: asked.data, receipt: readReceipt(asked.data.receipt) };
  if (asked.error === null) return { state: 'loading' };
  const failure = failureOf(asked.error);
  if (failure.code === 'not-found') return { state: 'missing' };
  return { state: 'failed', failure, retry: () => void asked.refetch() };
}

/** Asks for a replay; `failure` says why the last one was refused. */
export function useReplay(onAsked: () => void) {
  const asking = useMutation(station.runs.replay.mutationOptions({ onSuccess: onAsked }));
  return {
    ask: (runId: RunId, provider?: string) => asking.mutate(provider === undefined ? { runId } : { runId, provider }),
    isAsking: asking.isPending,
    failure: asking.error === null ? null : failureOf(asking.error),
  };
}

function isOpen({ state, replays }: RunDetail): boolean {
  return state === 'queued' || state === 'running' || replays.some(isOpenReplay);
}

function isOpenReplay({ state }: ReplayCard): boolean {
  return state === 'queued' || state === 'running';
}

function readReceipt(text: string | null): Receipt | null {
  if (text === null) return null;
  const read = Receipt.safeParse(JSON.parse(text));
  return read.success ? read.data : null;
}
