import { cache, init as initCore, RenderingEngine } from '@cornerstonejs/core';
import { init as initImageLoader, wadors } from '@cornerstonejs/dicom-image-loader';
import { init as initTools } from '@cornerstonejs/tools';
import { followShare } from './cache-share.ts';
import { forgetDataSet, registerPictureLoader, rememberDataSet } from './picture/load-picture.ts';
import { shownAs } from './picture/shown-as.ts';
import type { StackImage } from './stack.ts';

let engine: RenderingEngine | null = null;

/** The page's one rendering engine; started on first use. */
export function getEngine(): RenderingEngine {
  if (engine === null) {
    // One WebGL context per pane of the largest layout; without WebGL the same viewports draw on the CPU.
    initCore({ rendering: { webGlContextCount: 4 }, debug: {} });
    initImageLoader({
      maxWebWorkers: Math.max(1, Math.min(4, Math.floor(navigator.hardwareConcurrency / 2))),
      // A frame by itself: for the end of a part the loader looks at each byte of it, on the thread that draws.
      beforeSend: () => Promise.resolve({ Accept: 'application/octet-stream; transfer-syntax=*' }),
    });
    registerPictureLoader();
    initTools();
    takeRefusals();
    followShare((bytes) => {
      cache.setMaxCacheSize(bytes);
      cache.decacheIfNecessaryUntilBytesAvailable(0);
    });
    engine = new RenderingEngine('wetread');
  }
  return engine;
}

/** What may be kept now. */
export function shareNow(): number {
  return cache.getMaxCacheSize();
}

/** The cache promises nobody waits for: one of a picture that cannot be had would be a fault of the page, where whoever asked for it is told. */
function takeRefusals(): void {
  const put = cache.putImageLoadObject.bind(cache);
  cache.putImageLoadObject = (...asked) => {
    const stored = put(...asked);
    stored.catch(() => undefined);
    return stored;
  };
}

/** How many open shelves hold each picture: a study opened again while it is being left keeps its pictures. */
const holders = new Map<string, number>();

/** Tells the decoder what it must know of each picture; needed before one is loaded. */
export function registerImages(images: readonly StackImage[]): void {
  getEngine();
  for (const { imageId, dataSet } of images) {
    holders.set(imageId, (holders.get(imageId) ?? 0) + 1);
    rememberDataSet(imageId, dataSet);
    wadors.metaDataManager.add(imageId, shownAs(dataSet) as unknown as WadorsMetadata);
  }
}

/** Forgets pictures: their metadata and what was decoded of them. One that is still loading is forgotten once it came. */
export function forgetImages(images: readonly StackImage[]): void {
  for (const { imageId } of images) {
    holders.set(imageId, (holders.get(imageId) ?? 1) - 1);
    const forget = () => forgetUnheld(imageId);
    // The decoder asks for metadata after the pixels came: taken away under it, it throws where nobody catches.
    void (cache.getImageLoadObject(imageId)?.promise ?? Promise.resolve()).then(forget, forget);
  }
}

function forgetUnheld(imageId: string): void {
  if ((holders.get(imageId) ?? 0) > 0) return;
  holders.delete(imageId);
  if (cache.getImageLoadObject(imageId) !== undefined) cache.removeImageLoadObject(imageId, { force: true });
  wadors.metaDataManager.remove(imageId);
  forgetDataSet(imageId);
}

type WadorsMetadata = Parameters<typeof wadors.metaDataManager.add>[1];
