import { act, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SETTLE_AFTER_MS, useSettledOrder } from './use-settled-order.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const rows = (letters: string) => letters.split('').map((studyId) => ({ studyId }));
type Props = { readonly letters: string; readonly subject: string };

function mountOrder(letters: string) {
  return renderHook(({ letters: now, subject }: Props) => useSettledOrder({ rows: rows(now), place: 0 }, subject), {
    initialProps: { letters, subject: 'all' },
  });
}
const pass = (ms: number) => act(() => void vi.advanceTimersByTime(ms));
const shown = (order: { readonly rows: readonly { readonly studyId: string }[] }) =>
  order.rows.map((row) => row.studyId).join('');

test('rows sort in only after the list lay untouched for three seconds', () => {
  const { result, rerender } = mountOrder('ab');
  act(() => result.current.touch());
  rerender({ letters: 'xba', subject: 'all' });
  expect([shown(result.current), result.current.newAbove]).toEqual(['ab', 1]);
  pass(SETTLE_AFTER_MS - 1);
  act(() => result.current.touch());
  pass(SETTLE_AFTER_MS - 1);
  expect(shown(result.current)).toBe('ab');
  pass(1);
  expect([shown(result.current), result.current.newAbove]).toEqual(['xba', 0]);
});

test('a person may sort the new ones in at once', () => {
  const { result, rerender } = mountOrder('ab');
  act(() => result.current.touch());
  rerender({ letters: 'xab', subject: 'all' });
  act(() => result.current.settle());
  expect(shown(result.current)).toBe('xab');
});

test('another filter is another list, even while the last one was held', () => {
  const { result, rerender } = mountOrder('ab');
  act(() => result.current.touch());
  rerender({ letters: 'ba', subject: 'critical' });
  expect(shown(result.current)).toBe('ba');
});
