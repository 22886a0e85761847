import { err, ok } from '../../../../shared/domain/result.ts';
import type { EncodedFrame, RawSamples } from './decode-frame.ts';

/** Samples of an uncompressed little-endian frame, copied so that the caller's bytes stay as they are. */
export function decodeNative(frame: EncodedFrame): RawSamples {
  const count = frame.rows * frame.columns * frame.samplesPerPixel;
  const { bytes } = frame;
  if (bytes.length < (count * frame.bitsAllocated) / 8) return err({ code: 'frame-too-short' });
  if (frame.bitsAllocated === 8) return ok(Uint8Array.from(bytes.subarray(0, count)));
  const samples = new Uint16Array(count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let index = 0; index < count; index += 1) samples[index] = view.getUint16(2 * index, true);
  return ok(samples);
}
