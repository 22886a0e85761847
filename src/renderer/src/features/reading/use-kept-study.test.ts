import { act, renderHook } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { StudyDetail } from '../../../../shared/contract/studies.ts';
import { useKeptStudy } from './use-kept-study.ts';

const asOf = (revision: number, displayable = true) =>
  ({ row: { revision, urgency: { raises: revision } }, series: [{ displayable }] }) as unknown as StudyDetail;
const told = (data: StudyDetail | undefined) => ({ data, isFetching: false, isFetchedAfterMount: true });
/** Known from an earlier visit, with the station's answer on its way. */
const ofBefore = (data: StudyDetail) => ({ data, isFetching: true, isFetchedAfterMount: false });

function keep(first: Parameters<typeof useKeptStudy>[0]) {
  const hook = renderHook((now: Parameters<typeof useKeptStudy>[0]) => useKeptStudy(now), { initialProps: first });
  return { ...hook, revision: () => hook.result.current.study?.row.revision };
}

test('a study with images stays as it was told first', () => {
  const { result, rerender, revision } = keep(told(undefined));
  expect(result.current.study).toBeUndefined();
  rerender(told(asOf(1)));
  rerender(told(asOf(2)));
  expect(revision()).toBe(1);
  expect(result.current.seenRaises).toBe(1);
});

test('a study without images is the newest there is', () => {
  const { rerender, revision } = keep(told(asOf(1, false)));
  rerender(told(asOf(2, false)));
  expect(revision()).toBe(2);
});

test('what was known of before gives way to what the station says', () => {
  const { result, rerender, revision } = keep(ofBefore(asOf(1)));
  expect(revision()).toBe(1);
  rerender(told(asOf(2)));
  expect(revision()).toBe(2);
  expect(result.current.seenRaises).toBe(2);
});

test('what a reader has begun to act on stays, though it was known of before', () => {
  const { result, rerender, revision } = keep(ofBefore(asOf(1)));
  act(() => result.current.take());
  rerender(told(asOf(2)));
  expect(revision()).toBe(1);
  expect(result.current.seenRaises).toBe(1);
});

test('the reader sees how urgent it is, and takes it as it is', () => {
  const { result, rerender, revision } = keep(told(asOf(1)));
  rerender(told(asOf(2)));
  act(() => result.current.see());
  expect([revision(), result.current.seenRaises]).toEqual([1, 2]);
  act(() => result.current.reload());
  expect(revision()).toBe(2);
});
