import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JPEG_LOSSLESS_FIRST_ORDER } from '../transfer-syntaxes.ts';
import { decodeFrame, type EncodedFrame } from './decode-frame.ts';

/** The pixels, or the code of why there are none. */
async function pixelsOf(encoded: EncodedFrame): Promise<unknown> {
  const decoded = await decodeFrame(encoded);
  return decoded.ok ? decoded.value.pixels : decoded.error.code;
}

const frame: EncodedFrame = {
  bytes: new Uint8Array(0),
  transferSyntaxUid: '1.2.840.10008.1.2.1',
  vr: 'OW',
  bitOffset: 0,
  planarConfiguration: 0,
  rows: 1,
  columns: 4,
  samplesPerPixel: 1,
  photometricInterpretation: 'MONOCHROME2',
  bitsAllocated: 16,
  bitsStored: 16,
  highBit: 15,
  pixelRepresentation: 0,
};
const words = (...values: readonly number[]) => new Uint8Array(Uint16Array.from(values).buffer);

const cases: readonly [string, Partial<EncodedFrame>, unknown][] = [
  ['unsigned words', { bytes: words(0, 1, 40000, 65535) }, Uint16Array.of(0, 1, 40000, 65535)],
  ['signed words', { bytes: words(0, 1, 40000, 65535), pixelRepresentation: 1 }, Int16Array.of(0, 1, -25536, -1)],
  [
    'twelve stored bits under a stray overlay bit',
    { bytes: words(0xf001, 0x0fff, 0x1800, 5), bitsStored: 12, highBit: 11 },
    Uint16Array.of(1, 4095, 2048, 5),
  ],
  [
    'twelve signed bits with no sign extension in the file',
    { bytes: words(0x0fff, 0x0800, 0x07ff, 0), bitsStored: 12, highBit: 11, pixelRepresentation: 1 },
    Int16Array.of(-1, -2048, 2047, 0),
  ],
  [
    'bits stored high',
    { bytes: words(0xfff0, 0x0010, 0, 0), bitsStored: 12, highBit: 15 },
    Uint16Array.of(4095, 1, 0, 0),
  ],
  [
    'bytes',
    { bytes: Uint8Array.of(0, 1, 254, 255), bitsAllocated: 8, bitsStored: 8, highBit: 7 },
    Uint8Array.of(0, 1, 254, 255),
  ],
  [
    'signed bytes',
    { bytes: Uint8Array.of(0, 1, 254, 255), bitsAllocated: 8, bitsStored: 8, highBit: 7, pixelRepresentation: 1 },
    Int8Array.of(0, 1, -2, -1),
  ],
  [
    '4:2:2 colour',
    {
      bytes: Uint8Array.of(10, 20, 100, 200),
      columns: 2,
      samplesPerPixel: 3,
      photometricInterpretation: 'YBR_FULL_422',
      bitsAllocated: 8,
      bitsStored: 8,
      highBit: 7,
    },
    Uint8Array.of(10, 100, 200, 20, 100, 200),
  ],
];

test.each(cases)('decodes %s', async (_name, change, pixels) => {
  expect(await pixelsOf({ ...frame, ...change })).toEqual(pixels);
});

test.each(cases)(
  'decodes %s alike where its bytes may be shared, and leaves them as they are',
  async (_name, change, pixels) => {
    const encoded = { ...frame, ...change };
    const before = encoded.bytes.slice();
    const decoded = await decodeFrame(encoded, true);
    expect(decoded.ok ? decoded.value.pixels : null).toEqual(pixels);
    expect(encoded.bytes).toEqual(before);
  },
);

test('words stand in memory of their own unless they may be shared', async () => {
  const encoded = { ...frame, bytes: words(0, 1, 40000, 65535) };
  const [own, shared] = [await decodeFrame(encoded), await decodeFrame(encoded, true)];
  const isIn = (decoded: typeof own) => decoded.ok && decoded.value.pixels.buffer === encoded.bytes.buffer;
  expect([isIn(own), isIn(shared)]).toEqual([false, true]);
});

test('reads words from an odd address', async () => {
  const bytes = Buffer.concat([Uint8Array.of(9), words(1, 2, 3, 4)]).subarray(1);
  expect(await pixelsOf({ ...frame, bytes })).toEqual(Uint16Array.of(1, 2, 3, 4));
});

const failures: readonly [string, Partial<EncodedFrame>, string][] = [
  ['a frame that is too short', { bytes: words(1, 2, 3) }, 'frame-too-short'],
  [
    'a transfer syntax it does not know',
    { transferSyntaxUid: '1.2.840.10008.1.2.4.100' },
    'transfer-syntax-not-decodable',
  ],
  ['24-bit pixels', { bitsAllocated: 24, bitsStored: 24, highBit: 23 }, 'unsupported-pixels'],
  ['a frame of four thousand million pixels', { rows: 65535, columns: 65535 }, 'frame-too-large'],
  ['more bits stored than allocated', { bitsStored: 17, highBit: 16 }, 'unsupported-pixels'],
  ['a JPEG that is none', { bytes: words(1, 2, 3, 4), transferSyntaxUid: JPEG_LOSSLESS_FIRST_ORDER }, 'frame-damaged'],
];

test.each(failures)('says why it cannot decode %s', async (_name, change, code) => {
  expect(await pixelsOf({ ...frame, ...change })).toBe(code);
});

/** Puts bits together, first bit first, with the stuffing JPEG asks for. */
function bitWriter() {
  const bytes: number[] = [];
  let held = 0;
  let count = 0;
  const put = (value: number, length: number) => {
    for (let bit = length - 1; bit >= 0; bit -= 1) {
      held = (held << 1) | ((value >> bit) & 1);
      count += 1;
      if (count < 8) continue;
      bytes.push(held);
      if (held === 0xff) bytes.push(0);
      held = 0;
      count = 0;
    }
  };
  return { bytes, put, end: () => put(0x7f, (8 - count) % 8) };
}

/** A plain JPEG Lossless SV1 encoder (ITU-T T.81 §H.1.2): every category has a code of five bits. */
function encodeJpegLossless(samples: ArrayLike<number>, rows: number, columns: number, precision: number): Uint8Array {
  const { bytes, put, end } = bitWriter();
  for (let at = 0; at < rows * columns; at += 1) {
    const isFirstColumn = at % columns === 0;
    const predicted = at === 0 ? 2 ** (precision - 1) : (samples[isFirstColumn ? at - columns : at - 1] ?? 0);
    const difference = (((samples[at] ?? 0) - predicted + 0x8000) & 0xffff) - 0x8000;
    const category = difference === -0x8000 ? 16 : Math.ceil(Math.log2(Math.abs(difference) + 1));
    put(category, 5);
    if (category > 0 && category < 16) put(difference < 0 ? difference + 2 ** category - 1 : difference, category);
  }
  end();
  const word = (value: number) => [value >> 8, value & 0xff];
  const categories = Array.from({ length: 17 }, (_, index) => index);
  const huffman = [0xff, 0xc4, ...word(2 + 1 + 16 + 17), 0, 0, 0, 0, 0, 17, ...Array(11).fill(0), ...categories];
  const start = [0xff, 0xc3, ...word(11), precision, ...word(rows), ...word(columns), 1, 1, 0x11, 0];
  const scan = [0xff, 0xda, ...word(8), 1, 1, 0, 1, 0, 0];
  return Uint8Array.from([0xff, 0xd8, ...start, ...huffman, ...scan, ...bytes, 0xff, 0xd9]);
}

/** Found by the property below: the last code ends on a byte boundary, right before the end marker. */
test('decodes the last pixel where nothing pads its code', async () => {
  for (let count = 1; count <= 16; count += 1) {
    const bytes = encodeJpegLossless(Array(count).fill(10), 1, count, 12);
    const decoded = await pixelsOf({ ...frame, bytes, transferSyntaxUid: JPEG_LOSSLESS_FIRST_ORDER, columns: count });
    expect(decoded).toEqual(new Uint16Array(count).fill(10));
  }
});

test('decodes JPEG lossless to the very samples encoded', async () => {
  const size = fc.integer({ min: 1, max: 9 });
  const stored = fc.constantFrom(8, 12, 16);
  await fc.assert(
    fc.asyncProperty(
      size,
      size,
      stored,
      fc.constantFrom(0, 1),
      fc.infiniteStream(fc.nat(0xffff)),
      async (rows, columns, bits, sign, stream) => {
        const mask = 2 ** bits - 1;
        const samples = Uint16Array.from([...stream.take(rows * columns)], (sample) => sample & mask);
        const signed = Int16Array.from(samples, (sample) => (sample << (32 - bits)) >> (32 - bits));
        const decoded = await pixelsOf({
          ...frame,
          bytes: encodeJpegLossless(samples, rows, columns, bits),
          transferSyntaxUid: JPEG_LOSSLESS_FIRST_ORDER,
          rows,
          columns,
          bitsStored: bits,
          highBit: bits - 1,
          pixelRepresentation: sign,
        });
        expect(decoded).toEqual(sign === 1 ? signed : samples);
      },
    ),
    { numRuns: 500 },
  );
});

test('never throws at a damaged JPEG, nor believes its size', async () => {
  const good = encodeJpegLossless(Array(64).fill(7), 8, 8, 12);
  const damaged = {
    ...frame,
    transferSyntaxUid: JPEG_LOSSLESS_FIRST_ORDER,
    rows: 8,
    columns: 8,
    bitsStored: 12,
    highBit: 11,
  };
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), async (at, value, cut) => {
      const bytes = good.slice(0, cut);
      bytes[at] = value;
      await decodeFrame({ ...damaged, bytes });
    }),
    { numRuns: 1000 },
  );
  const huge = good.slice();
  huge.fill(0xff, 7, 11); // rows and columns of its frame header
  expect(await pixelsOf({ ...damaged, bytes: huge })).toBe('frame-damaged');
});
