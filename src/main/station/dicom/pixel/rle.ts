import { err, type Result } from '../../../../shared/domain/result.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../transfer-syntaxes.ts';
import { type DecodedSamples, type DecodeFailure, type EncodedFrame, sampleCount } from './encoded-frame.ts';
import { decodeNative } from './native.ts';

const HEADER_LENGTH = 64;

/**
 * Samples of an RLE frame (PS3.5 Annex G): a segment for each byte of each sample, highest byte first. The planes are put
 * together as an uncompressed little-endian frame and read as one.
 */
export function decodeRle(frame: EncodedFrame): Result<DecodedSamples, DecodeFailure> {
  const { bytes, samplesPerPixel, bitsAllocated } = frame;
  if (bytes.length < HEADER_LENGTH) return err({ code: 'frame-too-short' });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isPacked = bitsAllocated === 1;
  const bytesPerSample = isPacked ? 1 : bitsAllocated / 8;
  const segments = samplesPerPixel * bytesPerSample;
  if (view.getUint32(0, true) !== segments || segments > 15) return err({ code: 'frame-damaged' });
  const pixels = sampleCount(frame) / samplesPerPixel;
  const planeLength = isPacked ? Math.ceil(pixels / 8) : pixels;
  const planes = new Uint8Array(planeLength * segments);
  for (let segment = 0; segment < segments; segment += 1) {
    const start = view.getUint32(4 + 4 * segment, true);
    const end = segment + 1 < segments ? view.getUint32(8 + 4 * segment, true) : bytes.length;
    if (start < HEADER_LENGTH || end < start || end > bytes.length) return err({ code: 'frame-damaged' });
    const sample = Math.floor(segment / bytesPerSample);
    const byte = bytesPerSample - 1 - (segment % bytesPerSample);
    const first = sample * planeLength * bytesPerSample + byte;
    if (!unpack(bytes.subarray(start, end), planes, first, bytesPerSample, planeLength))
      return err({ code: 'frame-damaged' });
  }
  if (isPacked && samplesPerPixel > 1) return err({ code: 'unsupported-pixels' });
  const plain = { planarConfiguration: 1, bitOffset: 0, transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN };
  // Every pixel has a byte in every plane, so no colour is shared, whatever the header says.
  const isShared = frame.photometricInterpretation === 'YBR_FULL_422';
  const photometricInterpretation = isShared ? 'YBR_FULL' : frame.photometricInterpretation;
  return decodeNative({ ...frame, ...plain, photometricInterpretation, bytes: planes });
}

/** Unpacks one PackBits segment into every `step`-th byte; false where it holds too little. */
function unpack(segment: Uint8Array, into: Uint8Array, first: number, step: number, count: number): boolean {
  let at = 0;
  let done = 0;
  while (done < count && at < segment.length) {
    const control = segment[at] as number;
    at += 1;
    if (control === 128) continue;
    const isLiteral = control < 128;
    const length = Math.min(isLiteral ? control + 1 : 257 - control, count - done);
    if (at + (isLiteral ? length : 1) > segment.length) return false;
    for (let index = 0; index < length; index += 1) {
      into[first + (done + index) * step] = segment[isLiteral ? at + index : at] as number;
    }
    done += length;
    at += isLiteral ? control + 1 : 1;
  }
  return done === count;
}
