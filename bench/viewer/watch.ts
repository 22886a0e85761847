import { Enums, type StackViewport } from '@cornerstonejs/core';

/** What the viewer holds: images that came into the cache since they were last forgotten, and when the last one did. */
export type ViewerFigures = {
  readonly decoded: number;
  /** By the page's own clock; null before the first. */
  readonly lastAtMs: number | null;
  readonly cacheBytes: number;
};

/** How the reading page is looked into. */
export type WatchedPage = {
  viewerFigures: () => ViewerFigures;
  forgetFigures: () => void;
  /** Shows so many images one after another, each drawn before the next is asked for; gives the ms of each. */
  scrollViewer: (from: number, count: number) => Promise<readonly number[]>;
};

/** Shows so many images from one on, each drawn before the next is asked for; gives the ms of each. */
export async function scrollThrough(viewport: StackViewport, from: number, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = from; index < from + count; index += 1) {
    const began = performance.now();
    const isDrawn = new Promise((resolve) =>
      viewport.element.addEventListener(Enums.Events.IMAGE_RENDERED, resolve, { once: true }),
    );
    await viewport.setImageIdIndex(index);
    await isDrawn;
    times.push(performance.now() - began);
  }
  return times;
}
