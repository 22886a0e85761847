import '../../src/renderer/src/app/main.tsx';
import { cache, Enums, eventTarget, getRenderingEngine, StackViewport } from '@cornerstonejs/core';
import { scrollThrough, type ViewerFigures, type WatchedPage } from './watch.ts';

/** When each image came into the cache, ms of this page's clock. */
const cameAtMs: number[] = [];
eventTarget.addEventListener(Enums.Events.IMAGE_CACHE_IMAGE_ADDED, () => cameAtMs.push(performance.now()));

Object.assign(window, {
  viewerFigures: (): ViewerFigures => ({
    decoded: cameAtMs.length,
    lastAtMs: cameAtMs.at(-1) ?? null,
    cacheBytes: cache.getCacheSize(),
  }),
  forgetFigures: () => {
    // What was prepared, as the first image of the study just left, would come from the cache and not be counted.
    cache.purgeCache();
    cameAtMs.splice(0);
  },
  scrollViewer: (from: number, count: number) => {
    const viewport = getRenderingEngine('wetread')
      ?.getViewports()
      .find((one) => one instanceof StackViewport);
    if (!(viewport instanceof StackViewport)) throw new Error('no stack on the screen');
    return scrollThrough(viewport, from, count);
  },
} satisfies WatchedPage);
