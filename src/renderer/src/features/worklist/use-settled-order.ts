import { useCallback, useEffect, useRef, useState } from 'react';
import { arrange, type Arrangement, type Part } from './settled-order.ts';

/** A list lies still this long after the last touch before rows change places by themselves (UI.md). */
export const SETTLE_AFTER_MS = 3_000;

type SettledOrder<Row extends { readonly studyId: string }> = Arrangement<Row> & {
  /** The person pointed at, scrolled or keyed the list: nothing moves for a while. */
  readonly touch: () => void;
  /** Takes the fresh order at once. */
  readonly settle: () => void;
};

/**
 * The order to show: it follows the station's, but holds still while somebody works on the list. `subject` names what the
 * rows answer: an answer to another question, or around another row, starts with its own fresh order.
 */
export function useSettledOrder<Row extends { readonly studyId: string }>(
  fresh: Part<Row>,
  subject: string,
): SettledOrder<Row> {
  const [held, setHeld] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const shown = useRef<{ readonly subject: string; readonly part: Part<Row> }>({ subject, part: fresh });

  const settle = useCallback(() => {
    clearTimeout(timer.current);
    setHeld(false);
  }, []);
  const touch = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(settle, SETTLE_AFTER_MS);
    setHeld(true);
  }, [settle]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const before = shown.current.subject === subject ? shown.current.part : { rows: [], place: 0 };
  const arrangement = arrange(fresh, before, held);
  useEffect(() => {
    shown.current = { subject, part: { rows: arrangement.rows, place: arrangement.place } };
  });
  return { ...arrangement, touch, settle };
}
