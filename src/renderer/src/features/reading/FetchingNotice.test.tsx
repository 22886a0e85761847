import { fireEvent, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import type { StudyDetail } from '../../../../shared/contract/studies.ts';
import type { Failure } from '../../bridge/failure.ts';
import { setUpPage, show } from '../../app/test-page.tsx';
import { FetchingNotice } from './FetchingNotice.tsx';
import type { FetchingBack } from './use-fetching-back.ts';

setUpPage();

const fetch: NonNullable<StudyDetail['fetching']> = {
  ...{ aeTitle: 'PACS', state: 'running', code: null, expected: 30, completed: 12, attempts: 1, requestedAtMs: 1 },
};
const REFUSED: Failure = { code: 'conflict', detail: 'no-archive-to-ask', incidentId: null, retryAfterMs: null };
const ask = vi.fn<() => void>();

test.each<[Exclude<FetchingBack, { state: 'all-here' }>, readonly string[]]>([
  [{ state: 'on-its-way', images: 30, fetch }, ['30 images are being fetched back from PACS', '12 of 30']],
  [{ state: 'on-its-way', images: 30, fetch: { ...fetch, expected: null } }, ['12 images came']],
  [{ state: 'on-its-way', images: 1, fetch: { ...fetch, state: 'queued' } }, ['1 image is being', 'waits its turn']],
  [
    { state: 'on-its-way', images: 30, fetch: { ...fetch, state: 'queued', code: 'peer-unreachable' } },
    ['The peer cannot be reached.'],
  ],
  [
    {
      state: 'failed',
      images: 30,
      fetch: { ...fetch, state: 'failed', code: 'study-not-at-peer' },
      refusal: null,
      ask,
    },
    ['30 images could not be fetched back.', 'The peer does not have it'],
  ],
  [
    { state: 'failed', images: 30, fetch: { ...fetch, state: 'done' }, refusal: null, ask: null },
    ['Fetching ended, and they are still not here.'],
  ],
  [{ state: 'failed', images: 30, fetch: null, refusal: REFUSED, ask }, ['No archive that may have it can be asked.']],
  [{ state: 'away', images: 2, ask: null }, ['2 images are with the archive only.']],
  [{ state: 'asking', images: 2 }, ['2 images are with the archive only.']],
])('%j says where the images are', (fetching, words) => {
  ask.mockClear();
  show(<FetchingNotice fetching={fetching} />);
  const said = screen.getByRole(fetching.state === 'failed' ? 'alert' : 'status').textContent;
  for (const word of words) expect(said).toContain(word);
  const mayAsk = 'ask' in fetching && fetching.ask !== null;
  for (const button of screen.queryAllByRole('button', { name: 'Try again' })) fireEvent.click(button);
  expect(ask.mock.calls.length).toBe(mayAsk ? 1 : 0);
});
