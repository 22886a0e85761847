import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { setUpPage, show } from '../../app/test-page.tsx';
import type { CurrentUser } from '../../../../shared/contract/sessions.ts';
import type { StudyDetail } from '../../../../shared/contract/studies.ts';

const told = vi.hoisted(() => ({ recall: vi.fn<() => Promise<unknown>>(), get: vi.fn<() => void>() }));
vi.mock('../../bridge/client.ts', () => ({ client: { studies: told }, connection: {} }));
// Test files share their processes: the next one gets the real modules again.
afterAll(() => {
  useSession.setState({ state: 'unknown' }, true);
  vi.doUnmock('../../bridge/client.ts');
  vi.resetModules();
});
const { useSession } = await import('../../bridge/session.ts');
const { FetchedImages } = await import('./FetchedImages.tsx');

setUpPage();
beforeEach(() => {
  told.recall.mockReset().mockResolvedValue({});
  signIn(['study.retrieve']);
});

function signIn(permissions: readonly string[]): void {
  const user = { userId: 'anna', permissions, site: { zone: 'Etc/UTC' } };
  useSession.setState({ state: 'signed-in', user: user as unknown as CurrentUser }, true);
}

const RUNNING: { readonly [of in string]: string | number | null } = {
  aeTitle: 'PACS',
  state: 'running',
  code: null,
  expected: 10,
  completed: 4,
};
const FAILED = { ...RUNNING, state: 'failed', code: 'peer-unreachable' };
/** A study of ten images, as the station tells of it. */
const study = (letGo: number, fetching: typeof RUNNING | null = null) =>
  ({
    row: { studyId: '0190a000-0000-7000-8000-000000000001', images: { received: 10 } },
    ...{ letGo, fetching, series: [{}], hidden: { rejectedSeries: [] } },
  }) as unknown as StudyDetail;

/** What the page shows of the study as it is, one after the other. */
async function open(first: StudyDetail, isDisplayed = false) {
  const cache = new QueryClient();
  const of = (now: StudyDetail) => (
    <QueryClientProvider client={cache}>
      <FetchedImages now={now} study={now} isDisplayed={isDisplayed}>
        <b>the images</b>
      </FetchedImages>
    </QueryClientProvider>
  );
  const seen = () => screen.queryByText('the images') !== null;
  const again = show(of(first));
  const atFirst = seen();
  await act(async () => undefined);
  return { atFirst, seen, become: (now: StudyDetail) => act(async () => again(of(now))) };
}

test('a study of which a part is back is shown once all of it is: an image that is not would look like one that cannot be had', async () => {
  const { atFirst, seen, become } = await open(study(10));
  await waitFor(() => expect(told.recall).toHaveBeenCalledOnce());
  expect([atFirst, seen()]).toEqual([false, false]);
  await become(study(6, RUNNING));
  expect(seen()).toBe(false);
  await become(study(0));
  expect(seen()).toBe(true);
});

test('whoever cannot wait sees what is here', async () => {
  const { seen, become } = await open(study(10));
  expect(screen.queryByRole('button', { name: /^Show/ })).toBeNull();
  await become(study(6, RUNNING));
  fireEvent.click(screen.getByRole('button', { name: 'Show the 4 images that are here' }));
  expect(seen()).toBe(true);
});

test('what is here of a study is shown where the rest cannot come', async () => {
  told.recall.mockRejectedValue(new Error('refused'));
  const { seen } = await open(study(6));
  await waitFor(() => expect(seen()).toBe(true));
});

test('what is here is shown where nobody may ask for the rest', async () => {
  signIn([]);
  expect((await open(study(6))).atFirst).toBe(true);
  expect(told.recall).not.toHaveBeenCalled();
});

test('what is here is shown where an archive has failed', async () => {
  const { seen, become } = await open(study(6));
  await become(study(6, RUNNING));
  expect(seen()).toBe(false);
  await become(study(6, FAILED));
  await waitFor(() => expect(screen.getByRole('alert').textContent).toContain('6 images could not be fetched back.'));
  expect(seen()).toBe(true);
});

test('a study all of which is away is not shown however its fetching ends', async () => {
  told.recall.mockRejectedValue(new Error('refused'));
  const { seen } = await open(study(10));
  await screen.findByRole('alert');
  expect(seen()).toBe(false);
});

test('a study that was displayed stays', async () => {
  expect((await open(study(10), true)).atFirst).toBe(true);
});
