import { act, screen } from '@testing-library/react';
import { afterAll, expect, test, vi } from 'vitest';
import { useShortcuts } from '../ui/shortcuts.ts';
import { setUpPage, show } from './test-page.tsx';

vi.mock('./use-own-keys.ts', () => ({ useOwnKeysOf: () => ({ value: {}, isKnown: true, set: () => undefined }) }));
// Test files share their processes: the next one gets the real modules again.
afterAll(() => {
  vi.doUnmock('./use-own-keys.ts');
  vi.resetModules();
});
const { openShortcutSheet, ShortcutSheet } = await import('./ShortcutSheet.tsx');

setUpPage();

function Page() {
  useShortcuts('Reading', [{ key: 'Escape', label: 'Back', run: () => undefined }]);
  useShortcuts('Reading', [{ key: 'r', label: 'Reset', run: () => undefined }]);
  return <ShortcutSheet />;
}

test('keys that two parts of a page answer stand under one heading', async () => {
  show(<Page />);
  act(openShortcutSheet);
  expect(await screen.findAllByRole('heading', { name: 'Reading' })).toHaveLength(1);
  expect([screen.queryAllByText('Back').length, screen.queryAllByText('Reset').length]).toEqual([1, 1]);
});
