import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { expect, test } from 'vitest';
import type { WorklistRow } from '../../../../shared/contract/worklist.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { station } from '../../bridge/queries.ts';
import { usePreviewed } from './use-previewed.ts';

const row = (studyId: string, revision = 1) => ({ studyId, revision }) as WorklistRow;
type Seen = { readonly selected: string | null; readonly rows: readonly WorklistRow[] };

/** The preview of a page that knows this of studies, whatever the list has. */
function preview(first: Seen) {
  const cache = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
  const wrapper = ({ children }: { readonly children: ReactNode }) => (
    <QueryClientProvider client={cache}>{children}</QueryClientProvider>
  );
  const know = (now: WorklistRow) => {
    const { queryKey } = station.studies.get.queryOptions({ input: { studyId: now.studyId } });
    cache.setQueryData(queryKey, { row: now } as never);
  };
  const hook = renderHook(({ selected, rows }: Seen) => usePreviewed(selected as StudyId | null, rows), {
    initialProps: first,
    wrapper,
  });
  return { ...hook, know };
}

test('a selected study stays in the preview while its row is out of sight, and is as it is once that is back', () => {
  const { result, rerender } = preview({ selected: 'a', rows: [row('a'), row('b')] });
  const seen = [result.current];
  for (const next of [
    { selected: 'a', rows: [row('y'), row('z')] },
    { selected: 'a', rows: [row('a', 2)] },
    { selected: 'c', rows: [row('y')] },
    { selected: null, rows: [row('a')] },
  ]) {
    rerender(next);
    seen.push(result.current);
  }
  expect(seen).toEqual([row('a'), row('a'), row('a', 2), null, null]);
});

test('what becomes of a study whose row is out of sight is seen in its preview, and the list’s own row goes before', async () => {
  const { result, rerender, know } = preview({ selected: 'a', rows: [row('a')] });
  rerender({ selected: 'a', rows: [row('y')] });
  know(row('a', 3));
  await waitFor(() => expect(result.current).toEqual(row('a', 3)));
  rerender({ selected: 'a', rows: [row('a', 4)] });
  expect(result.current).toEqual(row('a', 4));
});
