import type { EncodedFrame, Pixels } from './decode-frame.ts';

type Bits = Pick<EncodedFrame, 'bitsStored' | 'highBit' | 'pixelRepresentation'>;

/** Keeps the stored bits of each sample, moved down to bit 0, with the sign extended where there is one (PS3.5 §8.1.1). */
export function toStoredValues(samples: Uint8Array | Uint16Array, bits: Bits): Pixels {
  const width = samples.BYTES_PER_ELEMENT * 8;
  const isSigned = bits.pixelRepresentation === 1;
  if (bits.bitsStored === width) return isSigned ? asSigned(samples) : samples;
  const down = bits.highBit + 1 - bits.bitsStored;
  const mask = 2 ** bits.bitsStored - 1;
  const up = 32 - bits.bitsStored;
  const values = isSigned ? asSigned(samples) : samples;
  for (let index = 0; index < values.length; index += 1) {
    const stored = ((samples[index] ?? 0) >> down) & mask;
    values[index] = isSigned ? (stored << up) >> up : stored;
  }
  return values;
}

/** The same memory, read as two's complement. */
function asSigned(samples: Uint8Array | Uint16Array): Int8Array | Int16Array {
  const { buffer, byteOffset, length } = samples;
  return samples instanceof Uint8Array
    ? new Int8Array(buffer, byteOffset, length)
    : new Int16Array(buffer, byteOffset, length);
}
