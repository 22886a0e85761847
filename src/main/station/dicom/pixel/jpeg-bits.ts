/** A Huffman table ready to decode: by the next eight bits, and by length for longer codes (ITU-T T.81 Annex F.2.2.3). */
export type HuffmanTable = {
  /** Length in the upper byte, symbol in the lower, by eight bits; 0 where the code is longer. */
  readonly short: Uint16Array;
  /** The largest code of each length, -1 where there is none. */
  readonly largest: Int32Array;
  /** What to add to a code of each length to find its symbol. */
  readonly offset: Int32Array;
  readonly symbols: Uint8Array;
};

/** Thrown at entropy-coded data that are none; caught where the frame is decoded. */
export class DamagedScan extends Error {}

/** Builds a table from its sixteen counts and its symbols; throws `DamagedScan` where they contradict each other. */
export function huffmanTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const short = new Uint16Array(256);
  const largest = new Int32Array(18).fill(-1);
  const offset = new Int32Array(18);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 16; length += 1) {
    const count = counts[length - 1] as number;
    offset[length] = index - code;
    if (code + count > 1 << length) throw new DamagedScan();
    for (let at = 0; at < count; at += 1, code += 1, index += 1) {
      if (length > 8) continue;
      const first = code << (8 - length);
      short.fill((length << 8) | (symbols[index] as number), first, first + (1 << (8 - length)));
    }
    if (count > 0) largest[length] = code - 1;
    code <<= 1;
  }
  return { short, largest, offset, symbols };
}

/** A truncated stream is read as zeros for so long (libjpeg does so without end), then it counts as damaged. */
const MOST_MISSING_BYTES = 16;

/** Reads entropy-coded bits up to the next marker (ITU-T T.81 §F.2.2.5). */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #held = 0;
  #count = 0;
  #missing = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Where the bytes go on: at the marker that ended the data, once they are used up. */
  get position(): number {
    return this.#at;
  }

  #fill(): void {
    while (this.#count <= 16) {
      let byte = 0;
      const next = this.#bytes[this.#at];
      const isMarker = next === 0xff && this.#bytes[this.#at + 1] !== 0;
      if (next === undefined || isMarker) {
        this.#missing += 1;
        if (this.#missing > MOST_MISSING_BYTES) throw new DamagedScan();
      } else {
        byte = next;
        this.#at += byte === 0xff ? 2 : 1;
      }
      this.#held = ((this.#held << 8) | byte) & 0xffffff;
      this.#count += 8;
    }
  }

  /** The next bits as an unsigned number; at most 16 of them. */
  bits(count: number): number {
    if (count === 0) return 0;
    if (this.#count < count) this.#fill();
    this.#count -= count;
    return (this.#held >> this.#count) & ((1 << count) - 1);
  }

  /** The next bits as JPEG writes differences: the lower half of the range is negative (ITU-T T.81 §F.2.2.1). */
  difference(count: number): number {
    const value = this.bits(count);
    return count === 0 || value >= 1 << (count - 1) ? value : value - (1 << count) + 1;
  }

  /** The next symbol of a table. */
  symbol(table: HuffmanTable): number {
    if (this.#count < 16) this.#fill();
    const found = table.short[(this.#held >> (this.#count - 8)) & 0xff] as number;
    if (found !== 0) {
      this.#count -= found >> 8;
      return found & 0xff;
    }
    for (let length = 9; length <= 16; length += 1) {
      const code = (this.#held >> (this.#count - length)) & ((1 << length) - 1);
      if (code > (table.largest[length] as number)) continue;
      this.#count -= length;
      return table.symbols[code + (table.offset[length] as number)] as number;
    }
    throw new DamagedScan();
  }

  /** Drops what is left of the interval and passes its restart marker; a missing one is damage. */
  restart(): void {
    this.#held = 0;
    this.#count = 0;
    this.#missing = 0;
    while (this.#bytes[this.#at] === 0xff && this.#bytes[this.#at + 1] === 0xff) this.#at += 1;
    const marker = this.#bytes[this.#at + 1] ?? 0;
    if (this.#bytes[this.#at] !== 0xff || marker < 0xd0 || marker > 0xd7) throw new DamagedScan();
    this.#at += 2;
  }
}
