import { expect, test } from 'vitest';
import type { PixelFormat } from './pixel-format.ts';
import { bitPlane, storedValues } from './stored-values.ts';

const FORMAT: PixelFormat = {
  rows: 1,
  columns: 2,
  samples: 1,
  photometric: 'MONOCHROME2',
  isPlanar: false,
  bitsAllocated: 16,
  bitsStored: 16,
  highBit: 15,
  isSigned: false,
  isFloat: false,
};
const read = (change: Partial<PixelFormat>, bytes: readonly number[], isDecoded = false, bitOffset = 0) => [
  ...(storedValues({ ...FORMAT, ...change }, { bytes: Uint8Array.from(bytes), isDecoded, bitOffset }) ?? []),
];

test('words, signed words, and 32 bits', () => {
  expect(read({}, [1, 2, 255, 255])).toEqual([513, 65535]);
  expect(read({ isSigned: true }, [0, 128, 255, 255])).toEqual([-32768, -1]);
  const wide = { bitsAllocated: 32, bitsStored: 32, highBit: 31 };
  expect(read(wide, [0, 0, 0, 255, 1, 0, 0, 0])).toEqual([4278190080, 1]);
});

test('twelve bits below or above others: those alone, with their sign', () => {
  const twelve = { bitsStored: 12, highBit: 11, isSigned: true };
  expect(read(twelve, [0xff, 0xff, 0xff, 0x77])).toEqual([-1, 0x7ff]);
  expect(read({ bitsStored: 12, highBit: 15 }, [0x1f, 0xab, 0, 0])).toEqual([0xab1, 0]);
  // What the station decoded stands at the bottom already.
  expect(read({ bitsStored: 12, highBit: 15 }, [0xb1, 0x0a, 0, 0], true)).toEqual([0xab1, 0]);
});

test('single bits begin amid a byte; floating point is as it is; too few bytes are none', () => {
  expect(read({ bitsAllocated: 1, bitsStored: 1, highBit: 0 }, [0b0010_0000], false, 5)).toEqual([1, 0]);
  const float = new Uint8Array(Float32Array.of(0.5, -2).buffer);
  expect(read({ bitsAllocated: 32, isFloat: true }, [...float])).toEqual([0.5, -2]);
  expect(storedValues(FORMAT, { bytes: new Uint8Array(3), isDecoded: false, bitOffset: 0 })).toBeNull();
});

test('a plane of unused bits', () => {
  expect([...bitPlane(Uint8Array.of(0, 0x80, 0xff, 0x7f), 16, 15)]).toEqual([1, 0]);
});
