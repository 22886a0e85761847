import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { ImageDescription } from './dataset/describe-instance.ts';
import type { ByteRange, PixelDataLocation } from './dataset/find-pixel-data.ts';

/** Why frames cannot be told apart. */
export type FramesFailure = {
  readonly code: 'no-image-size' | 'frames-not-byte-aligned' | 'pixel-data-too-short' | 'frames-not-separable';
};

/** Far beyond any real object; a header that claims more is lying. */
const MAX_FRAMES = 200_000;

/** The bytes of each frame, in order, from the start of the data set; an encapsulated frame may be several runs. */
export function frameRanges(
  location: PixelDataLocation,
  image: ImageDescription,
): Result<readonly (readonly ByteRange[])[], FramesFailure> {
  if (image.numberOfFrames > MAX_FRAMES) return err({ code: 'frames-not-separable' });
  return location.kind === 'native'
    ? nativeFrames(location, image)
    : encapsulatedFrames(location, image.numberOfFrames);
}

function nativeFrames(
  location: ByteRange,
  image: ImageDescription,
): Result<readonly (readonly ByteRange[])[], FramesFailure> {
  const { rows, columns, samplesPerPixel, bitsAllocated, numberOfFrames } = image;
  if (!rows || !columns || !bitsAllocated) return err({ code: 'no-image-size' });
  // 4:2:2 shares its colour between two pixels: two samples a pixel (PS3.3 §C.7.6.3.1.2).
  const samples = image.photometricInterpretation === 'YBR_FULL_422' ? 2 : (samplesPerPixel ?? 1);
  const bits = rows * columns * samples * bitsAllocated;
  if (bits % 8 !== 0 && numberOfFrames > 1) return err({ code: 'frames-not-byte-aligned' });
  const length = Math.ceil(bits / 8);
  if (length * numberOfFrames > location.length) return err({ code: 'pixel-data-too-short' });
  return ok(
    Array.from({ length: numberOfFrames }, (_, frame) => [{ offset: location.offset + frame * length, length }]),
  );
}

/** By offset table; else one fragment a frame; else everything is the one frame (PS3.5 §A.4). */
function encapsulatedFrames(
  { fragments, offsetTable }: PixelDataLocation & { readonly kind: 'encapsulated' },
  numberOfFrames: number,
): Result<readonly (readonly ByteRange[])[], FramesFailure> {
  const ranges = fragments.map(({ offset, length }) => ({ offset, length }));
  if (fragments.length === 0) return err({ code: 'pixel-data-too-short' });
  if (numberOfFrames === 1) return ok([ranges]);
  if (fragments.length === numberOfFrames) return ok(ranges.map((range) => [range]));
  if (offsetTable.length !== numberOfFrames) return err({ code: 'frames-not-separable' });
  const frames: ByteRange[][] = offsetTable.map(() => []);
  let frame = 0;
  for (const { itemOffset, offset, length } of fragments) {
    while (itemOffset >= (offsetTable[frame + 1] ?? Number.POSITIVE_INFINITY)) frame += 1;
    frames[frame]?.push({ offset, length });
  }
  return frames.every((frame) => frame.length > 0) ? ok(frames) : err({ code: 'frames-not-separable' });
}
