import { cache, type Types } from '@cornerstonejs/core';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { isWhole, loadAhead } from '../loaded-image.ts';
import { wholeWindow } from '../picture/grey-pixels.ts';
import { factsOf } from '../picture/load-picture.ts';
import { outwards } from '../prefetch.ts';
import type { StackImage } from '../stack.ts';
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
      const slice = sliceOf(loaded, image);
      slices[index] = slice.values;
      min = Math.min(min, slice.min);
      max = Math.max(max, slice.max);
      window ??= slice.window;
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

type Slice = { readonly values: SliceValues; readonly min: number; readonly max: number; readonly window: GreyWindow };

/**
 * The values after rescale of a loaded image. One that is drawn by a VOI table holds what the table gives, which is shades and no
 * values: those before the table are taken, in a window over all of them.
 */
function sliceOf(loaded: Types.IImage, image: StackImage): Slice {
  const facts = factsOf(loaded);
  const before = facts?.modality ?? null;
  const padding = facts?.padding?.includes(1) === true ? facts.padding : null;
  const { slope, intercept } = loaded.preScale?.scaled ? { slope: 1, intercept: 0 } : image.rescale;
  const values = { values: before ?? loaded.getPixelData(), slope, intercept, ...(padding !== null && { padding }) };
  if (before === null) {
    const [least, most] = [loaded.minPixelValue, loaded.maxPixelValue].map((value) => value * slope + intercept);
    const [centre = 128, width = 256] = [[loaded.windowCenter].flat()[0], [loaded.windowWidth].flat()[0]];
    return { values, min: least ?? 0, max: most ?? 0, window: { centre, width } };
  }
  const { centre, width } = wholeWindow(before, () => false);
  return { values, min: centre - width / 2, max: centre + width / 2, window: { centre, width } };
}
