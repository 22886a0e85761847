import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { usePreferences } from './preferences.ts';
import { keyRefusal, type Shortcut, useOwnKeys, useShortcutGroups, useShortcuts, withOwnKeys } from './shortcuts.ts';

const moved = vi.fn<() => void>();
const opened = vi.fn<() => void>();

function List(): ReactNode {
  const onKeyDown = useShortcuts('List', [
    { id: 'next', key: 'ArrowDown', alias: 'j', label: 'Next row', run: moved },
    { key: 'Enter', label: 'Open', run: opened },
  ]);
  return (
    <>
      <div role="grid" tabIndex={0} onKeyDown={onKeyDown}>
        <input aria-label="text" />
        <button type="button">control</button>
      </div>
      <input aria-label="outside" />
    </>
  );
}

beforeEach(() => {
  useOwnKeys.setState({ keys: {} });
  moved.mockReset();
  opened.mockReset();
  usePreferences.setState({ singleLetterKeys: true });
});
afterEach(cleanup);

test('keys act on the focused list, letters and arrows alike', () => {
  render(<List />);
  fireEvent.keyDown(screen.getByRole('grid'), { key: 'j' });
  fireEvent.keyDown(screen.getByRole('grid'), { key: 'ArrowDown' });
  expect(moved).toHaveBeenCalledTimes(2);
});

test('letters never act where people type, nor outside the list, nor with a chord', () => {
  render(<List />);
  fireEvent.keyDown(screen.getByLabelText('text'), { key: 'j' });
  fireEvent.keyDown(screen.getByLabelText('outside'), { key: 'j' });
  fireEvent.keyDown(screen.getByRole('grid'), { key: 'j', ctrlKey: true });
  fireEvent.keyDown(screen.getByRole('grid'), { key: 'j', altKey: true });
  expect(moved).not.toHaveBeenCalled();
});

test('switched off, letters do nothing and named keys still act', () => {
  usePreferences.setState({ singleLetterKeys: false });
  render(<List />);
  fireEvent.keyDown(screen.getByRole('grid'), { key: 'j' });
  fireEvent.keyDown(screen.getByRole('grid'), { key: 'ArrowDown' });
  expect(moved).toHaveBeenCalledTimes(1);
});

test('Enter on a button presses the button, not the list', () => {
  render(<List />);
  fireEvent.keyDown(screen.getByRole('button'), { key: 'Enter' });
  expect(opened).not.toHaveBeenCalled();
});

test('the sheet lists the shortcuts while their part of the page is there, and no longer', () => {
  const { unmount } = render(<List />);
  expect(useShortcutGroups.getState().groups.map((group) => group.heading)).toEqual(['List']);
  unmount();
  expect(useShortcutGroups.getState().groups).toEqual([]);
});

test('a person’s own key acts in place of the shipped ones, as a capital too, and the sheet and the palette know it', () => {
  useOwnKeys.setState({ keys: { next: 'd' } });
  render(<List />);
  const grid = screen.getByRole('grid');
  for (const key of ['ArrowDown', 'j', 'd', 'D']) fireEvent.keyDown(grid, { key });
  expect(moved).toHaveBeenCalledTimes(2);
  const [group] = useShortcutGroups.getState().groups;
  expect(group?.shortcuts.map((one) => one.key)).toEqual(['d', 'Enter']);
  group?.shortcuts[0]?.run();
  expect(moved).toHaveBeenCalledTimes(3);
});

test('refuses a key that is another’s here, or every page’s', () => {
  const run = () => undefined;
  const shortcuts: readonly Shortcut[] = [
    { id: 'ai', key: 'a', alias: 'A', label: 'AI', run },
    { id: 'undo', key: 'z', mod: true, label: 'Undo', run },
    { key: '1', label: 'Brain', run },
  ];
  const refusals = ['a', 'A', '1', 'z', 'x', '?', 'Escape', 'ArrowUp', 'F4'].map((key) =>
    keyRefusal(key, 'zoom', shortcuts),
  );
  expect(refusals.map((one) => (one?.code === 'taken' ? one.by : (one?.code ?? null)))).toEqual([
    ...['AI', 'AI', 'Brain', null, null],
    ...['reserved', 'reserved', 'reserved', null],
  ]);
  expect(keyRefusal('a', 'ai', shortcuts)).toBeNull();
  expect(withOwnKeys(shortcuts, { unknown: 'q' })).toEqual(shortcuts);
});
