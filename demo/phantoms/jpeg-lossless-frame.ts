import type { PlainFrame } from './compress-record.ts';

/** How many codes have 1, 2, 3 … bits, and the categories of difference in the order of their codes (ITU-T T.81 §C). */
const CODE_COUNTS = [0, 0, 6, 2, 2, 2, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0];
const CATEGORIES = [2, 3, 4, 5, 6, 7, 1, 8, 0, 9, 10, 11, 12, 13, 14, 15, 16];
const CODES = codesOf();

/** A grey frame in JPEG lossless, process 14, selection value 1 (ITU-T T.81 Annex H; PS3.5 §A.4.2). Samples are unsigned. */
export function encodeJpegLossless(frame: PlainFrame): Uint8Array {
  const { samples, rows, columns, samplesPerPixel, bitsStored } = frame;
  if (samplesPerPixel !== 1) throw new Error('only grey frames are encoded so');
  const bits = new BitWriter();
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const at = row * columns + column;
      const expected = column > 0 ? samples[at - 1] : row > 0 ? samples[at - columns] : 2 ** (bitsStored - 1);
      // Modulo 2¹⁶ (§H.1.2.1), as the difference nearest to zero.
      const difference = (((samples[at] as number) - (expected as number)) << 16) >> 16;
      const category = 32 - Math.clz32(Math.abs(difference));
      const { code, length } = CODES[category] as Code;
      bits.write(code, length);
      if (category > 0 && category < 16) {
        bits.write(difference > 0 ? difference : difference + 2 ** category - 1, category);
      }
    }
  }
  return Buffer.concat([headerOf(frame), bits.finish(), Buffer.from([0xff, 0xd9])]);
}

function headerOf({ rows, columns, bitsStored }: PlainFrame): Buffer {
  const frame = Buffer.alloc(13);
  frame.writeUInt16BE(0xffc3, 0);
  frame.writeUInt16BE(11, 2);
  frame.writeUInt8(bitsStored, 4);
  frame.writeUInt16BE(rows, 5);
  frame.writeUInt16BE(columns, 7);
  frame.set([1, 1, 0x11, 0], 9);
  const tables = [0xff, 0xc4, 0, 3 + 16 + CATEGORIES.length, 0, ...CODE_COUNTS, ...CATEGORIES];
  const scan = [0xff, 0xda, 0, 8, 1, 1, 0, 1, 0, 0];
  return Buffer.concat([Buffer.from([0xff, 0xd8]), frame, Buffer.from(tables), Buffer.from(scan)]);
}

type Code = { readonly code: number; readonly length: number };

function codesOf(): readonly Code[] {
  const codes: Code[] = [];
  let code = 0;
  let next = 0;
  for (const [index, count] of CODE_COUNTS.entries()) {
    for (let one = 0; one < count; one += 1) {
      codes[CATEGORIES[next] as number] = { code, length: index + 1 };
      code += 1;
      next += 1;
    }
    code <<= 1;
  }
  return codes;
}

/** Bits, the first the most significant, with a zero after each byte of ones (ITU-T T.81 §F.1.2.3). */
class BitWriter {
  readonly #bytes: number[] = [];
  #held = 0;
  #count = 0;

  write(value: number, length: number): void {
    for (let bit = length - 1; bit >= 0; bit -= 1) {
      this.#held = (this.#held << 1) | ((value >> bit) & 1);
      this.#count += 1;
      if (this.#count === 8) this.#flush();
    }
  }

  finish(): Buffer {
    while (this.#count > 0) this.write(1, 1);
    return Buffer.from(this.#bytes);
  }

  #flush(): void {
    this.#bytes.push(this.#held);
    if (this.#held === 0xff) this.#bytes.push(0);
    this.#held = 0;
    this.#count = 0;
  }
}
