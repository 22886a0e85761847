import { act, renderHook } from '@testing-library/react';
import type { PointerEvent, SyntheticEvent } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TOO_SOON_MS, useSteadyPointer } from './use-steady-pointer.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const listOf = (ids: string) => ({ rows: ids.split('').map((studyId) => ({ studyId })), place: 0 });
/** A row that events come from says itself which it is. */
const target = (id: string) => Object.assign(new EventTarget(), { id });
const idOf = (one: EventTarget) => (one as EventTarget & { id: string }).id;
function over(ids: string) {
  const hook = renderHook(({ part }) => useSteadyPointer(part, idOf), { initialProps: { part: listOf(ids) } });
  const event = (id: string) => {
    let isHeldBack = false;
    return {
      ...{ target: target(id), pointerType: 'mouse', stopPropagation: () => (isHeldBack = true) },
      isHeldBack: () => isHeldBack,
    };
  };
  return {
    point: (id: string, pointerType = 'mouse') =>
      hook.result.current.onPointerMove({ ...event(id), pointerType } as unknown as PointerEvent),
    wheel: () => hook.result.current.onWheel(),
    sortIn: (sorted: string) => act(() => hook.rerender({ part: listOf(sorted) })),
    /** A while without news, after which this row lies below the pointer. */
    rest(id: string) {
      document.elementFromPoint = () => target(id) as unknown as Element;
      vi.advanceTimersByTime(TOO_SOON_MS + 1);
    },
    /** Whether a double click there, both clicks of it, does anything. */
    clicks(id: string) {
      const [click, double] = [event(id), event(id)];
      hook.result.current.onClickCapture(click as unknown as SyntheticEvent);
      hook.result.current.onDoubleClickCapture(double as unknown as SyntheticEvent);
      return !click.isHeldBack() && !double.isHeldBack();
    },
  };
}

test('a click on the row that came under a resting pointer does nothing for a moment; on the one that was meant it does', () => {
  const list = over('abc');
  list.point('b');
  expect(list.clicks('b')).toBe(true);
  list.sortIn('xabc');
  expect([list.clicks('a'), list.clicks('b')]).toEqual([false, true]);
  list.rest('a');
  expect(list.clicks('a')).toBe(true);
});

test('the row that came is kept from the next that comes, also where the first that was pointed at left the list', () => {
  const list = over('abc');
  list.point('b');
  list.sortIn('acd');
  list.rest('c');
  list.sortIn('axcd');
  expect([list.clicks('x'), list.clicks('c')]).toEqual([false, true]);
});

test('while rows go on moving under a resting pointer, none is meant but the one that was pointed at', () => {
  const list = over('abcd');
  list.point('b');
  list.sortIn('acd');
  vi.advanceTimersByTime(TOO_SOON_MS - 100);
  list.sortIn('axcd');
  vi.advanceTimersByTime(200);
  expect(list.clicks('x')).toBe(false);
  list.rest('x');
  expect(list.clicks('x')).toBe(true);
});

test.each([
  ['points anew', (list: ReturnType<typeof over>) => list.point('a')],
  ['scrolls', (list: ReturnType<typeof over>) => list.wheel()],
])('whoever %s means what is there', (_what, move) => {
  const list = over('abc');
  list.point('b');
  list.sortIn('xabc');
  move(list);
  expect(list.clicks('a')).toBe(true);
});

test('news that move nothing under the pointer, or come to a finger, hold back nothing', () => {
  const list = over('abc');
  list.point('b');
  list.sortIn('abcx');
  expect(list.clicks('c')).toBe(true);
  list.point('b', 'touch');
  list.sortIn('xabc');
  expect(list.clicks('a')).toBe(true);
});
