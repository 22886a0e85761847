import loadCharLs from '@cornerstonejs/codec-charls/wasmjs';
import loadOpenJpeg from '@cornerstonejs/codec-openjpeg/wasmjs';
import loadOpenJph from '@cornerstonejs/codec-openjph/wasmjs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  EXPLICIT_BIG_ENDIAN,
  HTJ2K,
  HTJ2K_LOSSLESS,
  HTJ2K_LOSSLESS_RPCL,
  JPEG_2000,
  JPEG_2000_LOSSLESS,
  JPEG_BASELINE,
  JPEG_LS_LOSSLESS,
  JPEG_LS_NEAR_LOSSLESS,
  RLE_LOSSLESS,
} from '../transfer-syntaxes.ts';
import { decodeFrame, type EncodedFrame } from './decode-frame.ts';
import { silent } from './wasm-codec.ts';

const frame: EncodedFrame = {
  bytes: new Uint8Array(0),
  transferSyntaxUid: JPEG_2000_LOSSLESS,
  vr: 'OW',
  bitOffset: 0,
  rows: 48,
  columns: 64,
  samplesPerPixel: 1,
  photometricInterpretation: 'MONOCHROME2',
  planarConfiguration: 0,
  bitsAllocated: 16,
  bitsStored: 12,
  highBit: 11,
  pixelRepresentation: 0,
};

/** Colour by pixel in one scan (ISO/IEC 14495-1 §C.2.3). */
const BY_SAMPLE = 2;

async function encoderOf(transferSyntaxUid: string): Promise<WasmEncoder> {
  if (transferSyntaxUid === JPEG_LS_LOSSLESS) return new (await loadCharLs(silent())).JpegLSEncoder();
  return transferSyntaxUid === HTJ2K_LOSSLESS
    ? new (await loadOpenJph(silent())).HTJ2KEncoder()
    : new (await loadOpenJpeg(silent())).J2KEncoder();
}

function encode(encoder: WasmEncoder, samples: Uint16Array | Int16Array | Uint8Array, like: EncodedFrame): Uint8Array {
  const info = {
    width: like.columns,
    height: like.rows,
    bitsPerSample: like.bitsStored,
    componentCount: like.samplesPerPixel,
    isSigned: like.pixelRepresentation === 1,
    isUsingColorTransform: like.samplesPerPixel === 3,
  };
  encoder.getDecodedBuffer(info).set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  encoder.setInterleaveMode?.(like.samplesPerPixel === 3 ? BY_SAMPLE : 0);
  encoder.encode();
  return Uint8Array.from(encoder.getEncodedBuffer());
}

const count = frame.rows * frame.columns;
const grey = Uint16Array.from({ length: count }, (_, index) => (index * index * 7) & 0xfff);
const signed = Int16Array.from(grey, (value) => value - 2048);
const colour = Uint8Array.from({ length: 3 * count }, (_, index) => (index * index) & 0xff);
const COLOUR = {
  samplesPerPixel: 3,
  photometricInterpretation: 'RGB',
  ...{ bitsAllocated: 8, bitsStored: 8, highBit: 7 },
};

const LOSSLESS = [JPEG_2000_LOSSLESS, HTJ2K_LOSSLESS, JPEG_LS_LOSSLESS];

test.each(LOSSLESS)('decodes %s to the very samples encoded, grey and coloured', async (transferSyntaxUid) => {
  const encoder = await encoderOf(transferSyntaxUid);
  const inSyntax = { ...frame, transferSyntaxUid };
  const plain = await decodeFrame({ ...inSyntax, bytes: encode(encoder, grey, inSyntax) });
  expect(plain).toEqual({ ok: true, value: { pixels: grey, photometricInterpretation: 'MONOCHROME2' } });
  const coloured = { ...inSyntax, ...COLOUR };
  const rgb = await decodeFrame({ ...coloured, bytes: encode(encoder, colour, coloured) });
  expect(rgb).toEqual({ ok: true, value: { pixels: colour, photometricInterpretation: 'RGB' } });
});

test.each([JPEG_2000_LOSSLESS, HTJ2K_LOSSLESS])('decodes signed samples of %s', async (transferSyntaxUid) => {
  const like = { ...frame, transferSyntaxUid, pixelRepresentation: 1 };
  const decoded = await decodeFrame({ ...like, bytes: encode(await encoderOf(transferSyntaxUid), signed, like) });
  expect(decoded.ok && decoded.value.pixels).toEqual(signed);
});

test.each([
  ['HTJ2K whose resolutions come first', HTJ2K_LOSSLESS_RPCL, HTJ2K_LOSSLESS],
  ['HTJ2K that may be lossy', HTJ2K, HTJ2K_LOSSLESS],
  ['JPEG 2000 that may be lossy', JPEG_2000, JPEG_2000_LOSSLESS],
  ['JPEG-LS that may be lossy', JPEG_LS_NEAR_LOSSLESS, JPEG_LS_LOSSLESS],
])('decodes %s by the same codec', async (_name, transferSyntaxUid, encoded) => {
  const bytes = encode(await encoderOf(encoded), grey, frame);
  expect(await decodeFrame({ ...frame, transferSyntaxUid, bytes })).toEqual({
    ...{ ok: true, value: { pixels: grey, photometricInterpretation: 'MONOCHROME2' } },
  });
});

test('calls the samples of a transformed JPEG 2000 what they are: red, green and blue', async () => {
  const like = { ...frame, ...COLOUR, photometricInterpretation: 'YBR_RCT' };
  const decoded = await decodeFrame({ ...like, bytes: encode(await encoderOf(JPEG_2000_LOSSLESS), colour, like) });
  expect(decoded.ok && decoded.value.photometricInterpretation).toBe('RGB');
});

test.each(LOSSLESS)('survives damaged streams of %s, and decodes the next good one', async (transferSyntaxUid) => {
  const like = { ...frame, transferSyntaxUid };
  const good = encode(await encoderOf(transferSyntaxUid), grey, like);
  const edit = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), fc.nat(good.length), async (edits, cut) => {
      const bytes = good.slice(0, Math.max(cut, good.length >> 1));
      for (const [at, value] of edits) bytes[at] = value;
      await decodeFrame({ ...like, bytes });
    }),
    { numRuns: 150 },
  );
  const decoded = await decodeFrame({ ...like, bytes: good });
  expect(decoded.ok && decoded.value.pixels).toEqual(grey);
});

/** One literal run after another: what the least of encoders may write (PS3.5 §G.3). */
function packBits(plane: Uint8Array): Uint8Array {
  const runs: number[] = [];
  for (let at = 0; at < plane.length; at += 128) {
    const run = plane.subarray(at, at + 128);
    runs.push(run.length - 1, ...run);
  }
  return Uint8Array.from(runs.length % 2 === 0 ? runs : [...runs, 128]);
}

function encodeRle(planes: readonly Uint8Array[]): Uint8Array {
  const segments = planes.map(packBits);
  const header = new Uint32Array(16);
  header[0] = segments.length;
  let at = 64;
  for (const [index, segment] of segments.entries()) {
    header[index + 1] = at;
    at += segment.length;
  }
  return Buffer.concat([new Uint8Array(header.buffer), ...segments]);
}

test('decodes RLE of words and of colour', async () => {
  const words = encodeRle([
    Uint8Array.from(grey, (value) => value >> 8),
    Uint8Array.from(grey, (value) => value & 255),
  ]);
  const planes = [0, 1, 2].map((first) => colour.filter((_, index) => index % 3 === first));
  const inSyntax = { ...frame, transferSyntaxUid: RLE_LOSSLESS };
  const decoded = [
    await decodeFrame({ ...inSyntax, bytes: words }),
    await decodeFrame({ ...inSyntax, ...COLOUR, bytes: encodeRle(planes) }),
    await decodeFrame({ ...inSyntax, bytes: words.subarray(0, words.length - 9) }),
  ];
  expect(decoded.map((one) => (one.ok ? one.value.pixels : one.error.code))).toEqual([grey, colour, 'frame-damaged']);
});

const uncompressed: readonly [string, Partial<EncodedFrame>, unknown][] = [
  [
    'colour by plane',
    { ...COLOUR, planarConfiguration: 1, bytes: Uint8Array.of(1, 2, 3, 4, 5, 6) },
    [1, 3, 5, 2, 4, 6],
  ],
  [
    'packed bits that begin within a byte',
    { bitsAllocated: 1, bitsStored: 1, highBit: 0, bitOffset: 7, bytes: Uint8Array.of(0x80, 0x01) },
    [1, 1],
  ],
  [
    '32-bit words',
    { bitsAllocated: 32, bitsStored: 32, highBit: 31, bytes: Uint8Array.of(1, 0, 0, 128, 2, 0, 0, 0) },
    [0x80000001, 2],
  ],
  [
    'floating point',
    {
      vr: 'OF',
      bitsAllocated: 32,
      bitsStored: 32,
      highBit: 31,
      bytes: new Uint8Array(Float32Array.of(0.5, -2).buffer),
    },
    [0.5, -2],
  ],
  [
    'double precision',
    {
      vr: 'OD',
      bitsAllocated: 64,
      bitsStored: 64,
      highBit: 63,
      bytes: new Uint8Array(Float64Array.of(0.1, -2).buffer),
    },
    [0.1, -2],
  ],
  ['big-endian words', { transferSyntaxUid: EXPLICIT_BIG_ENDIAN, bytes: Uint8Array.of(1, 2, 0, 3) }, [0x102, 3]],
  [
    'bytes swapped in big-endian words',
    { transferSyntaxUid: EXPLICIT_BIG_ENDIAN, bitsAllocated: 8, bitsStored: 8, highBit: 7, bytes: Uint8Array.of(1, 2) },
    [2, 1],
  ],
];

test.each(uncompressed)('decodes %s', async (_name, change, pixels) => {
  const like = { ...frame, transferSyntaxUid: '1.2.840.10008.1.2.1', rows: 1, columns: 2, ...change };
  const decoded = await decodeFrame(like);
  expect(decoded.ok ? [...decoded.value.pixels] : decoded.error.code).toEqual(pixels);
});

/** The smallest JPEG there is: one block of one grey, eight by eight (ITU-T T.81 Annex B). */
const GREY_JPEG = Buffer.from(
  [
    ['ffd8', 'ffdb0043', '00', '01'.repeat(64), 'ffc0000b', '08', '0008', '0008', '01', '011100'].join(''),
    ['ffc40014', '00', '01', '00'.repeat(15), '03', 'ffc40014', '10', '01', '00'.repeat(15), '00'].join(''),
    ['ffda0008', '01', '0100', '003f00', '57', 'ffd9'].join(''),
  ].join(''),
  'hex',
);

test('decodes a JPEG block of one grey, and none whose size the data set denies', async () => {
  const like = { ...frame, ...{ bitsAllocated: 8, bitsStored: 8, highBit: 7, rows: 8, columns: 8 } };
  // 0 (category 3), 101: a difference of 5 in steps of 1, an eighth of which every sample gets.
  const decoded = await decodeFrame({ ...like, transferSyntaxUid: JPEG_BASELINE, bytes: GREY_JPEG });
  expect(decoded.ok && decoded.value.pixels).toEqual(new Uint8Array(64).fill(129));
  const denied = await decodeFrame({ ...like, rows: 16, transferSyntaxUid: JPEG_BASELINE, bytes: GREY_JPEG });
  expect(denied).toEqual({ ok: false, error: { code: 'frame-damaged' } });
});
