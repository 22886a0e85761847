import { Enums, imageLoader, type Types } from '@cornerstonejs/core';
import type { PixelValue } from './measurements/pixel-statistics.ts';
import { factsOf } from './picture/load-picture.ts';
import type { StackImage } from './stack.ts';

/** True when the decoder gave a value for every pixel; with fewer it would draw black, which looks like an image. */
export function isWhole(loaded: Types.IImage, image: StackImage): boolean {
  return loaded.getPixelData().length >= image.rows * image.columns * (loaded.color ? 3 : 1);
}

/** Loads an image into the cache behind what is asked for now; rejects when it cannot be had. */
export async function loadAhead(image: StackImage | undefined): Promise<void> {
  if (image === undefined) return;
  await imageLoader.loadAndCacheImage(image.imageId, {
    requestType: Enums.RequestType.Prefetch,
    priority: 10,
    additionalDetails: { imageId: image.imageId },
  });
}

/** The value of a pixel after rescale, or that it is padding; null beside the image, where pixels are colours, or where another image is loaded. */
export function valueAt(
  loaded: Types.IImage | undefined,
  image: StackImage,
  column: number,
  row: number,
): ReturnType<PixelValue> {
  if (loaded?.imageId !== image.imageId || loaded.color) return null;
  if (column < 0 || row < 0 || column >= image.columns || row >= image.rows) return null;
  const place = row * image.columns + column;
  const facts = factsOf(loaded);
  if (facts?.padding?.[place] === 1) return 'padding';
  const stored = (facts?.modality ?? loaded.getPixelData())[place];
  if (stored === undefined) return null;
  const { slope, intercept, factor = 1 } = image.rescale;
  return factor * (loaded.preScale?.scaled ? stored : stored * slope + intercept);
}
