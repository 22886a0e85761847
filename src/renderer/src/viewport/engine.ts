import { cache, init as initCore, RenderingEngine } from '@cornerstonejs/core';
import { init as initImageLoader, wadors } from '@cornerstonejs/dicom-image-loader';
import { init as initTools } from '@cornerstonejs/tools';
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
    initTools();
    cache.setMaxCacheSize(CACHE_BYTES);
    engine = new RenderingEngine('wetread');
  }
  return engine;
}

/** Tells the decoder what it must know of each picture; needed before one is loaded. */
export function registerImages(images: readonly StackImage[]): void {
  getEngine();
  for (const image of images) wadors.metaDataManager.add(image.imageId, image.dataSet as WadorsMetadata);
}

/** Forgets pictures: their metadata and what was decoded of them. */
export function forgetImages(images: readonly StackImage[]): void {
  for (const { imageId } of images) {
    if (cache.getImageLoadObject(imageId) !== undefined) cache.removeImageLoadObject(imageId, { force: true });
    wadors.metaDataManager.remove(imageId);
  }
}

type WadorsMetadata = Parameters<typeof wadors.metaDataManager.add>[1];
