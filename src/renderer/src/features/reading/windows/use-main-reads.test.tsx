import { act, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { useMainReads } from './use-main-reads.ts';

const ID = '01930000-0000-7000-8000-00000000000a';
const reading = { kind: 'reading', main: 'one', studyId: ID, patientId: ID };

/** The other end of the line: what was asked, and how to tell. */
let line: { asked: number; onmessage: ((event: { data: unknown }) => void) | null };
class Channel {
  postMessage = () => {
    line.asked += 1;
  };
  close = () => undefined;
  set onmessage(heard: (event: { data: unknown }) => void) {
    line.onmessage = heard;
  }
}
beforeEach(() => {
  line = { asked: 0, onmessage: null };
  vi.useFakeTimers();
  vi.stubGlobal('BroadcastChannel', Channel);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
const tell = (data: unknown) => act(() => line.onmessage?.({ data }));
const pass = (ms: number) =>
  act(() => {
    vi.advanceTimersByTime(ms);
  });

test('a main window that went away without a word is not said to read what it read then', () => {
  const { result } = renderHook(() => useMainReads('one'));
  tell(reading);
  expect(result.current).toEqual({ state: 'reading', studyId: ID, patientId: ID });
  const before = result.current;
  pass(4_000);
  tell(reading);
  pass(3_500);
  // Asked again and answered alike: nothing is drawn anew.
  expect([line.asked, result.current]).toEqual([2, before]);
  expect(result.current).toBe(before);
  pass(5_000);
  expect(result.current).toEqual({ state: 'silent' });
  tell(reading);
  expect(result.current.state).toBe('reading');
});

test('a main window that reads nothing is not asked for an answer', () => {
  const { result } = renderHook(() => useMainReads('one'));
  expect(result.current).toEqual({ state: 'asked' });
  tell({ kind: 'not-reading', main: 'one' });
  pass(30_000);
  expect(result.current).toEqual({ state: 'nothing' });
});
