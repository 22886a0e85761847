import { useRef } from 'react';

/**
 * A key for each row that is drawn: its own for as long as it is drawn, and then that of a row that comes. So what a row is drawn with
 * is drawn anew with other words, where making all of it afresh took most of the time in which a list that was jumped in stood empty.
 */
export function useRowSlots(ids: readonly string[]): readonly number[] {
  const slots = useRef<ReadonlyMap<string, number>>(new Map());
  slots.current = slotsOf(ids, slots.current);
  return ids.map((id) => slots.current.get(id) ?? 0);
}

/** Rows that stay keep their slots; those that come take the slots of those that left, in order, and then new ones. */
export function slotsOf(ids: readonly string[], before: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const staying = new Set(ids);
  const free = [...before].filter(([id]) => !staying.has(id)).map(([, slot]) => slot);
  let next = Math.max(-1, ...before.values()) + 1;
  return new Map(ids.map((id) => [id, before.get(id) ?? free.shift() ?? next++]));
}
