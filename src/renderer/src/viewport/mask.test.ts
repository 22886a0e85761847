import fc from 'fast-check';
import { expect, test } from 'vitest';
import { outlineOf, unpackMask } from './mask.ts';

/** Packs the way the contract says, written apart from the code under test: bit n of the stream is bit n%8 of byte n/8. */
function pack(bits: readonly number[]): Uint8Array {
  const packed = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, index) => {
    if (bit === 1) packed[Math.floor(index / 8)]! += 2 ** (index % 8);
  });
  return packed;
}

test('takes the least significant bit as the first pixel', () => {
  const mask = unpackMask(new Uint8Array([0b0000_0001, 0b1000_0000]), { rows: 2, columns: 8, sopUids: ['1.2'] });
  expect([...(mask?.slices.get('1.2') ?? [])]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
});

test('starts each slice at the bit where the one before ended, also inside a byte', () => {
  const mask = unpackMask(pack([1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1]), {
    rows: 3,
    columns: 1,
    sopUids: ['a', 'b', 'c', 'd'],
  });
  expect([...(mask?.slices ?? [])].map(([uid, bits]) => [uid, [...bits]])).toEqual([
    ['a', [1, 0, 1]],
    ['b', [0, 1, 1]],
    ['c', [0, 0, 1]],
    ['d', [1, 1, 1]],
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
        const size = rows * columns;
        const bits = [...stream.take(size * count)];
        const sopUids = Array.from({ length: count }, (_, index) => `1.${index}`);
        const mask = unpackMask(pack(bits), { rows, columns, sopUids });
        expect(sopUids.flatMap((uid) => [...(mask?.slices.get(uid) ?? [])])).toEqual(bits);
      },
    ),
  );
});

test('refuses bytes that do not fit the layout instead of drawing them somewhere', () => {
  const layout = { rows: 3, columns: 3, sopUids: ['a', 'b'] };
  expect([1, 2, 3, 4].map((bytes) => unpackMask(new Uint8Array(bytes), layout) !== null)).toEqual([
    false,
    false,
    true,
    false,
  ]);
});

test('outlines a pixel along its own edges and not the border between two marked ones', () => {
  expect(outlineOf(new Uint8Array([0, 1, 1]), 1, 3).length / 4).toBe(6);
  const edges = outlineOf(new Uint8Array([0, 0, 0, 0, 1, 0, 0, 0, 0]), 3, 3);
  expect([Math.min(...edges), Math.max(...edges), edges.length / 4]).toEqual([0.5, 1.5, 4]);
});
