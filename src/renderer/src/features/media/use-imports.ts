import { useQuery } from '@tanstack/react-query';
import type { ExportCard, ImportCard } from '../../../../shared/contract/media.ts';
import { type Failure, failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';

/** The answer to a list, as a page shows it. */
export type Listed<Row> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly failure: Failure; readonly retry: () => void }
  | { readonly state: 'ready'; readonly rows: readonly Row[]; readonly folders: readonly string[] };

const WHILE_RUNNING_MS = 700;
const OTHERWISE_MS = 15_000;

function pace(rows: readonly { readonly state: string }[] | undefined): number {
  return rows?.some(({ state }) => state === 'running') === true ? WHILE_RUNNING_MS : OTHERWISE_MS;
}

/** The newest imports, asked for again while one runs. */
export function useImports(): Listed<ImportCard> {
  const query = useQuery({
    ...station.imports.list.queryOptions({ input: {} }),
    refetchInterval: ({ state }) => pace(state.data?.imports),
  });
  if (query.data !== undefined) return { state: 'ready', rows: query.data.imports, folders: query.data.folders };
  if (query.isError) return { state: 'failed', failure: failureOf(query.error), retry: () => void query.refetch() };
  return { state: 'loading' };
}

/** The newest exports to folders, for those who may export. */
export function useExports(isAllowed: boolean): Listed<ExportCard> {
  const query = useQuery({
    ...station.exports.list.queryOptions({ input: {} }),
    refetchInterval: ({ state }) => pace(state.data?.exports),
    enabled: isAllowed,
  });
  if (query.data !== undefined) return { state: 'ready', rows: query.data.exports, folders: query.data.folders };
  if (query.isError) return { state: 'failed', failure: failureOf(query.error), retry: () => void query.refetch() };
  return { state: 'loading' };
}
