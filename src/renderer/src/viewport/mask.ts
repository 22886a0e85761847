import type { MaskOverlay } from '../../../shared/contract/studies.ts';
import type { FrameAddress } from './stack.ts';

/** What an AI marked in one stack, packed as it came: pixels are unpacked frame by frame as they are looked at. */
export type Mask = {
  readonly rows: number;
  readonly columns: number;
  readonly sizeBytes: number;
  /** Whether the model read this frame. */
  readonly reads: (frame: FrameAddress) => boolean;
  /** 1 where marked, row after row; null of a frame that the mask says nothing of. */
  readonly bitsOf: (frame: FrameAddress) => Uint8Array | null;
};

/** Where a mask lies and how it is laid out; packed bits, least significant first (PS3.5 §8.1.1). */
export type MaskLayout = Pick<MaskOverlay, 'rows' | 'columns' | 'frames'>;

/**
 * Opens a mask: frame after frame in their order, each starting at the bit where the one before ended. Null when the bytes are
 * fewer than the layout needs or more than its last byte, or when a frame is named twice.
 */
export function openMask(packed: Uint8Array, { rows, columns, frames }: MaskLayout): Mask | null {
  const size = rows * columns;
  const places = placesOf(frames);
  if (places === null || packed.length !== Math.ceil((size * frames.length) / 8)) return null;
  return {
    rows,
    columns,
    sizeBytes: packed.length,
    reads: (frame) => places.has(keyOf(frame)),
    bitsOf: (frame) => {
      const place = places.get(keyOf(frame));
      return place === undefined ? null : unpackBits(packed, place * size, size);
    },
  };
}

/** Where in a list of frames each one stands; null when one is named twice. */
export function placesOf(frames: readonly FrameAddress[]): ReadonlyMap<string, number> | null {
  const places = new Map(frames.map((frame, place) => [keyOf(frame), place]));
  return places.size === frames.length ? places : null;
}

/** A frame as the key of a map. */
export function keyOf({ sopUid, frameNumber }: FrameAddress): string {
  return `${sopUid}/${frameNumber}`;
}

/** `count` bits from bit `start` on, one byte each: 0 or 1. */
export function unpackBits(packed: Uint8Array, start: number, count: number): Uint8Array {
  const bits = new Uint8Array(count);
  for (let index = 0; index < count; index += 1) {
    const bit = start + index;
    bits[index] = ((packed[bit >> 3] ?? 0) >> (bit & 7)) & 1;
  }
  return bits;
}

/** The middle of the marked pixels as column and row, whole numbers at pixel centres; null when none is marked. */
export function middleOf(bits: Uint8Array, columns: number): readonly [number, number] | null {
  let [x, y, count] = [0, 0, 0];
  for (let index = bits.indexOf(1); index >= 0; index = bits.indexOf(1, index + 1)) {
    x += index % columns;
    y += Math.floor(index / columns);
    count += 1;
  }
  return count === 0 ? null : [x / count, y / count];
}

/** The box of whole pixels around everything marked, its last row and column within; null when nothing is. */
export function markedBox(
  marks: Uint8Array,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number } | null {
  let [left, right, top, bottom] = [columns, -1, -1, -1];
  for (let row = 0; row < rows; row += 1) {
    const start = row * columns;
    let first = 0;
    while (first < columns && marks[start + first] === 0) first += 1;
    if (first === columns) continue;
    let last = columns - 1;
    while (marks[start + last] === 0) last -= 1;
    if (top < 0) top = row;
    bottom = row;
    left = Math.min(left, first);
    right = Math.max(right, last);
  }
  return top < 0 ? null : { left, top, right, bottom };
}

/** The straight pieces around the marked pixels as column, row pairs on pixel edges: x1, y1, x2, y2, and so on. */
export function outlineOf(bits: Uint8Array, rows: number, columns: number): readonly number[] {
  const at = (column: number, row: number): number =>
    column < 0 || row < 0 || column >= columns || row >= rows ? 0 : (bits[row * columns + column] ?? 0);
  const lines: number[] = [];
  for (let row = 0; row <= rows; row += 1) {
    for (let column = 0; column <= columns; column += 1) {
      const here = at(column, row);
      if (here !== at(column, row - 1)) lines.push(column - 0.5, row - 0.5, column + 0.5, row - 0.5);
      if (here !== at(column - 1, row)) lines.push(column - 0.5, row - 0.5, column - 0.5, row + 0.5);
    }
  }
  return lines;
}
