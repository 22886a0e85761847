import { Decoder } from 'jpeg-lossless-decoder-js';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { type DecodedSamples, type DecodeFailure, type EncodedFrame, sampleCount } from './encoded-frame.ts';
import type { JpegFrameHeader } from './jpeg-header.ts';

/** Samples of a JPEG Lossless frame (ITU-T T.81 process 14) whose header is as the data set says. */
export function decodeJpegLossless(
  frame: EncodedFrame,
  { components, precision }: JpegFrameHeader,
): Result<DecodedSamples, DecodeFailure> {
  if (components === 3 && precision > 8) return err({ code: 'unsupported-pixels' });
  try {
    const bytes = padBeforeEnd(frame.bytes);
    const decoded = new Decoder().decode(bytes.buffer, 0, bytes.length, precision > 8 ? 2 : 1);
    if (!decoded || decoded.length !== sampleCount(frame)) return err({ code: 'frame-damaged' });
    const samples = frame.bitsAllocated > 8 ? Uint16Array.from(decoded) : Uint8Array.from(decoded);
    return ok({ samples, photometricInterpretation: frame.photometricInterpretation, precision });
  } catch {
    return err({ code: 'frame-damaged' }); // the decoder throws at whatever it cannot read
  }
}

const END_OF_IMAGE = Uint8Array.of(0xff, 0xd9);
/** Eight one bits, stuffed as entropy-coded data are (ITU-T T.81 §B.1.1.5). */
const PADDING = Uint8Array.of(0xff, 0x00);

/**
 * A copy with padding before the end marker. The decoder mistakes the marker for data when the last code ends right before
 * it, and leaves the last pixel zero (jpeg-lossless-decoder-js 2.1.2, `getHuffmanValue`).
 */
function padBeforeEnd(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).lastIndexOf(END_OF_IMAGE);
  const at = end < 0 ? bytes.length : end;
  const padded = new Uint8Array(bytes.length + PADDING.length);
  padded.set(bytes.subarray(0, at));
  padded.set(PADDING, at);
  padded.set(bytes.subarray(at), at + PADDING.length);
  return padded;
}
