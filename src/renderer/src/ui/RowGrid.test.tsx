import { fireEvent, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { setUpPage, show } from '../app/test-page.tsx';
import { RowGrid } from './RowGrid.tsx';

setUpPage();

type Row = { readonly id: string; readonly name: string };
const rows: readonly Row[] = ['a', 'b', 'c'].map((id) => ({ id, name: `row ${id}` }));
const columns = [{ title: 'Name', track: '1fr', cell: ({ name }: Row) => name }];

function grid(selected: string | null, fetchMore: (() => void) | null = null) {
  const onSelect = vi.fn<(key: string) => void>();
  const props = { label: 'Rows', columns, rows, keyOf: ({ id }: Row) => id, selected, onSelect, fetchMore };
  show(<RowGrid {...props} />);
  return onSelect;
}

test.each([
  [null, 'ArrowDown', 'a'],
  [null, 'ArrowUp', 'a'],
  ['a', 'ArrowDown', 'b'],
  ['c', 'ArrowDown', 'c'],
  ['b', 'ArrowUp', 'a'],
  ['a', 'ArrowUp', 'a'],
])('from %s the key %s chooses %s', (selected, key, expected) => {
  const onSelect = grid(selected);
  fireEvent.keyDown(screen.getByRole('grid', { name: 'Rows' }), { key });
  expect(onSelect.mock.calls).toEqual([[expected]]);
});

test('the chosen row is named to who cannot see it; a click chooses, and more rows are asked for where there are', () => {
  const fetchMore = vi.fn<() => void>();
  const onSelect = grid('b', fetchMore);
  const chosen = screen.getByRole('row', { selected: true });
  expect(chosen.textContent).toBe('row b');
  expect(screen.getByRole('grid').getAttribute('aria-activedescendant')).toBe(chosen.id);
  fireEvent.click(screen.getByText('row c'));
  fireEvent.click(screen.getByRole('button', { name: 'Show more' }));
  expect([onSelect.mock.calls, fetchMore.mock.calls.length]).toEqual([[['c']], 1]);
});
