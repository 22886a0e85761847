import { type RefObject, useLayoutEffect, useRef } from 'react';
import type { WorklistRow } from '../../../../shared/contract/worklist.ts';
import type { Part } from './settled-order.ts';

/**
 * Keeps the first row in sight where it is when rows sort in above it; at the very top the new rows show. Another question
 * starts at its top.
 */
export function useScrollAnchor(
  scroller: RefObject<HTMLDivElement | null>,
  part: Part<WorklistRow>,
  question: string,
  rowHeight: number,
): void {
  const before = useRef({ part, question });
  const { rows, place } = part;
  useLayoutEffect(() => {
    const last = before.current;
    before.current = { part: { rows, place }, question };
    const element = scroller.current;
    if (element === null) return;
    if (last.question !== question) {
      element.scrollTop = 0;
      return;
    }
    if ((last.part.rows === rows && last.part.place === place) || element.scrollTop === 0) return;
    const inSight = Math.floor(element.scrollTop / rowHeight);
    const placesNow = new Map(rows.map((row, index) => [row.studyId, place + index]));
    for (let at = Math.max(0, inSight - last.part.place); at < last.part.rows.length; at += 1) {
      const now = placesNow.get(last.part.rows[at]?.studyId ?? ('' as WorklistRow['studyId']));
      if (now === undefined) continue; // it left: the next one is held on to
      const was = last.part.place + at;
      if (now !== was) element.scrollTop += (now - was) * rowHeight;
      return;
    }
  }, [scroller, rows, place, question, rowHeight]);
}
