import type { Page } from 'playwright';

/**
 * Texts that are cut off, or that lie over one another, as lines of words; empty on a sound page. A text shortened with
 * an ellipsis is sound where a `title` on it or close above it says it whole; what a scroll bar reaches is sound too.
 */
export async function findLayoutFaults(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    type Box = { left: number; top: number; right: number; bottom: number };
    type Text = { element: HTMLElement; words: string; box: Box };
    const SLACK = 1.5;
    const faults: string[] = [];
    const texts: Text[] = [];

    const { scrollWidth, scrollHeight } = document.documentElement;
    if (scrollWidth > innerWidth || scrollHeight > innerHeight)
      faults.push(`the page is ${scrollWidth}×${scrollHeight}`);

    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      const words = node.textContent?.trim() ?? '';
      if (element === null || words === '' || ['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(element.tagName)) continue;
      if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const rect of range.getClientRects()) {
        if (rect.bottom < 0 || rect.right < 0) continue; // waits outside the page until it has the focus
        const seen = clipped(element, rect, words);
        if (seen !== null) texts.push({ element, words, box: seen });
      }
    }

    /** What of a text can be seen, after noting what an ancestor cuts off; null where nothing can. */
    function clipped(element: HTMLElement, rect: DOMRect, words: string): Box | null {
      let box: Box = { left: rect.left, top: rect.top, right: rect.right, bottom: rect.bottom };
      let canScroll = false;
      for (let above: HTMLElement | null = element; above !== null; above = above.parentElement) {
        const style = getComputedStyle(above);
        if (style.clipPath !== 'none') return null; // only for screen readers
        if (style.overflowX === 'visible' && style.overflowY === 'visible') continue;
        const frame = above.getBoundingClientRect();
        canScroll ||= [style.overflowX, style.overflowY].some((value) => value === 'auto' || value === 'scroll');
        const cut =
          (style.overflowX !== 'visible' && (box.left < frame.left - SLACK || box.right > frame.right + SLACK)) ||
          (style.overflowY !== 'visible' && (box.top < frame.top - SLACK || box.bottom > frame.bottom + SLACK));
        if (cut && !canScroll && !isSaidWhole(element)) faults.push(`cut off: “${words}”`);
        box = {
          left: Math.max(box.left, frame.left),
          top: Math.max(box.top, frame.top),
          right: Math.min(box.right, frame.right),
          bottom: Math.min(box.bottom, frame.bottom),
        };
        if (box.right - box.left < 1 || box.bottom - box.top < 1) return null;
      }
      return box;
    }

    function isSaidWhole(element: HTMLElement): boolean {
      const titled = element.closest('[title]');
      return titled !== null && titled.contains(element) && titled.getAttribute('title') !== '';
    }

    for (const [index, one] of texts.entries()) {
      for (const other of texts.slice(index + 1)) {
        if (one.element === other.element) continue;
        const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
        const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
        // Boxes of lines set close are taller than their letters.
        if (across > SLACK && down > 4 && isOnTop(one) && isOnTop(other)) {
          faults.push(`overlap: “${one.words}” and “${other.words}”`);
        }
      }
    }

    /** False for what lies behind a menu, a dialogue or a notice: that covers it on purpose. */
    function isOnTop({ element, box }: Text): boolean {
      const top = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
      const isLayered = (one: Element | null) => one?.closest('[role="dialog"], [role="menu"], [data-portal]') ?? null;
      return isLayered(top) === isLayered(element);
    }
    return [...new Set(faults)];
  });
}
