import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { setUpPage, show } from '../../app/test-page.tsx';
import { station } from '../../bridge/queries.ts';
import { NotWholeNotice } from './NotWholeNotice.tsx';

setUpPage();

/** The page of a station that gives these reasons of its health. */
function pageOf(...codes: readonly string[]): void {
  const cache = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
  const reasons = codes.map((code) => ({ code, severity: 'failing', sinceMs: null }));
  cache.setQueryData(station.station.status.queryKey(), { reasons } as never);
  show(
    <QueryClientProvider client={cache}>
      <NotWholeNotice />
    </QueryClientProvider>,
  );
}

test('a list that was not made of all that is recorded says that studies may be missing, and where to ask', () => {
  pageOf('disk-full', 'list-not-whole');
  expect(screen.getByRole('alert').textContent).toMatch(/not whole.*Studies may be missing.*Ask the modality or PACS/);
});

test('other trouble says nothing of the list', () => {
  pageOf('disk-full', 'ledger-behind');
  expect(screen.queryByRole('alert')).toBeNull();
});
