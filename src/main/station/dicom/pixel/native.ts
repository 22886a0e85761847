import { err, ok } from '../../../../shared/domain/result.ts';
import type { EncodedFrame, RawSamples } from './decode-frame.ts';

/** Samples of an uncompressed little-endian frame, copied so that the caller's bytes stay as they are. */
export function decodeNative(frame: EncodedFrame): RawSamples {
  const count = frame.rows * frame.columns * frame.samplesPerPixel;
  const { bytes } = frame;
  if (frame.photometricInterpretation === 'YBR_FULL_422') return decodeSharedColour(frame, count);
  if (bytes.length < (count * frame.bitsAllocated) / 8) return err({ code: 'frame-too-short' });
  if (frame.bitsAllocated === 8) return ok(Uint8Array.from(bytes.subarray(0, count)));
  const samples = new Uint16Array(count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let index = 0; index < count; index += 1) samples[index] = view.getUint16(2 * index, true);
  return ok(samples);
}

/** 4:2:2 writes Y Y Cb Cr for two pixels (PS3.3 §C.7.6.3.1.2); each pixel gets the colour they share. */
function decodeSharedColour(
  { bytes, bitsAllocated, samplesPerPixel, columns }: EncodedFrame,
  count: number,
): RawSamples {
  if (bitsAllocated !== 8 || samplesPerPixel !== 3 || columns % 2 !== 0) return err({ code: 'unsupported-pixels' });
  if (bytes.length < (count / 3) * 2) return err({ code: 'frame-too-short' });
  const samples = new Uint8Array(count);
  for (let from = 0, to = 0; to < count; from += 4, to += 6) {
    const [first = 0, second = 0, blue = 0, red = 0] = bytes.subarray(from, from + 4);
    samples.set([first, blue, red, second, blue, red], to);
  }
  return ok(samples);
}
