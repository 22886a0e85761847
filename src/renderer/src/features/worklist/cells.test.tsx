import { screen } from '@testing-library/react';
import { afterAll, expect, test, vi } from 'vitest';
import type { WorklistRow } from '../../../../shared/contract/worklist.ts';
import { setUpPage, show } from '../../app/test-page.tsx';

vi.mock('../../bridge/session.ts', () => ({ useCurrentUser: () => ({ site: { zone: 'Asia/Tokyo' } }) }));
// Test files share their processes: the next one gets the real modules again.
afterAll(() => {
  vi.doUnmock('../../bridge/session.ts');
  vi.resetModules();
});
const { ReadingCell } = await import('./cells.tsx');

setUpPage();

test('who opened a study and when is told in the time of the site, wherever the browser stands', () => {
  const openedBy = { displayName: 'Rita Reader', atMs: Date.UTC(2026, 0, 2, 20, 30) };
  show(<ReadingCell row={{ openedBy, openAgain: [], report: 'none' } as unknown as WorklistRow} />);
  expect(screen.getByText('Rita Reader').title).toContain('05:30');
});
