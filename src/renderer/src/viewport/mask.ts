/** What an AI marked, one picture per instance: 1 where marked, row after row. */
export type Mask = {
  readonly rows: number;
  readonly columns: number;
  readonly slices: ReadonlyMap<string, Uint8Array>;
};

/** Where a mask lies and how it is laid out; packed bits, least significant first (PS3.5 §8.1.1). */
export type MaskLayout = { readonly rows: number; readonly columns: number; readonly sopUids: readonly string[] };

/**
 * Unpacks a mask: slice after slice in the order of the instances, each starting at the bit where the one before ended.
 * Null when the bytes are fewer than the layout needs, or more than its last byte.
 */
export function unpackMask(packed: Uint8Array, layout: MaskLayout): Mask | null {
  const size = layout.rows * layout.columns;
  if (packed.length !== Math.ceil((size * layout.sopUids.length) / 8)) return null;
  const slices = layout.sopUids.map((sopUid, slice) => [sopUid, unpackBits(packed, slice * size, size)] as const);
  return { rows: layout.rows, columns: layout.columns, slices: new Map(slices) };
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
