import { type RefObject, useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { elementHeight, type Lie, lieAfter, lieAt } from './tall-list.ts';

/** A list of rows that are all of one height, below a heading that stays in sight. */
type Rows = {
  readonly total: number;
  readonly rowHeight: number;
  readonly headHeight: number;
  /** Told of the places that come in sight before they are drawn: what is to be fetched for them is on its way meanwhile. */
  readonly onComing: (first: number, last: number) => void;
};

/** Where a list is scrolled to, in its own pixels, which may be more than any element is high. */
export type ListScroll = { readonly top: () => number; readonly moveTo: (top: number) => void };

/** The places in sight, from 0, both ends in, where they are drawn, and a way to scroll just as far as a place needs to be in sight. */
type RowsInSight = {
  readonly first: number;
  readonly last: number;
  /** The height of the element that rows are drawn in. */
  readonly height: number;
  /** How far from the top of that element a place is drawn. */
  readonly offsetOf: (place: number) => number;
  readonly show: (place: number) => void;
  readonly scroll: ListScroll;
};

const AT_TOP: Lie = { top: 0, offset: 0 };

/**
 * Which rows of a long list are in sight, by arithmetic alone: a virtualizer that can measure rows keeps something of each of
 * them, and 100,000 of those, made anew whenever a study comes, took most of the time of a jump. A list that is higher than an
 * element can be is laid into one by `tall-list`: rows still move as far as the wheel says, and either end is reached.
 */
export function useRowsInSight(scroller: RefObject<HTMLDivElement | null>, rows: Rows): RowsInSight {
  const { total, rowHeight, headHeight, onComing } = rows;
  const [sight, setSight] = useState({ first: 0, last: -1, offset: 0 });
  const lie = useRef(AT_TOP);
  const listPx = useRef(0);

  const inSight = useCallback(
    (element: HTMLDivElement) => {
      const { offset } = lie.current;
      const top = lie.current.top + offset;
      const first = Math.floor(top / rowHeight);
      return { first, last: Math.ceil((top + element.clientHeight - headHeight) / rowHeight) - 1, offset };
    },
    [rowHeight, headHeight],
  );
  const see = useCallback(() => {
    if (scroller.current === null) return;
    const now = inSight(scroller.current);
    setSight((before) =>
      before.first === now.first && before.last === now.last && before.offset === now.offset ? before : now,
    );
  }, [scroller, inSight]);

  const scroll = useMemo<ListScroll>(
    () => ({
      top: () => lie.current.top + lie.current.offset,
      moveTo(wanted) {
        const element = scroller.current;
        if (element === null) return;
        const lowest = Math.max(0, listPx.current + headHeight - element.clientHeight);
        const target = Math.max(0, Math.min(lowest, wanted));
        const next = lieAt(target, listPx.current);
        if (next.top !== element.scrollTop) element.scrollTop = next.top;
        // What the element made of it, which may be a part of a pixel off.
        lie.current = { top: element.scrollTop, offset: next.offset };
        see();
      },
    }),
    [scroller, headHeight, see],
  );

  useLayoutEffect(() => {
    // As many pixels from the top as before; only where a list does not fit an element is anything scrolled for that.
    const isLaid = lie.current.offset !== 0 || elementHeight(total * rowHeight) < total * rowHeight;
    listPx.current = total * rowHeight;
    if (isLaid) scroll.moveTo(scroll.top());
  }, [total, rowHeight, scroll]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const find = () => (lie.current = lieAfter(lie.current, element.scrollTop, listPx.current, element.clientHeight));
    const look = () => {
      find();
      see();
    };
    look();
    let drawing: number | null = null;
    // In the same frame, whose callbacks come after its scroll events: what was scrolled to is never drawn empty first.
    const onScroll = () => {
      find();
      const { first, last } = inSight(element);
      onComing(first, last);
      drawing ??= requestAnimationFrame(() => {
        drawing = null;
        flushSync(see);
      });
    };
    // Rows stay where they are, and the scroll bar shows again how far down that is.
    const onScrollEnd = () => {
      if (elementHeight(listPx.current) < listPx.current) flushSync(() => scroll.moveTo(scroll.top()));
    };
    element.addEventListener('scroll', onScroll, { passive: true });
    element.addEventListener('scrollend', onScrollEnd, { passive: true });
    const resized = new ResizeObserver(look);
    resized.observe(element);
    return () => {
      if (drawing !== null) cancelAnimationFrame(drawing);
      element.removeEventListener('scroll', onScroll);
      element.removeEventListener('scrollend', onScrollEnd);
      resized.disconnect();
    };
  }, [scroller, see, scroll, inSight, onComing]);

  const show = useCallback(
    (place: number) => {
      const element = scroller.current;
      if (element === null) return;
      const [top, room, now] = [place * rowHeight, element.clientHeight - headHeight, scroll.top()];
      if (top < now) scroll.moveTo(top);
      else if (top + rowHeight > now + room) scroll.moveTo(top + rowHeight - room);
    },
    [scroller, rowHeight, headHeight, scroll],
  );
  const last = Math.min(sight.last, total - 1);
  return {
    first: Math.max(0, Math.min(sight.first, last)),
    last,
    height: elementHeight(total * rowHeight),
    offsetOf: (place) => place * rowHeight - sight.offset,
    show,
    scroll,
  };
}
