import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { useUserPreference } from './user-preferences.ts';

const asked = vi.hoisted(() => ({
  all: vi.fn<() => Promise<readonly { key: string; value: unknown }[]>>(),
  put: vi.fn<(changed: unknown) => Promise<object>>(async () => ({})),
}));
vi.mock('./queries.ts', () => ({
  station: {
    preferences: {
      all: { queryOptions: () => ({ queryKey: ['preferences'], queryFn: asked.all }) },
      put: { mutationOptions: () => ({ mutationFn: (changed: unknown) => asked.put(changed) }) },
    },
  },
}));

/** On a machine with other work the page gets its turn late. */
const PATIENCE = { timeout: 10_000 };

test('writes nothing over what a person set while the station has not told what that is', async () => {
  asked.all.mockRejectedValueOnce(new Error('unreachable'));
  asked.all.mockResolvedValue([{ key: 'viewer', value: ['kept', 'since', 'long'] }]);
  const cache = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const around = ({ children }: { readonly children: ReactNode }) => (
    <QueryClientProvider client={cache}>{children}</QueryClientProvider>
  );
  const { result } = renderHook(() => useUserPreference('viewer', z.array(z.string()), []), { wrapper: around });
  await waitFor(() => expect(result.current.isKnown).toBe(true), PATIENCE);
  act(() => result.current.set([...result.current.value, 'new']));
  expect(asked.put).not.toHaveBeenCalled();
  await waitFor(
    () => expect(result.current).toMatchObject({ isUnkept: true, value: ['kept', 'since', 'long'] }),
    PATIENCE,
  );
  act(() => result.current.set([...result.current.value, 'new']));
  await waitFor(() => expect(result.current.isUnkept).toBe(false), PATIENCE);
  expect(asked.put.mock.calls).toEqual([[{ key: 'viewer', value: ['kept', 'since', 'long', 'new'] }]]);
  expect(result.current.value).toEqual(['kept', 'since', 'long', 'new']);
});

test('an answer that was on its way when a person changed something does not take the change back', async () => {
  asked.all.mockResolvedValueOnce([{ key: 'viewer', value: ['before'] }]);
  const cache = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const around = ({ children }: { readonly children: ReactNode }) => (
    <QueryClientProvider client={cache}>{children}</QueryClientProvider>
  );
  const { result } = renderHook(() => useUserPreference('viewer', z.array(z.string()), []), { wrapper: around });
  await waitFor(() => expect(result.current.value).toEqual(['before']), PATIENCE);
  const { promise: late, resolve: answer } = Promise.withResolvers<readonly { key: string; value: unknown }[]>();
  asked.all.mockReturnValueOnce(late);
  const again = cache.refetchQueries({ queryKey: ['preferences'] });
  act(() => result.current.set(['after']));
  expect(result.current.latest()).toEqual(['after']);
  answer([{ key: 'viewer', value: ['before'] }]);
  await act(() => again);
  await waitFor(() => expect(result.current.value).toEqual(['after']), PATIENCE);
  expect(result.current.latest()).toEqual(['after']);
});
