import { type RefObject, useCallback, useLayoutEffect, useState } from 'react';
import { flushSync } from 'react-dom';

/** A list of rows that are all of one height, below a heading that stays in sight. */
type Rows = { readonly total: number; readonly rowHeight: number; readonly headHeight: number };

/** The places in sight, from 0, both ends in, and a way to scroll just as far as a place needs to be in sight. */
type RowsInSight = { readonly first: number; readonly last: number; readonly show: (place: number) => void };

/**
 * Which rows of a long list are in sight, by arithmetic alone: a virtualizer that can measure rows keeps something of each of
 * them, and 100,000 of those, made anew whenever a study comes, took most of the time of a jump.
 */
export function useRowsInSight(scroller: RefObject<HTMLDivElement | null>, rows: Rows): RowsInSight {
  const { total, rowHeight, headHeight } = rows;
  const [sight, setSight] = useState({ first: 0, last: -1 });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const look = () => {
      const { scrollTop, clientHeight } = element;
      const first = Math.floor(scrollTop / rowHeight);
      const last = Math.ceil((scrollTop + clientHeight - headHeight) / rowHeight) - 1;
      setSight((before) => (before.first === first && before.last === last ? before : { first, last }));
    };
    look();
    // In the same frame: what was scrolled to is never drawn empty first.
    const onScroll = () => flushSync(look);
    element.addEventListener('scroll', onScroll, { passive: true });
    const resized = new ResizeObserver(look);
    resized.observe(element);
    return () => {
      element.removeEventListener('scroll', onScroll);
      resized.disconnect();
    };
  }, [scroller, rowHeight, headHeight]);

  const show = useCallback(
    (place: number) => {
      const element = scroller.current;
      if (element === null) return;
      const [top, room] = [place * rowHeight, element.clientHeight - headHeight];
      if (top < element.scrollTop) element.scrollTop = top;
      else if (top + rowHeight > element.scrollTop + room) element.scrollTop = top + rowHeight - room;
    },
    [scroller, rowHeight, headHeight],
  );
  const last = Math.min(sight.last, total - 1);
  return { first: Math.max(0, Math.min(sight.first, last)), last, show };
}
