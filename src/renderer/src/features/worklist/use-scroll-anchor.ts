import { useLayoutEffect, useRef } from 'react';
import type { WorklistRow } from '../../../../shared/contract/worklist.ts';
import type { Part } from './settled-order.ts';
import type { ListScroll } from './use-rows-in-sight.ts';

/**
 * Keeps the first row in sight where it is when rows sort in above it; at the very top the new rows show. Another question
 * starts at its top.
 */
export function useScrollAnchor(
  scroll: ListScroll,
  part: Part<WorklistRow>,
  question: string,
  rowHeight: number,
): void {
  const before = useRef({ part, question });
  const { rows, place } = part;
  useLayoutEffect(() => {
    const last = before.current;
    before.current = { part: { rows, place }, question };
    if (last.question !== question) {
      // What is there already is not moved to: that would have the browser lay out rows that are replaced before they are drawn.
      if (scroll.top() !== 0) scroll.moveTo(0);
      return;
    }
    if ((last.part.rows === rows && last.part.place === place) || scroll.top() === 0) return;
    const inSight = Math.floor(scroll.top() / rowHeight);
    const placesNow = new Map(rows.map((row, index) => [row.studyId, place + index]));
    for (let at = Math.max(0, inSight - last.part.place); at < last.part.rows.length; at += 1) {
      const now = placesNow.get(last.part.rows[at]?.studyId ?? ('' as WorklistRow['studyId']));
      if (now === undefined) continue; // it left: the next one is held on to
      const was = last.part.place + at;
      if (now !== was) scroll.moveTo(scroll.top() + (now - was) * rowHeight);
      return;
    }
  }, [scroll, rows, place, question, rowHeight]);
}
