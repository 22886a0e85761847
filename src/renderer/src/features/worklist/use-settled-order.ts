import { useCallback, useEffect, useRef, useState } from 'react';
import { type Arrangement, arrange } from './settled-order.ts';

/** How long the list must lie untouched before rows sort in by themselves. */
export const SETTLE_AFTER_MS = 3_000;

type SettledOrder<Row extends { readonly studyId: string }> = Arrangement<Row> & {
  /** Tells that pointer or keyboard just acted on the list. */
  readonly touch: () => void;
  /** Sorts everything in now, because a person asked for it. */
  readonly settle: () => void;
};

/**
 * The rows in an order that holds still while somebody works on the list. `subject` names what is listed (filter and
 * search): another subject starts with its own fresh order.
 */
export function useSettledOrder<Row extends { readonly studyId: string }>(
  fresh: readonly Row[],
  subject: string,
): SettledOrder<Row> {
  const [held, setHeld] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const shown = useRef<{ readonly subject: string; readonly rows: readonly Row[] }>({ subject, rows: fresh });

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

  const before = shown.current.subject === subject ? shown.current.rows : [];
  const arrangement = arrange(fresh, before, held);
  useEffect(() => {
    shown.current = { subject, rows: arrangement.rows };
  });
  return { ...arrangement, touch, settle };
}
