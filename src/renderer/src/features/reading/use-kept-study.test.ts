import { act, renderHook } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { StudyDetail } from '../../../../shared/contract/studies.ts';
import { useKeptStudy } from './use-kept-study.ts';

const asOf = (revision: number, { displayable = true, ai = 'finished', patientId = 'p', raises = revision } = {}) =>
  ({
    ...{ identityVersion: 1, series: [{ displayable }] },
    row: { revision, urgency: { raises }, ai: { state: ai }, patient: { patientId } },
  }) as unknown as StudyDetail;
const told = (data: StudyDetail | undefined) => ({ data, isFetching: false, isFetchedAfterMount: true });
/** Known from an earlier visit, with the station's answer on its way. */
const ofBefore = (data: StudyDetail) => ({ data, isFetching: true, isFetchedAfterMount: false });

function keep(first: Parameters<typeof useKeptStudy>[0]) {
  const hook = renderHook((now: Parameters<typeof useKeptStudy>[0]) => useKeptStudy(now), { initialProps: first });
  return {
    ...hook,
    kept: () => hook.result.current.kept,
    revision: () => hook.result.current.kept?.study.row.revision,
  };
}

test('a study with images stays as it was told first', () => {
  const { result, rerender, revision } = keep(told(undefined));
  expect(result.current.kept).toBeNull();
  rerender(told(asOf(1)));
  rerender(told(asOf(2)));
  expect(revision()).toBe(1);
  expect(result.current.kept?.seenRaises).toBe(1);
});

test('a study without images is the newest there is', () => {
  const { rerender, revision } = keep(told(asOf(1, { displayable: false })));
  rerender(told(asOf(2, { displayable: false })));
  expect(revision()).toBe(2);
});

test('what was known of before gives way to what the station says', () => {
  const { result, rerender, revision } = keep(ofBefore(asOf(1)));
  expect(revision()).toBe(1);
  rerender(told(asOf(2)));
  expect(revision()).toBe(2);
  expect(result.current.kept?.seenRaises).toBe(2);
});

test('what a reader has begun to act on stays, though it was known of before', () => {
  const { result, rerender, revision } = keep(ofBefore(asOf(1)));
  act(() => result.current.take());
  rerender(told(asOf(2)));
  expect(revision()).toBe(1);
  expect(result.current.kept?.seenRaises).toBe(1);
});

test('the reader sees how urgent it is, and takes it as it is', () => {
  const { result, rerender, revision } = keep(told(asOf(1)));
  rerender(told(asOf(2)));
  act(() => result.current.see());
  expect([revision(), result.current.kept?.seenRaises]).toEqual([1, 2]);
  act(() => result.current.reload());
  expect(revision()).toBe(2);
});

test('another look is set up for other images, another patient, and what AI flagged since it was known of', () => {
  const looks = (first: StudyDetail, then: StudyDetail) => {
    const { rerender, kept } = keep(ofBefore(first));
    const before = kept()?.look;
    rerender(told(then));
    return before !== kept()?.look;
  };
  expect(looks(asOf(1), asOf(2))).toBe(true);
  expect(looks(asOf(1), asOf(1, { patientId: 'other' }))).toBe(true);
  expect(looks(asOf(1), asOf(1, { ai: 'flagged' }))).toBe(true);
  expect(looks(asOf(1), asOf(1, { raises: 5 }))).toBe(false);
});

test('what is asked for as it is now keeps the look unless its images or its patient are others', () => {
  const { result, rerender, kept } = keep(told(asOf(1)));
  const look = () => kept()?.look;
  const first = look();
  rerender(told(asOf(1, { ai: 'flagged' })));
  act(() => result.current.reload());
  expect([kept()?.study.row.ai.state, look()]).toEqual(['flagged', first]);
  rerender(told(asOf(1, { patientId: 'other' })));
  act(() => result.current.reload());
  expect(look()).not.toBe(first);
});
