import { expect, test } from 'vitest';
import { type DicomRecord, encodeInstance } from '../../dicom/dataset/write-dataset.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../../dicom/transfer-syntaxes.ts';
import { readSlice } from './read-slice.ts';
import { ballHead, sliceRecord } from './test-series.ts';

const SLICE = ballHead({ bleedMm: 10, slices: 3, matrix: 16 })[1];
if (SLICE === undefined) throw new Error('no slice');
const RECORD = sliceRecord(SLICE);
const REFERENCE = {
  sopUid: SLICE.sopUid,
  digest: '0'.repeat(64),
  encoding: 'plain',
  transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
} as const;

const read = (change: DicomRecord, reference = REFERENCE) =>
  readSlice(encodeInstance({ ...RECORD, ...change }), reference, -1024);

function without(keyword: string): Uint8Array {
  const { [keyword]: _, ...rest } = RECORD;
  return encodeInstance(rest);
}

test('reads back place and rescaled values', async () => {
  const result = await read({});
  expect(result).toEqual({ ok: true, value: { ...SLICE, values: Float32Array.from(SLICE.values) } });
});

test('replaces the padding value and its range, compared before the rescale', async () => {
  const pixels = new Int16Array(256).fill(1024);
  pixels[0] = -2000;
  pixels[1] = -1990;
  pixels[2] = -1900;
  const change = {
    PixelRepresentation: 1,
    BitsStored: 16,
    HighBit: 15,
    PixelPaddingValue: -2000,
    PixelPaddingRangeLimit: -1990,
    RescaleSlope: 0.5,
    RescaleIntercept: -10,
    PixelData: pixels,
  };
  const result = await read(change);
  expect(result.ok && [...result.value.values.subarray(0, 4)]).toEqual([-1024, -1024, -960, 502]);
});

test.each([
  ['object-damaged', encodeInstance({ ...RECORD, SOPInstanceUID: '2.25.9' })],
  ['object-damaged', encodeInstance(RECORD).subarray(0, 700)],
  ['object-damaged', new Uint8Array(200)],
  ['object-damaged', without('PixelData')],
  ['missing-geometry', without('ImagePositionPatient')],
  ['missing-geometry', without('PixelSpacing')],
  ['missing-geometry', encodeInstance({ ...RECORD, ImageOrientationPatient: [1, 0, 0, 1, 0, 0] })],
  ['missing-geometry', encodeInstance({ ...RECORD, NumberOfFrames: 2, PixelData: new Int16Array(512) })],
  ['not-decodable', encodeInstance({ ...RECORD, PhotometricInterpretation: 'MONOCHROME1' })],
])('refuses with a code: %s', async (code, file) => {
  expect(await readSlice(file, REFERENCE, -1024)).toEqual({ ok: false, error: { code } });
});
