import { type RefObject, useCallback, useEffect, useState } from 'react';

/** A size in CSS pixels. */
export type PaneSize = { readonly columns: number; readonly rows: number };

/** The size of an element in CSS pixels, from now on. */
export function useSize(element: RefObject<HTMLElement | null>): PaneSize {
  const [size, setSize] = useState({ columns: 0, rows: 0 });
  const measure = useCallback(() => {
    const { clientWidth: columns = 0, clientHeight: rows = 0 } = element.current ?? {};
    setSize((before) => (before.columns === columns && before.rows === rows ? before : { columns, rows }));
  }, [element]);
  useEffect(() => {
    const { current } = element;
    if (current === null) return;
    measure();
    const resizes = new ResizeObserver(measure);
    resizes.observe(current);
    return () => resizes.disconnect();
  }, [element, measure]);
  return size;
}
