import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { usePreferences } from './preferences.ts';
import { useShortcutGroups, useShortcuts } from './shortcuts.ts';

const moved = vi.fn<() => void>();
const opened = vi.fn<() => void>();

function List(): ReactNode {
  const onKeyDown = useShortcuts('List', [
    { key: 'ArrowDown', alias: 'j', label: 'Next row', run: moved },
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
