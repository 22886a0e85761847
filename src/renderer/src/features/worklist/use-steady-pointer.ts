import { type PointerEvent, type SyntheticEvent, useEffect, useLayoutEffect, useRef } from 'react';
import type { Part } from './settled-order.ts';

/** So long after a row moved from under a pointer that lies still, a click is meant for that row: nobody sees and acts sooner. */
export const TOO_SOON_MS = 600;

type Row = { readonly studyId: string };

/** What to put on the element around rows whose elements are found by an id of theirs. */
type SteadyPointer = {
  readonly onPointerMove: (event: PointerEvent) => void;
  readonly onWheel: () => void;
  readonly onClickCapture: (event: SyntheticEvent) => void;
  readonly onDoubleClickCapture: (event: SyntheticEvent) => void;
};

/**
 * Keeps a click from another patient's row: where rows sorted in under a pointer that lies still, what is clicked in the moment after is
 * the row that came, and what was meant is the one that went. Such a click does nothing.
 */
export function useSteadyPointer(part: Part<Row>, rowIdOf: (target: EventTarget) => string | null): SteadyPointer {
  const pointed = useRef<string | null>(null);
  const lies = useRef({ x: 0, y: 0 });
  const movedAtMs = useRef(Number.NEGATIVE_INFINITY);
  const settling = useRef<number | null>(null);
  const before = useRef(part);
  const { rows, place } = part;
  useLayoutEffect(() => {
    const last = before.current;
    before.current = { rows, place };
    const id = pointed.current;
    if (id === null) return;
    const now = { rows, place };
    // The row that came may go again before it was looked at: until they lie still for a moment, whatever moves counts.
    const isMoved = settling.current === null ? placeOf(last, id) !== placeOf(now, id) : orderOf(last) !== orderOf(now);
    if (!isMoved) return;
    movedAtMs.current = performance.now();
    window.clearTimeout(settling.current ?? undefined);
    // What lies below by then was seen there, and is what is meant from then on.
    settling.current = window.setTimeout(() => {
      settling.current = null;
      const below = document.elementFromPoint(lies.current.x, lies.current.y);
      pointed.current = below === null ? null : rowIdOf(below);
    }, TOO_SOON_MS);
  }, [rows, place, rowIdOf]);
  const forget = () => {
    window.clearTimeout(settling.current ?? undefined);
    settling.current = null;
  };
  useEffect(() => forget, []);

  const holdBack = (event: SyntheticEvent) => {
    const isSoon = performance.now() - movedAtMs.current < TOO_SOON_MS;
    const id = rowIdOf(event.target);
    if (isSoon && pointed.current !== null && id !== null && id !== pointed.current) event.stopPropagation();
  };
  return {
    onPointerMove(event) {
      forget();
      lies.current = { x: event.clientX, y: event.clientY };
      pointed.current = event.pointerType === 'mouse' ? rowIdOf(event.target) : null;
    },
    // Rows pass below it now, and by a hand.
    onWheel() {
      forget();
      pointed.current = null;
    },
    onClickCapture: holdBack,
    onDoubleClickCapture: holdBack,
  };
}

function placeOf({ rows, place }: Part<Row>, id: string): number {
  const index = rows.findIndex(({ studyId }) => studyId === id);
  return index === -1 ? -1 : place + index;
}

function orderOf({ rows, place }: Part<Row>): string {
  return [place, ...rows.map(({ studyId }) => studyId)].join(' ');
}
