import type { EncodedFrame, Pixels, WholeSamples } from './encoded-frame.ts';

type Bits = Pick<EncodedFrame, 'bitsStored' | 'highBit' | 'pixelRepresentation'>;

/**
 * Keeps the stored bits of each sample, moved down to bit 0, with the sign extended where there is one (PS3.5 §8.1.1).
 * Works in place, or on a copy where the samples are shared and have to be changed; floating point is left as it is.
 */
export function toStoredValues(
  given: WholeSamples | Float32Array | Float64Array,
  bits: Bits,
  areShared = false,
): Pixels {
  if (given instanceof Float32Array || given instanceof Float64Array) return given;
  const width = given.BYTES_PER_ELEMENT * 8;
  const isSigned = bits.pixelRepresentation === 1 && bits.bitsStored > 1;
  if (bits.bitsStored === width) return isSigned ? asSigned(given) : given;
  const down = bits.highBit + 1 - bits.bitsStored;
  const mask = 2 ** bits.bitsStored - 1;
  if (!isSigned && down === 0 && (bitsSeen(given) & ~mask) === 0) return given;
  const samples = areShared ? given.slice() : given;
  if (isSigned) {
    const up = 32 - bits.bitsStored;
    const values = asSigned(samples);
    for (let index = 0; index < values.length; index += 1)
      values[index] = ((((samples[index] as number) >>> down) & mask) << up) >> up;
    return values;
  }
  for (let index = 0; index < samples.length; index += 1) samples[index] = ((samples[index] as number) >>> down) & mask;
  return samples;
}

/** Every bit that is set in any sample; four bytes are looked at together where they lie so. */
function bitsSeen(samples: WholeSamples): number {
  const { buffer, byteOffset, length, BYTES_PER_ELEMENT: bytes } = samples;
  const words = byteOffset % 4 === 0 ? new Uint32Array(buffer, byteOffset, Math.floor((length * bytes) / 4)) : null;
  let seen = 0;
  for (let index = 0; words !== null && index < words.length; index += 1) seen |= words[index] as number;
  if (bytes <= 2) seen |= seen >>> 16;
  if (bytes === 1) seen |= seen >>> 8;
  for (let index = words === null ? 0 : (words.length * 4) / bytes; index < length; index += 1)
    seen |= samples[index] as number;
  return bytes === 4 ? seen : seen & (2 ** (8 * bytes) - 1);
}

/** The same memory, read as two's complement. */
function asSigned(samples: WholeSamples): Int8Array | Int16Array | Int32Array {
  const { buffer, byteOffset, length } = samples;
  if (samples instanceof Uint8Array) return new Int8Array(buffer, byteOffset, length);
  return samples instanceof Uint16Array
    ? new Int16Array(buffer, byteOffset, length)
    : new Int32Array(buffer, byteOffset, length);
}
