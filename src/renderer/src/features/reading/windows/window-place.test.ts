import { act, cleanup, renderHook } from '@testing-library/react';
import { afterAll, afterEach, expect, test, vi } from 'vitest';

const kept = vi.hoisted(() => ({ value: null as unknown, set: vi.fn<(value: unknown) => void>() }));
vi.mock('../../../bridge/user-preferences.ts', () => ({ useUserPreference: () => ({ ...kept, isKnown: true }) }));
// Test files share their processes: the next one gets the real modules again.
afterAll(() => {
  vi.doUnmock('../../../bridge/user-preferences.ts');
  vi.resetModules();
});
const { useKeepWindowPlace } = await import('./window-place.ts');

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function standAt(screenX: number): void {
  for (const [name, value] of Object.entries({ screenX, screenY: 0, outerWidth: 900, outerHeight: 700 }))
    vi.stubGlobal(name, value);
}
const wait = () => act(() => void vi.advanceTimersByTime(2000));

test('a window is remembered where it was moved to, once, and leaves what another one keeps', () => {
  vi.useFakeTimers();
  standAt(10);
  const { rerender } = renderHook(useKeepWindowPlace);
  wait();
  kept.value = { left: 500, top: 0, width: 900, height: 700 };
  rerender();
  wait();
  expect(kept.set).not.toHaveBeenCalled();
  standAt(1920);
  wait();
  wait();
  expect(kept.set.mock.calls).toEqual([[{ left: 1920, top: 0, width: 900, height: 700 }]]);
});
