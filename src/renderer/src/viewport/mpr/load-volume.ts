import { cache } from '@cornerstonejs/core';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { isWhole, loadAhead } from '../loaded-image.ts';
import { outwards } from '../prefetch.ts';
import type { GreyWindow } from '../window-presets.ts';
import type { SliceValues, Volume } from './reslice.ts';
import type { VolumeGeometry } from './volume.ts';

/** A volume with its values, and the window its middle image came with. */
export type LoadedVolume = Volume & {
  readonly window: GreyWindow;
  readonly range: { readonly min: number; readonly max: number };
};

const AT_ONCE = 6;

/**
 * Loads every image of a volume, from its middle outwards, telling how many are here. With one image that cannot be had there is
 * no volume: what lies between its neighbours would be made up. The values are held beside the cache, so that nothing of the
 * volume goes while it is drawn.
 */
export async function loadVolume(
  geometry: VolumeGeometry,
  signal: AbortSignal,
  onProgress: (loaded: number) => void,
): Promise<Result<LoadedVolume, { readonly code: 'image-missing' | 'left' }>> {
  const { images } = geometry;
  const slices: (SliceValues | undefined)[] = Array.from({ length: images.length });
  const order = [...outwards(Math.floor(images.length / 2), images.length)];
  let window: GreyWindow | null = null;
  let [min, max] = [Infinity, -Infinity];
  let isMissing = false;
  let count = 0;
  const work = async () => {
    for (let index = order.shift(); index !== undefined; index = order.shift()) {
      if (isMissing || signal.aborted) return;
      const image = images[index];
      if (image === undefined) continue;
      const loaded = await loadAhead(image).then(
        () => cache.getImage(image.imageId),
        () => undefined,
      );
      if (loaded === undefined || !isWhole(loaded, image)) {
        isMissing = true;
        return;
      }
      const { slope, intercept } = loaded.preScale?.scaled ? { slope: 1, intercept: 0 } : image.rescale;
      slices[index] = { values: loaded.getPixelData(), slope, intercept };
      min = Math.min(min, loaded.minPixelValue * slope + intercept);
      max = Math.max(max, loaded.maxPixelValue * slope + intercept);
      window ??= { centre: [loaded.windowCenter].flat()[0] ?? 128, width: [loaded.windowWidth].flat()[0] ?? 256 };
      count += 1;
      onProgress(count);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (signal.aborted) return err({ code: 'left' });
  const whole = slices.filter((slice) => slice !== undefined);
  if (isMissing || whole.length < images.length || window === null) return err({ code: 'image-missing' });
  return ok({ geometry, slices: whole, window, range: { min, max } });
}
