/**
 * The tallest element that rows are laid out in, in pixels: browsers cut elements at about 33.5 million, and place what is drawn
 * by 32-bit floats, which keep whole pixels up to 16.7 million. A longer list is scrolled through an element of this height.
 */
export const TALLEST_PX = 15_000_000;
/** So far from either end a pixel scrolled is a pixel of the list, whatever its length: both ends are reached as in any list. */
const EDGE_PX = 1_000_000;
/** Scrolled further at once than so many screens somebody went to a place, by the scroll bar; less is so many pixels of rows. */
const SCREENS_A_STEP = 3;

/** How a list's pixels lie in its element: what is at `top` of the element is at `top + offset` of the list. */
export type Lie = { readonly top: number; readonly offset: number };

/** The height of the element in which a list so high is laid out. */
export function elementHeight(listPx: number): number {
  return Math.min(listPx, TALLEST_PX);
}

/** Where the element is to be scrolled to so that a place of the list is at its top, and how the list lies in it then. */
export function lieAt(listTop: number, listPx: number): Lie {
  const height = elementHeight(listPx);
  const between = (listPx - 2 * EDGE_PX) / (height - 2 * EDGE_PX);
  const top =
    listPx <= TALLEST_PX || listTop <= EDGE_PX
      ? listTop
      : listTop >= listPx - EDGE_PX
        ? listTop - (listPx - height)
        : Math.round(EDGE_PX + (listTop - EDGE_PX) / between);
  return { top, offset: listTop - top };
}

/** Which place of the list somebody means who drags the scroll bar to a place of the element. */
export function listTopAt(top: number, listPx: number): number {
  const height = elementHeight(listPx);
  if (listPx <= TALLEST_PX || top <= EDGE_PX) return top;
  if (top >= height - EDGE_PX) return top + (listPx - height);
  return EDGE_PX + ((top - EDGE_PX) * (listPx - 2 * EDGE_PX)) / (height - 2 * EDGE_PX);
}

/** How the list lies after the element was scrolled: rows move with the wheel by as many pixels; a drag goes in proportion. */
export function lieAfter(before: Lie, top: number, listPx: number, screenPx: number): Lie {
  if (listPx <= TALLEST_PX) return { top, offset: 0 };
  if (Math.abs(top - before.top) <= SCREENS_A_STEP * screenPx) return { top, offset: before.offset };
  return { top, offset: listTopAt(top, listPx) - top };
}
