import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { ImageDescription } from './dataset/describe-instance.ts';
import type { ByteRange, PixelDataLocation } from './dataset/find-pixel-data.ts';

/** Why frames cannot be told apart. */
export type FramesFailure = {
  readonly code: 'no-image-size' | 'frames-not-byte-aligned' | 'pixel-data-too-short' | 'frames-not-separable';
};

/** Where one frame stands; an encapsulated frame may be several runs, and one of packed bits may begin within a byte. */
export type FrameSpan = { readonly ranges: readonly ByteRange[]; readonly bitOffset: number };

/** Far beyond any real object; a header that claims more is lying. */
const MAX_FRAMES = 200_000;

/** The place of each frame, in order, from the start of the data set (of the inflated one where it was deflated). */
export function frameSpans(
  location: PixelDataLocation,
  image: ImageDescription,
): Result<readonly FrameSpan[], FramesFailure> {
  if (image.numberOfFrames > MAX_FRAMES) return err({ code: 'frames-not-separable' });
  return location.kind === 'native'
    ? nativeFrames(location, image)
    : encapsulatedFrames(location, image.numberOfFrames);
}

/** The bytes of each frame, for whoever hands them on as they are: refused where a frame begins within a byte. */
export function frameRanges(
  location: PixelDataLocation,
  image: ImageDescription,
): Result<readonly (readonly ByteRange[])[], FramesFailure> {
  const spans = frameSpans(location, image);
  if (!spans.ok) return spans;
  if (spans.value.some(({ bitOffset }) => bitOffset !== 0)) return err({ code: 'frames-not-byte-aligned' });
  return ok(spans.value.map(({ ranges }) => ranges));
}

function nativeFrames(location: ByteRange, image: ImageDescription): Result<readonly FrameSpan[], FramesFailure> {
  const { rows, columns, samplesPerPixel, bitsAllocated, numberOfFrames } = image;
  if (!rows || !columns || !bitsAllocated) return err({ code: 'no-image-size' });
  // 4:2:2 shares its colour between two pixels: two samples a pixel (PS3.3 §C.7.6.3.1.2).
  const samples = image.photometricInterpretation === 'YBR_FULL_422' ? 2 : (samplesPerPixel ?? 1);
  const bits = rows * columns * samples * bitsAllocated;
  if (Math.ceil((bits * numberOfFrames) / 8) > location.length) return err({ code: 'pixel-data-too-short' });
  return ok(
    Array.from({ length: numberOfFrames }, (_, frame) => {
      const first = Math.floor((frame * bits) / 8);
      const length = Math.ceil(((frame + 1) * bits) / 8) - first;
      return { ranges: [{ offset: location.offset + first, length }], bitOffset: (frame * bits) % 8 };
    }),
  );
}

/**
 * Everything is the one frame; or one fragment a frame; or by offset table; or, where writers left it out or wrong, by where
 * a codestream begins (PS3.5 §A.4).
 */
function encapsulatedFrames(
  { fragments, offsetTable }: PixelDataLocation & { readonly kind: 'encapsulated' },
  numberOfFrames: number,
): Result<readonly FrameSpan[], FramesFailure> {
  const ranges = fragments.map(({ offset, length }) => ({ offset, length }));
  if (fragments.length === 0) return err({ code: 'pixel-data-too-short' });
  if (numberOfFrames === 1) return ok([{ ranges, bitOffset: 0 }]);
  if (fragments.length === numberOfFrames) return ok(ranges.map((range) => ({ ranges: [range], bitOffset: 0 })));
  const starts =
    offsetTable.length === numberOfFrames
      ? offsetTable
      : fragments.filter(({ startsStream }) => startsStream).map(({ itemOffset }) => itemOffset);
  if (starts.length !== numberOfFrames) return err({ code: 'frames-not-separable' });
  const frames: ByteRange[][] = starts.map(() => []);
  let frame = 0;
  for (const { itemOffset, offset, length } of fragments) {
    while (itemOffset >= (starts[frame + 1] ?? Number.POSITIVE_INFINITY)) frame += 1;
    frames[frame]?.push({ offset, length });
  }
  return frames.every((frameRange) => frameRange.length > 0)
    ? ok(frames.map((frameRange) => ({ ranges: frameRange, bitOffset: 0 })))
    : err({ code: 'frames-not-separable' });
}
