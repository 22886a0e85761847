import { act, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AS_DELIVERED, usePreferences } from '../ui/preferences.ts';

const kept = vi.hoisted(() => ({ value: {} as unknown, isKnown: true, set: (_value: unknown): void => undefined }));
vi.mock('../bridge/user-preferences.ts', () => ({
  useUserPreference: (_key: string, _schema: unknown, shipped: unknown) => ({
    ...kept,
    value: kept.value ?? shipped,
    latest: () => kept.value ?? shipped,
  }),
}));
const { usePagePreferences } = await import('./use-page-preferences.ts');

beforeEach(() => usePreferences.setState(AS_DELIVERED));
afterEach(() => usePreferences.setState(AS_DELIVERED));

test('what somebody else set in this browser goes when the station tells whose page it is now, and not before', () => {
  usePreferences.setState({ singleLetterKeys: false });
  Object.assign(kept, { value: null, isKnown: false, set: vi.fn<(value: unknown) => void>() });
  const { rerender } = renderHook(usePagePreferences);
  expect(usePreferences.getState().singleLetterKeys).toBe(false);
  kept.isKnown = true;
  rerender();
  expect([usePreferences.getState(), vi.mocked(kept.set).mock.calls]).toEqual([AS_DELIVERED, []]);
});

test('what a person sets here is kept for them at the station', () => {
  const mine = { ...AS_DELIVERED, criticalSound: false };
  Object.assign(kept, { value: mine, isKnown: true, set: vi.fn<(value: unknown) => void>() });
  renderHook(usePagePreferences);
  expect(usePreferences.getState()).toEqual(mine);
  act(() => {
    usePreferences.setState({ showPreview: false });
  });
  expect(vi.mocked(kept.set).mock.calls).toEqual([[{ ...mine, showPreview: false }]]);
});

test('what a person set goes with them: the next is told of a Critical with its sound, and what the station keeps stands', () => {
  Object.assign(kept, { value: { ...AS_DELIVERED, criticalSound: false }, isKnown: true, set: vi.fn<() => void>() });
  const { unmount } = renderHook(usePagePreferences);
  expect(usePreferences.getState().criticalSound).toBe(false);
  unmount();
  expect([usePreferences.getState(), vi.mocked(kept.set).mock.calls]).toEqual([AS_DELIVERED, []]);
});

test('a setting changed and changed back before the page was drawn ends as it was, here and at the station', () => {
  const told: unknown[] = [];
  const set = (value: unknown): void => {
    kept.value = value;
    told.push(value);
  };
  Object.assign(kept, { value: AS_DELIVERED, isKnown: true, set });
  const { rerender } = renderHook(usePagePreferences);
  act(() => {
    usePreferences.setState({ showPreview: false });
    usePreferences.setState({ showPreview: true });
  });
  rerender();
  expect(told).toEqual([{ ...AS_DELIVERED, showPreview: false }, AS_DELIVERED]);
  expect(usePreferences.getState()).toEqual(AS_DELIVERED);
});
