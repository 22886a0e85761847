import { endianness } from 'node:os';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { EXPLICIT_BIG_ENDIAN } from '../transfer-syntaxes.ts';
import { type DecodedSamples, type DecodeFailure, type EncodedFrame, sampleCount } from './encoded-frame.ts';

type Samples = DecodedSamples['samples'];

const IS_BIG_ENDIAN_HOST = endianness() === 'BE';

/** Samples of an uncompressed frame (PS3.5 §8.1.1): copied, so that the caller's bytes stay as they are, but for words that may be shared. */
export function decodeNative(frame: EncodedFrame, mayShare = false): Result<DecodedSamples, DecodeFailure> {
  const isBigEndian = frame.transferSyntaxUid === EXPLICIT_BIG_ENDIAN;
  const { photometricInterpretation } = frame;
  const words = mayShare && !isBigEndian && !IS_BIG_ENDIAN_HOST ? wordsWithin(frame) : null;
  if (words !== null) return ok({ samples: words, photometricInterpretation, precision: null, areShared: true });
  if (photometricInterpretation === 'YBR_FULL_422') return spreadSharedColour(frame, isBigEndian);
  const samples =
    frame.bitsAllocated === 1 ? unpackBits(frame, isBigEndian) : copySamples(frame, isBigEndian, sampleCount(frame));
  if (samples === null) return err({ code: 'frame-too-short' });
  const byPixel = frame.samplesPerPixel > 1 && frame.planarConfiguration === 1 ? interleave(samples, 3) : samples;
  return ok({ samples: byPixel, photometricInterpretation, precision: null });
}

/** The samples of a frame of one 16-bit word a pixel as they stand in its bytes; null where they cannot be read there. */
function wordsWithin(frame: EncodedFrame): Uint16Array | null {
  const { bytes, bitsAllocated, samplesPerPixel } = frame;
  const count = sampleCount(frame);
  const isThere = bitsAllocated === 16 && samplesPerPixel === 1 && bytes.length >= 2 * count;
  return isThere && bytes.byteOffset % 2 === 0 ? new Uint16Array(bytes.buffer, bytes.byteOffset, count) : null;
}

/** Samples that stand plane after plane, put pixel after pixel. */
export function interleave<Kind extends Samples>(planes: Kind, planeCount: number): Kind {
  const byPixel = planes.slice() as Kind;
  const length = planes.length / planeCount;
  for (let plane = 0; plane < planeCount; plane += 1) {
    for (let pixel = 0; pixel < length; pixel += 1) {
      byPixel[pixel * planeCount + plane] = planes[plane * length + pixel] as number;
    }
  }
  return byPixel;
}

function copySamples(frame: EncodedFrame, isBigEndian: boolean, count: number): Samples | null {
  const size = frame.bitsAllocated / 8;
  if (frame.bytes.length < count * size) return null;
  // Single bytes in words were swapped in pairs with the words (PS3.5 §A.3); an odd frame's last byte came with the next.
  const isSwappedInPairs = isBigEndian && size === 1 && frame.vr !== 'OB';
  const length = isSwappedInPairs ? Math.min(count + (count & 1), frame.bytes.length) : count * size;
  // A fresh buffer: aligned for any sample, and the caller's bytes are not written to.
  const bytes = new Uint8Array(frame.bytes.subarray(0, length));
  if (isSwappedInPairs) Buffer.from(bytes.buffer, 0, length & ~1).swap16();
  if (size === 1) return bytes.subarray(0, count);
  if (isBigEndian !== IS_BIG_ENDIAN_HOST) swap(Buffer.from(bytes.buffer, 0, count * size), size);
  if (size === 2) return new Uint16Array(bytes.buffer, 0, count);
  if (size === 8) return new Float64Array(bytes.buffer, 0, count);
  return frame.vr === 'OF' ? new Float32Array(bytes.buffer, 0, count) : new Uint32Array(bytes.buffer, 0, count);
}

function swap(bytes: Buffer, size: number): void {
  if (size === 2) bytes.swap16();
  else if (size === 4) bytes.swap32();
  else bytes.swap64();
}

/** One bit a sample, the first in the lowest bit; a frame may begin within a byte (PS3.5 §8.1.1). */
function unpackBits(frame: EncodedFrame, isBigEndian: boolean): Uint8Array | null {
  const count = sampleCount(frame);
  const { bitOffset } = frame;
  const length = Math.ceil((bitOffset + count) / 8);
  if (frame.bytes.length < length) return null;
  const packed = copySamples({ ...frame, bitsAllocated: 8 }, isBigEndian, length) as Uint8Array;
  const samples = new Uint8Array(count);
  for (let index = 0; index < count; index += 1) {
    const bit = bitOffset + index;
    samples[index] = ((packed[bit >> 3] ?? 0) >> (bit & 7)) & 1;
  }
  return samples;
}

/** 4:2:2 writes Y Y Cb Cr for two pixels (PS3.3 §C.7.6.3.1.2); each pixel gets the colour they share. */
function spreadSharedColour(frame: EncodedFrame, isBigEndian: boolean): Result<DecodedSamples, DecodeFailure> {
  const { bitsAllocated, samplesPerPixel, columns } = frame;
  if (bitsAllocated !== 8 || samplesPerPixel !== 3 || columns % 2 !== 0) return err({ code: 'unsupported-pixels' });
  const count = sampleCount(frame);
  const packed = copySamples(frame, isBigEndian, (count / 3) * 2);
  if (packed === null) return err({ code: 'frame-too-short' });
  const samples = new Uint8Array(count);
  for (let from = 0, to = 0; to < count; from += 4, to += 6) {
    samples[to] = packed[from] as number;
    samples[to + 3] = packed[from + 1] as number;
    samples[to + 1] = samples[to + 4] = packed[from + 2] as number;
    samples[to + 2] = samples[to + 5] = packed[from + 3] as number;
  }
  return ok({ samples, photometricInterpretation: 'YBR_FULL', precision: null });
}
