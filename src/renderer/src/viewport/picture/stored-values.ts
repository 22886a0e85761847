import type { PixelFormat } from './pixel-format.ts';

/** Stored values, row by row, colour by pixel where the bytes are so. */
export type StoredValues =
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** The frame's bytes and where in the first of them it begins: packed single bits run on from frame to frame (PS3.5 §8.1.1). */
export type FrameBytes = {
  readonly bytes: Uint8Array;
  readonly bitOffset: number;
  /** Values stand at bit 0, whatever the header says of the high bit: the station decoded them. */
  readonly isDecoded: boolean;
};

/** Little-endian bytes as stored values: the stored bits alone, moved down, the sign extended; null where the bytes are too few. */
export function storedValues(format: PixelFormat, { bytes, bitOffset, isDecoded }: FrameBytes): StoredValues | null {
  const count = sampleCount(format, isDecoded);
  if (format.bitsAllocated === 1) return unpackBits(bytes, bitOffset, count);
  const size = format.bitsAllocated / 8;
  if (bytes.length < count * size) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (format.isFloat)
    return size === 8
      ? Float64Array.from({ length: count }, (_, index) => view.getFloat64(8 * index, true))
      : Float32Array.from({ length: count }, (_, index) => view.getFloat32(4 * index, true));
  const read = READERS[size];
  if (read === undefined) return null;
  const { bitsStored, isSigned } = format;
  const down = isDecoded ? 0 : Math.max(0, format.highBit + 1 - bitsStored);
  const up = 32 - bitsStored;
  const values = new (isSigned ? Int32Array : Uint32Array)(count);
  for (let index = 0; index < count; index += 1) {
    const moved = (read(view, index) >>> down) << up;
    values[index] = isSigned ? moved >> up : moved >>> up;
  }
  return values;
}

const READERS: Readonly<Record<number, (view: DataView, index: number) => number>> = {
  1: (view, index) => view.getUint8(index),
  2: (view, index) => view.getUint16(2 * index, true),
  4: (view, index) => view.getUint32(4 * index, true),
};

/** How many values a frame has; colours that are stored two by two have fewer (YBR_FULL_422, PS3.3 §C.7.6.3.1.2). */
function sampleCount({ rows, columns, samples, photometric }: PixelFormat, isDecoded: boolean): number {
  return rows * columns * (samples === 3 && photometric.endsWith('_422') && !isDecoded ? 2 : samples);
}

/** The frame's first `count` bits, least significant first, one value each. */
export function unpackBits(bytes: Uint8Array, start: number, count: number): Uint8Array | null {
  if (bytes.length * 8 < start + count) return null;
  return Uint8Array.from({ length: count }, (_, index) => {
    const bit = start + index;
    return ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1;
  });
}

/** One bit of every word of a frame, one value each: an overlay kept in bits the pixels do not use. */
export function bitPlane(bytes: Uint8Array, bitsAllocated: number, bit: number): Uint8Array {
  const size = bitsAllocated / 8;
  const count = Math.floor(bytes.length / size);
  return Uint8Array.from({ length: count }, (_, index) => ((bytes[index * size + (bit >> 3)] ?? 0) >> (bit & 7)) & 1);
}
