import { type RefObject, useLayoutEffect, useRef } from 'react';
import type { WorklistRow } from '../../../../shared/contract/worklist.ts';

/** Keeps the first row in sight where it is when rows sort in above it; another subject starts at its top. */
export function useScrollAnchor(
  scroller: RefObject<HTMLDivElement | null>,
  rows: readonly WorklistRow[],
  subject: string,
  rowHeight: number,
): void {
  const before = useRef({ rows, subject });
  useLayoutEffect(() => {
    const last = before.current;
    before.current = { rows, subject };
    const element = scroller.current;
    if (element === null) return;
    if (last.subject !== subject) {
      element.scrollTop = 0;
      return;
    }
    if (last.rows === rows || element.scrollTop === 0) return;
    const place = Math.floor(element.scrollTop / rowHeight);
    const anchor = last.rows[place];
    const moved = anchor === undefined ? -1 : rows.findIndex((row) => row.studyId === anchor.studyId);
    if (moved >= 0 && moved !== place) element.scrollTop += (moved - place) * rowHeight;
  }, [scroller, rows, subject, rowHeight]);
}
