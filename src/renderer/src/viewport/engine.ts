import { cache, init as initCore, RenderingEngine } from '@cornerstonejs/core';
import { init as initImageLoader, wadors } from '@cornerstonejs/dicom-image-loader';
import { init as initTools } from '@cornerstonejs/tools';
import { forgetDataSet, registerPictureLoader, rememberDataSet } from './picture/load-picture.ts';
import { shownAs } from './picture/shown-as.ts';
import type { StackImage } from './stack.ts';

/** Decoded images kept at most: some eight hundred CT slices; the least recently used go first. */
export const CACHE_BYTES = 512 * 1024 * 1024;

let engine: RenderingEngine | null = null;

/** The page's one rendering engine; started on first use. */
export function getEngine(): RenderingEngine {
  if (engine === null) {
    // One WebGL context per pane of the largest layout; without WebGL the same viewports draw on the CPU.
    initCore({ rendering: { webGlContextCount: 4 }, debug: {} });
    initImageLoader({ maxWebWorkers: Math.max(1, Math.min(4, Math.floor(navigator.hardwareConcurrency / 2))) });
    registerPictureLoader();
    initTools();
    cache.setMaxCacheSize(CACHE_BYTES);
    engine = new RenderingEngine('wetread');
  }
  return engine;
}

/** How many open shelves hold each picture: a study opened again while it is being left keeps its pictures. */
const holders = new Map<string, number>();

/** Tells the decoder what it must know of each picture; needed before one is loaded. */
export function registerImages(images: readonly StackImage[]): void {
  getEngine();
  for (const { imageId, dataSet } of images) {
    holders.set(imageId, (holders.get(imageId) ?? 0) + 1);
    rememberDataSet(imageId, dataSet);
    wadors.metaDataManager.add(imageId, shownAs(dataSet) as WadorsMetadata);
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
