import type { QueryClient } from '@tanstack/react-query';
import { Hint } from '../../../shared/contract/station.ts';
import { StudyId } from '../../../shared/domain/ids.ts';
import { client } from './client.ts';
import { useConnection } from './connection.ts';
import { paced } from './paced.ts';
import { station } from './queries.ts';

const POLL_MS = 5_000;
/**
 * Lists are asked for at once, and then no more often: where fifty studies a second change, every hint names one. A row that waits half
 * a second longer is nothing to the three for which a list lies still anyway; asking twice as often took a fifth of the page's time.
 */
const LISTS_EVERY_MS = 500;

/**
 * Keeps the cache fresh until stopped: each hint refetches what it names, a new connection refetches everything, and
 * while hints do not come on an open connection everything is polled.
 */
export function followHints(cache: QueryClient): () => void {
  const stop = new AbortController();
  const refetchLists = paced(() => invalidateLists(cache), LISTS_EVERY_MS);
  let hearing = false;
  const poll = setInterval(() => {
    if (!hearing && useConnection.getState().state === 'open') refetchAll(cache);
  }, POLL_MS);
  async function listen(): Promise<void> {
    const hints = await client.station.hints(undefined, { signal: stop.signal });
    hearing = true;
    refetchAll(cache);
    for await (const hint of hints) {
      const heard = Hint.safeParse(hint);
      if (heard.success) applyHint(cache, heard.data, refetchLists.ask);
    }
  }

  async function keepListening(): Promise<void> {
    while (!stop.signal.aborted) {
      // A broken subscription is expected (restart, network); what matters is to subscribe again.
      await listen().catch(() => undefined);
      hearing = false;
      await pause(1_000, stop.signal);
    }
  }

  void keepListening();
  return () => {
    stop.abort();
    refetchLists.stop();
    clearInterval(poll);
  };
}

/** Refetches what the hint names: the lists and the strip always, a study's own answers only when it is named. */
export function applyHint(cache: QueryClient, hint: Hint, refetchLists = () => invalidateLists(cache)): void {
  if (hint.type === 'reset') return refetchAll(cache);
  refetchLists();
  for (const studyId of StudyId.array().catch([]).parse(hint.studyIds)) {
    for (const area of studyAnswers) void cache.invalidateQueries({ queryKey: area.key({ input: { studyId } }) });
  }
}

const studyAnswers = [
  station.studies.get,
  station.studies.findings,
  station.studies.qualityRemarks,
  station.studies.report,
  station.studies.keyImages,
  station.studies.timeline,
] as const;

/** What a change of any study may change; views that people saved are none of it. */
const lists = [
  station.worklist.slice,
  station.worklist.search,
  station.worklist.counts,
  station.worklist.choices,
  station.station.status,
] as const;

function invalidateLists(cache: QueryClient): void {
  for (const area of lists) void cache.invalidateQueries({ queryKey: area.key() });
}

function refetchAll(cache: QueryClient): void {
  void cache.invalidateQueries();
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
