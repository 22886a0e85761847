import { createHash } from 'node:crypto';
import { decodeFrame, type Pixels } from './decode-frame.ts';
import type { EncodedFrame } from './encoded-frame.ts';

/** What a frame holds, however it is encoded: a digest over its size and stored values; null where it cannot be decoded. */
export type DigestFrame = (frame: EncodedFrame) => Promise<string | null>;

const AT_ONCE = 64 * 1024;

/**
 * Digests a frame's stored values: the same for every lossless encoding of them and every width they are kept in. It takes as
 * long as decoding does: for a thread.
 */
export const digestFrame: DigestFrame = async (frame) => {
  const decoded = await decodeFrame(frame);
  if (!decoded.ok) return null;
  const { pixels, photometricInterpretation } = decoded.value;
  const { rows, columns, samplesPerPixel } = frame;
  const isReal = pixels instanceof Float32Array || pixels instanceof Float64Array;
  // What a single sample means is the header's word; of several, which they are is part of the pixels.
  const meaning = samplesPerPixel === 1 ? '' : photometricInterpretation;
  const hash = createHash('sha256').update([rows, columns, samplesPerPixel, isReal, meaning].join());
  for (let from = 0; from < pixels.length; from += AT_ONCE) hash.update(widened(pixels, from, isReal));
  return hash.digest('hex');
};

/** Some values in one width, whatever the decoder gave them: the same on every machine we run on. */
function widened(pixels: Pixels, from: number, isReal: boolean): Uint8Array {
  const part = pixels.subarray(from, from + AT_ONCE);
  const wide = isReal ? Float64Array.from(part) : Int32Array.from(part);
  return new Uint8Array(wide.buffer);
}
