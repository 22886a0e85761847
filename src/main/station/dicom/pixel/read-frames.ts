import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { DatasetFailure, ReadDataset } from '../dataset/dataset.ts';
import { describeInstance, type ImageDescription } from '../dataset/describe-instance.ts';
import { findPixelData, type RangeReader } from '../dataset/find-pixel-data.ts';
import { type FrameSpan, frameSpans, type FramesFailure } from '../frames.ts';
import { EXPLICIT_BIG_ENDIAN } from '../transfer-syntaxes.ts';
import type { EncodedFrame } from './encoded-frame.ts';

/** The frames of one object, each read when asked for. */
export type Frames = {
  readonly dataset: ReadDataset;
  readonly image: ImageDescription;
  readonly count: number;
  /** The frame with this number, counted from 0; null where there is none. */
  readonly read: (frame: number) => Promise<EncodedFrame | null>;
};

/** Opens a data set's frames, wherever it is kept, reading its head and no pixels. */
export async function openFrames(
  reader: RangeReader,
  transferSyntaxUid: string,
): Promise<Result<Frames, DatasetFailure | FramesFailure | { readonly code: 'no-pixels' }>> {
  const found = await findPixelData(reader, transferSyntaxUid);
  if (!found.ok) return found;
  const { dataset, location, source } = found.value;
  if (location === null || dataset.pixelData === null) return err({ code: 'no-pixels' });
  const { image } = describeInstance(dataset);
  const spans = frameSpans(location, image);
  if (!spans.ok) return spans;
  const { vr } = dataset.pixelData;
  return ok({
    dataset,
    image,
    count: spans.value.length,
    read: async (frame) => {
      const span = spans.value[frame];
      if (span === undefined) return null;
      const bytes = await readSpan(source, withPartner(span, transferSyntaxUid));
      return encodedFrame(bytes, span, image, transferSyntaxUid, vr);
    },
  });
}

/** With a byte more where the last one of an odd frame stands swapped with the next frame's first (PS3.5 §A.3). */
function withPartner(span: FrameSpan, transferSyntaxUid: string): FrameSpan {
  if (transferSyntaxUid !== EXPLICIT_BIG_ENDIAN) return span;
  return { ...span, ranges: span.ranges.map(({ offset, length }) => ({ offset, length: length + (length & 1) })) };
}

async function readSpan(source: RangeReader, { ranges }: FrameSpan): Promise<Uint8Array> {
  const parts = await Promise.all(ranges.map(async ({ offset, length }) => source.read(offset, length)));
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : Buffer.concat(parts);
}

/** A frame with what its image says of it; what the image leaves out is what it most often is. */
export function encodedFrame(
  bytes: Uint8Array,
  span: Pick<FrameSpan, 'bitOffset'>,
  image: ImageDescription,
  transferSyntaxUid: string,
  vr: string,
): EncodedFrame {
  const samplesPerPixel = image.samplesPerPixel ?? 1;
  const bitsAllocated = image.bitsAllocated ?? (vr === 'OD' ? 64 : vr === 'OF' ? 32 : 0);
  const bitsStored = vr === 'OF' || vr === 'OD' ? bitsAllocated : (image.bitsStored ?? bitsAllocated);
  return {
    bytes,
    transferSyntaxUid,
    vr,
    bitOffset: span.bitOffset,
    rows: image.rows ?? 0,
    columns: image.columns ?? 0,
    samplesPerPixel,
    photometricInterpretation: image.photometricInterpretation ?? (samplesPerPixel === 3 ? 'RGB' : 'MONOCHROME2'),
    planarConfiguration: image.planarConfiguration ?? 0,
    bitsAllocated,
    bitsStored,
    highBit: vr === 'OF' || vr === 'OD' ? bitsStored - 1 : (image.highBit ?? bitsStored - 1),
    pixelRepresentation: image.pixelRepresentation ?? 0,
  };
}
