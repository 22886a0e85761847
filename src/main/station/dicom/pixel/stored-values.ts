import type { EncodedFrame, Pixels, WholeSamples } from './encoded-frame.ts';

type Bits = Pick<EncodedFrame, 'bitsStored' | 'highBit' | 'pixelRepresentation'>;

/**
 * Keeps the stored bits of each sample, moved down to bit 0, with the sign extended where there is one (PS3.5 §8.1.1).
 * Works in place; floating point is left as it is.
 */
export function toStoredValues(samples: WholeSamples | Float32Array | Float64Array, bits: Bits): Pixels {
  if (samples instanceof Float32Array || samples instanceof Float64Array) return samples;
  const width = samples.BYTES_PER_ELEMENT * 8;
  const isSigned = bits.pixelRepresentation === 1 && bits.bitsStored > 1;
  if (bits.bitsStored === width) return isSigned ? asSigned(samples) : samples;
  const down = bits.highBit + 1 - bits.bitsStored;
  const mask = 2 ** bits.bitsStored - 1;
  const up = 32 - bits.bitsStored;
  const values = isSigned ? asSigned(samples) : samples;
  for (let index = 0; index < values.length; index += 1) {
    const stored = ((samples[index] ?? 0) >>> down) & mask;
    values[index] = isSigned ? (stored << up) >> up : stored;
  }
  return values;
}

/** The same memory, read as two's complement. */
function asSigned(samples: WholeSamples): Int8Array | Int16Array | Int32Array {
  const { buffer, byteOffset, length } = samples;
  if (samples instanceof Uint8Array) return new Int8Array(buffer, byteOffset, length);
  return samples instanceof Uint16Array
    ? new Int16Array(buffer, byteOffset, length)
    : new Int32Array(buffer, byteOffset, length);
}
