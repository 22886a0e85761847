import { expect, test } from 'vitest';
import { encodeDataset } from './dataset/write-dataset.ts';
import { describeInstance } from './dataset/describe-instance.ts';
import { bytesReader, findPixelData } from './dataset/find-pixel-data.ts';
import { frameRanges, frameSpans } from './frames.ts';
import { EXPLICIT_LITTLE_ENDIAN, JPEG_LOSSLESS_FIRST_ORDER } from './transfer-syntaxes.ts';

const image = {
  Rows: 2,
  Columns: 3,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  BitsAllocated: 16,
  BitsStored: 12,
  HighBit: 11,
  PixelRepresentation: 0,
};

async function framesOf(bytes: Uint8Array, transferSyntaxUid: string) {
  const found = await findPixelData(bytesReader(bytes), transferSyntaxUid);
  if (!found.ok || !found.value.location) throw new Error('no pixel data');
  const ranges = frameRanges(found.value.location, describeInstance(found.value.dataset).image);
  if (!ranges.ok) return ranges.error.code;
  return ranges.value.map((frame) =>
    frame.map(({ offset, length }) => Buffer.from(bytes.subarray(offset, offset + length)).toString('hex')),
  );
}

test('cuts native pixel data into frames', async () => {
  const pixels = Uint16Array.from({ length: 12 }, (_, index) => index);
  const bytes = encodeDataset({ ...image, NumberOfFrames: 2, PixelData: pixels });
  expect(await framesOf(bytes, EXPLICIT_LITTLE_ENDIAN)).toEqual([
    ['000001000200030004000500'],
    ['0600070008000900 0a000b00'.replace(' ', '')],
  ]);
});

test('refuses native pixel data that are too short for their frames', async () => {
  const bytes = encodeDataset({ ...image, NumberOfFrames: 3, PixelData: new Uint16Array(12) });
  expect(await framesOf(bytes, EXPLICIT_LITTLE_ENDIAN)).toBe('pixel-data-too-short');
});

const fragments = [Uint8Array.of(1, 1), Uint8Array.of(2, 2), Uint8Array.of(3, 3)];

test.each([
  ['one fragment a frame', 3, [['0101'], ['0202'], ['0303']]],
  ['all fragments as the one frame', 1, [['0101', '0202', '0303']]],
  ['neither, without an offset table', 2, 'frames-not-separable'],
])('takes encapsulated pixel data as %s', async (_name, frames, expected) => {
  const bytes = encodeDataset({ ...image, NumberOfFrames: frames, PixelData: { fragments } });
  expect(await framesOf(bytes, JPEG_LOSSLESS_FIRST_ORDER)).toEqual(expected);
});

test('tells frames apart by their codestreams where the offset table is empty', async () => {
  const start = (byte: number) => Uint8Array.of(0xff, 0xd8, byte, 0);
  const pieces = { fragments: [start(1), Uint8Array.of(9, 9), start(2)] };
  const bytes = encodeDataset({ ...image, NumberOfFrames: 2, PixelData: pieces });
  expect(await framesOf(bytes, JPEG_LOSSLESS_FIRST_ORDER)).toEqual([['ffd80100', '0909'], ['ffd80200']]);
});

test('says in which bit a frame of packed bits begins, and hands no such frame on as bytes', () => {
  const location = { kind: 'native', offset: 10, length: 6 } as const;
  const description = { rows: 3, columns: 5, samplesPerPixel: 1, bitsAllocated: 1, numberOfFrames: 3 } as Parameters<
    typeof frameSpans
  >[1];
  expect(frameSpans(location, description)).toEqual({
    ok: true,
    value: [
      { ranges: [{ offset: 10, length: 2 }], bitOffset: 0 },
      { ranges: [{ offset: 11, length: 3 }], bitOffset: 7 },
      { ranges: [{ offset: 13, length: 3 }], bitOffset: 6 },
    ],
  });
  expect(frameRanges(location, description)).toEqual({ ok: false, error: { code: 'frames-not-byte-aligned' } });
});

test('reads what stands behind the pixels, and marks what it cannot read there', async () => {
  const bytes = encodeDataset({ ...image, PixelData: new Uint16Array(6), DataSetTrailingPadding: new Uint8Array(4) });
  const whole = await findPixelData(bytesReader(bytes), EXPLICIT_LITTLE_ENDIAN);
  const torn = await findPixelData(bytesReader(bytes.subarray(0, bytes.length - 2)), EXPLICIT_LITTLE_ENDIAN);
  expect(
    [whole, torn].map((found) => found.ok && [found.value.dataset.elements.has(0xfffcfffc), found.value.dataset.marks]),
  ).toEqual([
    [true, []],
    [false, ['tail-not-read']],
  ]);
});

test('follows the offset table where frames have several fragments', () => {
  const at = (index: number) => ({
    ...{ offset: 100 + 10 * index, length: 2, itemOffset: 10 * index },
    startsStream: false,
  });
  const location = { kind: 'encapsulated', offsetTable: [0, 20], fragments: [at(0), at(1), at(2)] } as const;
  const description = { numberOfFrames: 2 } as Parameters<typeof frameRanges>[1];
  expect(frameRanges(location, description)).toEqual({
    ok: true,
    value: [
      [
        { offset: 100, length: 2 },
        { offset: 110, length: 2 },
      ],
      [{ offset: 120, length: 2 }],
    ],
  });
});

test('finds pixel data behind a head longer than its first read', async () => {
  const bytes = encodeDataset({
    ...image,
    '00091001': { privateVr: 'OB', value: new Uint8Array(300_000) },
    PixelData: new Uint16Array(6),
  });
  expect(await framesOf(bytes, EXPLICIT_LITTLE_ENDIAN)).toEqual([['00'.repeat(12)]]);
});
