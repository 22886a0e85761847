import { QueryClient } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import type { CurrentUser } from '../../../shared/contract/sessions.ts';
import { useSession } from '../bridge/session.ts';
import { createPageRouter } from './router.tsx';
import { setUpPage } from './test-page.tsx';

setUpPage();

test('nothing of one person stays for another who signs in from another tab, or who signs in next', () => {
  const cache = new QueryClient();
  createPageRouter(cache);
  const signIn = (userId: string) =>
    useSession.setState({ state: 'signed-in', user: { userId } as unknown as CurrentUser }, true);
  const kept = () => cache.getQueryData(['preferences']);
  signIn('a');
  cache.setQueryData(['preferences'], 'of a');
  signIn('a');
  expect(kept()).toBe('of a');
  useSession.setState({ state: 'unreachable' }, true);
  expect(kept()).toBe('of a');
  signIn('b');
  expect(kept()).toBeUndefined();
  cache.setQueryData(['preferences'], 'of b');
  useSession.setState({ state: 'signed-out' }, true);
  expect(kept()).toBeUndefined();
});
