import fc from 'fast-check';
import { expect, test } from 'vitest';
import { markedBox, type Mask, middleOf, openMask, outlineOf } from './mask.ts';

/** Packs the way the contract says, written apart from the code under test: bit n of the stream is bit n%8 of byte n/8. */
function pack(bits: readonly number[]): Uint8Array {
  const packed = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, index) => {
    if (bit === 1) packed[Math.floor(index / 8)]! += 2 ** (index % 8);
  });
  return packed;
}

const framesOf = (...names: readonly string[]) => names.map((sopUid) => ({ sopUid, frameNumber: 1 }));
const bitsOf = (mask: Mask | null, sopUid: string, frameNumber = 1) => {
  const bits = mask?.bitsOf({ sopUid, frameNumber }) ?? null;
  return bits === null ? null : [...bits];
};

test('takes the least significant bit as the first pixel', () => {
  const mask = openMask(new Uint8Array([0b0000_0001, 0b1000_0000]), { rows: 2, columns: 8, frames: framesOf('1.2') });
  expect(bitsOf(mask, '1.2')).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
});

test('starts each frame at the bit where the one before ended, also inside a byte', () => {
  const frames = framesOf('a', 'b', 'c', 'd');
  const mask = openMask(pack([1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1]), { rows: 3, columns: 1, frames });
  expect(frames.map(({ sopUid }) => bitsOf(mask, sopUid))).toEqual([
    [1, 0, 1],
    [0, 1, 1],
    [0, 0, 1],
    [1, 1, 1],
  ]);
});

test('tells the frames of one object apart, in whatever order they come, and says nothing of others', () => {
  const frames = [3, 1, 2].map((frameNumber) => ({ sopUid: 'a', frameNumber }));
  const mask = openMask(pack([1, 1, 0, 1, 0, 0]), { rows: 1, columns: 2, frames });
  expect([1, 2, 3, 4].map((frame) => bitsOf(mask, 'a', frame))).toEqual([[0, 1], [0, 0], [1, 1], null]);
  expect(bitsOf(mask, 'b')).toBeNull();
  expect([mask?.reads({ sopUid: 'a', frameNumber: 2 }), mask?.reads({ sopUid: 'a', frameNumber: 4 })]).toEqual([
    true,
    false,
  ]);
});

test('gives back any mask that was packed', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 4 }),
      fc.infiniteStream(fc.constantFrom(0, 1)),
      (rows, columns, count, stream) => {
        const bits = [...stream.take(rows * columns * count)];
        const frames = framesOf(...Array.from({ length: count }, (_, index) => `1.${index}`));
        const mask = openMask(pack(bits), { rows, columns, frames });
        expect(frames.flatMap(({ sopUid }) => bitsOf(mask, sopUid) ?? [])).toEqual(bits);
      },
    ),
  );
});

test('refuses bytes that do not fit the layout, and frames named twice, instead of drawing them somewhere', () => {
  const layout = { rows: 3, columns: 3, frames: framesOf('a', 'b') };
  expect([1, 2, 3, 4].map((bytes) => openMask(new Uint8Array(bytes), layout) !== null)).toEqual([
    false,
    false,
    true,
    false,
  ]);
  expect(openMask(new Uint8Array(3), { ...layout, frames: framesOf('a', 'a') })).toBeNull();
});

test('holds a mask of 600 slices of 512 × 512 as it came: an eighth of a byte a pixel, and one slice of it unpacked', () => {
  const frames = framesOf(...Array.from({ length: 600 }, (_, index) => `1.${index}`));
  const packed = new Uint8Array((512 * 512 * 600) / 8);
  packed[(512 * 512 * 599) / 8] = 1;
  const mask = openMask(packed, { rows: 512, columns: 512, frames });
  expect(mask?.sizeBytes).toBe(19_660_800);
  expect(mask?.bitsOf({ sopUid: '1.599', frameNumber: 1 })?.indexOf(1)).toBe(0);
  expect(mask?.bitsOf({ sopUid: '1.598', frameNumber: 1 })?.includes(1)).toBe(false);
});

test('finds the middle of what is marked', () => {
  expect(middleOf(new Uint8Array([0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 1]), 4)).toEqual([2.5, 1]);
  expect(middleOf(new Uint8Array(4), 2)).toBeNull();
});

test('outlines a pixel along its own edges and not the border between two marked ones', () => {
  expect(outlineOf(new Uint8Array([0, 1, 1]), 1, 3).length / 4).toBe(6);
  const edges = outlineOf(new Uint8Array([0, 0, 0, 0, 1, 0, 0, 0, 0]), 3, 3);
  expect([Math.min(...edges), Math.max(...edges), edges.length / 4]).toEqual([0.5, 1.5, 4]);
});

test('the box of what is marked is as tight as its pixels', () => {
  const size = { rows: 3, columns: 4 };
  expect(markedBox(Uint8Array.of(0, 0, 0, 0, 0, 9, 0, 1, 0, 0, 0, 0), size)).toEqual({
    left: 1,
    top: 1,
    right: 3,
    bottom: 1,
  });
  expect(markedBox(Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0), size)).toEqual({
    left: 0,
    top: 0,
    right: 3,
    bottom: 2,
  });
  expect(markedBox(new Uint8Array(12), size)).toBeNull();
});
