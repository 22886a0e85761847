import { describe, expect, test } from 'vitest';
import { ModelSource } from '../../../../shared/domain/model-preprocessing.ts';
import { type DicomRecord, encodeInstance } from '../../dicom/dataset/write-dataset.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../../dicom/transfer-syntaxes.ts';
import { readSourceFrames } from './read-source-frames.ts';
import { ballHead, sliceRecord } from './test-series.ts';

const SLICE = ballHead({ bleedMm: 10, slices: 3, matrix: 16 })[1];
if (SLICE === undefined) throw new Error('no slice');
const RECORD = sliceRecord(SLICE);
const REFERENCE = { sopUid: SLICE.sopUid, transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN };
const HU = ModelSource.parse({ arrangement: 'volume', paddingValue: -1024 });

const asked = (source: Partial<ModelSource> = {}): ModelSource => ({ ...HU, ...source });

async function read(change: DicomRecord, source: Partial<ModelSource> = {}) {
  const result = await readSourceFrames(encodeInstance({ ...RECORD, ...change }), REFERENCE, asked(source));
  if (!result.ok) throw new Error(result.error.code);
  return result.value;
}

/** The first values of the first frame. */
async function valuesOf(change: DicomRecord, source: Partial<ModelSource> = {}, count = 4): Promise<readonly number[]> {
  const { frames } = await read({ Rows: 1, Columns: count, ...change }, source);
  return [...(frames[0]?.values ?? [])].map((value) => Number(value.toFixed(5)));
}

function without(keyword: string): Uint8Array {
  const { [keyword]: _, ...rest } = RECORD;
  return encodeInstance(rest);
}

test('reads back place and rescaled values, whole ones in two bytes each', async () => {
  expect((await read({})).frames).toEqual([SLICE]);
});

test('replaces the padding value and its range, compared before the rescale', async () => {
  const change = {
    ...{ PixelRepresentation: 1, BitsStored: 16, HighBit: 15, RescaleSlope: 0.5, RescaleIntercept: -10 },
    ...{ PixelPaddingValue: -2000, PixelPaddingRangeLimit: -1990 },
    PixelData: Int16Array.of(-2000, -1990, -1900, 1024),
  };
  expect(await valuesOf(change)).toEqual([-1024, -1024, -960, 502]);
});

describe('values as the source asks for them', () => {
  const signed = { PixelRepresentation: 1, BitsStored: 12, HighBit: 11, PixelData: Int16Array.of(-2048, -1, 0, 2047) };
  const window = { WindowCenter: 40, WindowWidth: 80, PixelData: Int16Array.of(1024, 1064, 1104, 2000) };
  const table = { LUTDescriptor: [3, 10, 8], LUTData: Uint16Array.of(0, 100, 200) };

  test('stored, without the rescale', async () => {
    expect(await valuesOf({ ...signed, RescaleIntercept: -1024 }, { values: 'stored' })).toEqual([-2048, -1, 0, 2047]);
  });

  test('rescaled by a slope that is no whole number', async () => {
    expect(await valuesOf({ ...signed, RescaleSlope: 0.25, RescaleIntercept: 1.5 })).toEqual([
      -510.5, 1.25, 1.5, 513.25,
    ]);
  });

  test('rescaled by a modality table, which goes on at both ends', async () => {
    const change = {
      ModalityLUTSequence: [{ ...table, ModalityLUTType: 'US' }],
      PixelData: Int16Array.of(0, 10, 11, 99),
    };
    expect(await valuesOf(change)).toEqual([0, 0, 100, 200]);
  });

  // PS3.3 §C.11.2.1.2.1: ((x − (c − 0.5)) / (w − 1) + 0.5); §C.11.2.1.3.2: (x − c) / w + 0.5; §C.11.2.1.3.1.
  test.each([
    ['LINEAR', [0, 40, 80, 976].map(linear)],
    ['LINEAR_EXACT', [0, 0.5, 1, 1]],
    ['SIGMOID', [0, 40, 80, 976].map((hu) => Number((1 / (1 + Math.exp((-4 * (hu - 40)) / 80))).toFixed(5)))],
  ])('displayed by a window: %s', async (shape, expected) => {
    expect(await valuesOf({ ...window, VOILUTFunction: shape }, { values: 'displayed' })).toEqual(expected);
  });

  test('displayed by a table where there is no window', async () => {
    const change = {
      VOILUTSequence: [{ LUTDescriptor: [2, 40, 8], LUTData: Uint16Array.of(51, 255) }],
      PixelData: Int16Array.of(1063, 1064, 1065, 2000),
    };
    expect(await valuesOf(change, { values: 'displayed' })).toEqual([0.2, 0.2, 1, 1]);
  });

  test('turned over where white is low: within the stored bits, and after the window', async () => {
    const change = { ...window, PhotometricInterpretation: 'MONOCHROME1', VOILUTFunction: 'LINEAR_EXACT' };
    expect(await valuesOf(change, { values: 'stored' })).toEqual([3071, 3031, 2991, 2095]);
    expect(await valuesOf(change)).toEqual([2047, 2007, 1967, 1071]);
    expect(await valuesOf(change, { photometric: 'as-stored' })).toEqual([0, 40, 80, 976]);
    expect(await valuesOf(change, { values: 'displayed' })).toEqual([1, 0.5, 0, 0]);
    expect(await valuesOf({ ...signed, PhotometricInterpretation: 'MONOCHROME1' }, { values: 'stored' })).toEqual([
      2047, 0, -1, -2048,
    ]);
  });
});

function linear(hu: number): number {
  return Number(Math.min(1, Math.max(0, (hu - 39.5) / 79 + 0.5)).toFixed(5));
}

describe('colour', () => {
  const rgb = {
    ...{ SamplesPerPixel: 3, PhotometricInterpretation: 'RGB', PlanarConfiguration: 0 },
    ...{ BitsAllocated: 8, BitsStored: 8, HighBit: 7, Columns: 2, PixelData: Uint8Array.of(255, 0, 0, 10, 20, 30) },
  };

  test('as three channels, or as their luma', async () => {
    expect(await valuesOf(rgb, { colour: 'rgb' })).toEqual([255, 0, 0, 10, 20, 30]);
    expect(await valuesOf(rgb)).toEqual([76.245, 18.15]);
    expect(await valuesOf(rgb, { values: 'displayed' }, 2)).toEqual([0.299, 0.07118]);
  });

  test('of YBR', async () => {
    const change = {
      ...rgb,
      PhotometricInterpretation: 'YBR_FULL',
      PixelData: Uint8Array.of(76, 85, 255, 128, 128, 128),
    };
    expect(await valuesOf(change, { colour: 'rgb' })).toEqual([254, 0, 0, 128, 128, 128]);
  });

  test('of a palette', async () => {
    const tables = Object.fromEntries(
      ['Red', 'Green', 'Blue'].flatMap((colour, index) => [
        [`${colour}PaletteColorLookupTableDescriptor`, [2, 0, 16]],
        [`${colour}PaletteColorLookupTableData`, Uint16Array.of(0, [0xffff, 0x8080, 0][index] as number)],
      ]),
    );
    const change = {
      PhotometricInterpretation: 'PALETTE COLOR',
      Columns: 2,
      PixelData: Int16Array.of(1, 0),
      ...tables,
    };
    expect(await valuesOf(change, { colour: 'rgb' })).toEqual([255, 128, 0, 0, 0, 0]);
  });

  test('grey stays one channel until the grid is made', async () => {
    expect((await read({}, { colour: 'rgb' })).frames[0]?.channels).toBe(1);
  });
});

describe('several frames in one object', () => {
  const plane = (z: number) => ({ PlanePositionSequence: [{ ImagePositionPatient: [-7, -8, z] }] });
  const shared = {
    PlaneOrientationSequence: [{ ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }],
    PixelMeasuresSequence: [{ PixelSpacing: [0.5, 0.25], SliceThickness: 2 }],
    PixelValueTransformationSequence: [{ RescaleSlope: 1, RescaleIntercept: -100 }],
    CTXRayDetailsSequence: [{ KVP: 120 }],
  };
  const {
    ImagePositionPatient: _p,
    ImageOrientationPatient: _o,
    PixelSpacing: _s,
    SliceThickness: _t,
    ...rest
  } = RECORD;
  const enhanced: DicomRecord = {
    ...rest,
    ...{ NumberOfFrames: 2, Rows: 1, Columns: 2, PixelData: Int16Array.of(1, 2, 3, 4) },
    SharedFunctionalGroupsSequence: [shared],
    PerFrameFunctionalGroupsSequence: [
      plane(5),
      { ...plane(7), PixelValueTransformationSequence: [{ RescaleSlope: 2, RescaleIntercept: 0 }] },
    ],
  };
  const readRecord = (record: DicomRecord, most?: number) =>
    readSourceFrames(encodeInstance(record), REFERENCE, HU, most);

  test('each has what its own functional groups or the shared ones say', async () => {
    const result = await readRecord(enhanced);
    if (!result.ok) throw new Error(result.error.code);
    const [first, second] = result.value.frames;
    expect([first?.values, second?.values]).toEqual([Int16Array.of(-99, -98), Int16Array.of(6, 8)]);
    expect([first?.place?.position, second?.place?.position]).toEqual([
      [-7, -8, 5],
      [-7, -8, 7],
    ]);
    expect([first?.frameNumber, second?.frameNumber]).toEqual([1, 2]);
    expect(second).toMatchObject({ pixelMm: [0.5, 0.25], place: { alongRow: [1, 0, 0], thicknessMm: 2 } });
    expect(result.value.facts).toMatchObject({ sliceThicknessMm: 2, tubeVoltageKv: 120 });
  });

  test('without functional groups they have no place', async () => {
    const { SharedFunctionalGroupsSequence: _, PerFrameFunctionalGroupsSequence: __, ...plain } = enhanced;
    const result = await readRecord(plain);
    expect(result.ok && result.value.frames.map(({ place }) => place)).toEqual([null, null]);
  });

  test('more than the model reads are refused before they are decoded', async () => {
    expect(await readRecord(enhanced, 1)).toEqual({ ok: false, error: { code: 'too-many-slices' } });
  });
});

describe('the size of pixels', () => {
  const { ImagePositionPatient: _p, ImageOrientationPatient: _o, PixelSpacing: _s, ...film } = RECORD;
  const sizeOf = async (record: DicomRecord) => {
    const result = await readSourceFrames(encodeInstance(record), REFERENCE, HU);
    return result.ok && result.value.frames[0]?.pixelMm;
  };
  test.each<[string, DicomRecord, readonly number[] | null]>([
    ['in the patient', { PixelSpacing: [0.2, 0.3], ImagerPixelSpacing: [0.4, 0.4] }, [0.2, 0.3]],
    ['at the detector', { ImagerPixelSpacing: [0.4, 0.5] }, [0.4, 0.5]],
    [
      'at the detector, magnified',
      { ImagerPixelSpacing: [0.4, 0.5], EstimatedRadiographicMagnificationFactor: 2 },
      [0.2, 0.25],
    ],
    ['nowhere', {}, null],
    ['nonsense', { PixelSpacing: [0, 0.3] }, null],
  ])('%s', async (_, spacing, expected) => {
    expect(await sizeOf({ ...film, ...spacing })).toEqual(expected);
  });
});

describe('what the object says of the person', () => {
  test.each<[string, DicomRecord, number | null]>([
    ['an age string', { PatientAge: '045Y', PatientBirthDate: '19500101', StudyDate: '20260101' }, 45],
    ['months', { PatientAge: '006M' }, 0.5],
    ['a birth date at the study', { PatientBirthDate: '19800316', StudyDate: '20260315' }, 45 + 11 / 12],
    ['on the birthday', { PatientBirthDate: '19800315', StudyDate: '20260315' }, 46],
    ['born after the study', { PatientBirthDate: '20270101', StudyDate: '20260315' }, null],
    ['an impossible age', { PatientAge: '999Y' }, null],
    ['nothing', {}, null],
  ])('age: %s', async (_, change, expected) => {
    expect((await read(change)).facts.ageYears).toBe(expected);
  });

  test('sex, weight and tube voltage, and nothing where they make no sense', async () => {
    const known = await read({ PatientSex: 'F', PatientWeight: 61.5, KVP: 100 });
    expect(known.facts).toMatchObject({ sex: 'F', weightKg: 61.5, tubeVoltageKv: 100, sliceThicknessMm: 5 });
    const unknown = await read({ PatientSex: 'X', PatientWeight: 0, KVP: null });
    expect(unknown.facts).toMatchObject({ sex: null, weightKg: null, tubeVoltageKv: null });
  });
});

test.each([
  ['object-damaged', encodeInstance({ ...RECORD, SOPInstanceUID: '2.25.9' })],
  ['object-damaged', encodeInstance(RECORD).subarray(0, 700)],
  ['object-damaged', new Uint8Array(200)],
  ['object-damaged', without('PixelData')],
  ['not-decodable', encodeInstance({ ...RECORD, PhotometricInterpretation: 'CMYK' })],
  ['not-decodable', encodeInstance({ ...RECORD, BitsStored: 17 })],
])('refuses with a code: %s', async (code, file) => {
  expect(await readSourceFrames(file, REFERENCE, HU)).toEqual({ ok: false, error: { code } });
});

test.each([
  ['position', without('ImagePositionPatient')],
  ['pixel spacing', without('PixelSpacing')],
  ['directions that stand square', encodeInstance({ ...RECORD, ImageOrientationPatient: [1, 0, 0, 1, 0, 0] })],
])('gives no place without %s', async (_, file) => {
  const result = await readSourceFrames(file, REFERENCE, HU);
  expect(result.ok && result.value.frames[0]?.place).toBeNull();
});

describe('objects of many frames that state one place', () => {
  const places = async (change: DicomRecord) => (await read(change)).frames.map(({ place }) => place?.position ?? null);
  const { ImagePositionPatient: _place, ImageOrientationPatient: _direction, ...unplaced } = RECORD;
  const many = (count: number): DicomRecord => ({
    ...{ NumberOfFrames: count, Rows: 1, Columns: 2, RescaleIntercept: 0 },
    PixelData: Int16Array.from({ length: 2 * count }, (_, at) => at + 1),
  });
  const dose = {
    ...many(3),
    ...{
      Modality: 'RTDOSE',
      DoseGridScaling: 0.5,
      ImagePositionPatient: [1, 2, 30],
      GridFrameOffsetVector: [0, 2.5, 5],
    },
  };

  test('doses are stored values times their scaling, and none where it is missing', async () => {
    const { frames } = await read(dose);
    expect(frames.map(({ values }) => [...values])).toEqual([
      [0.5, 1],
      [1.5, 2],
      [2.5, 3],
    ]);
    const { DoseGridScaling: _scaling, ...unscaled } = { ...RECORD, ...dose };
    expect(await readSourceFrames(encodeInstance(unscaled), REFERENCE, HU)).toEqual({
      ...{ ok: false, error: { code: 'not-calibrated' } },
    });
  });

  test.each<[string, DicomRecord, readonly (readonly number[] | null)[]]>([
    [
      'from the first plane on',
      {},
      [
        [1, 2, 30],
        [1, 2, 32.5],
        [1, 2, 35],
      ],
    ],
    [
      'as their own z, of upright planes',
      { GridFrameOffsetVector: [30, 27, 24] },
      [
        [1, 2, 30],
        [1, 2, 27],
        [1, 2, 24],
      ],
    ],
    [
      'along the normal of whatever planes',
      { ImageOrientationPatient: [1, 0, 0, 0, 0, -1] },
      [
        [1, 2, 30],
        [1, 4.5, 30],
        [1, 7, 30],
      ],
    ],
    ['from neither, and so nowhere', { GridFrameOffsetVector: [7, 8, 9] }, [null, null, null]],
    [
      'as their own z, of planes that do not lie so',
      { GridFrameOffsetVector: [30, 27, 24], ImageOrientationPatient: [1, 0, 0, 0, 0, -1] },
      [null, null, null],
    ],
    ['too few', { GridFrameOffsetVector: [0, 2.5] }, [[1, 2, 30], [1, 2, 32.5], null]],
  ])('planes of a dose lie where their offsets say: %s', async (_what, change, expected) => {
    expect(await places({ ...dose, ...change })).toEqual(expected);
  });

  const item = { ImagePositionPatient: [1, 2, 30], ImageOrientationPatient: [1, 0, 0, 0, 1, 0] };
  async function placesOfTomography(change: DicomRecord) {
    const record = {
      ...{ ...unplaced, ...many(3), Modality: 'NM', ImageType: ['ORIGINAL', 'PRIMARY', 'RECON TOMO', 'EMISSION'] },
      ...{ SliceVector: [3, 1, 2], SpacingBetweenSlices: -4, DetectorInformationSequence: [item] },
      ...change,
    };
    const result = await readSourceFrames(encodeInstance(record), REFERENCE, HU);
    if (!result.ok) throw new Error(result.error.code);
    return result.value.frames.map(({ place }) => place?.position ?? null);
  }

  test('slices of reconstructed tomography lie where their numbers say, either way along the normal', async () => {
    expect(await placesOfTomography({})).toEqual([
      [1, 2, 22],
      [1, 2, 30],
      [1, 2, 26],
    ]);
    expect(await placesOfTomography({ DetectorInformationSequence: [{}, item], SpacingBetweenSlices: 4 })).toEqual([
      [1, 2, 38],
      [1, 2, 30],
      [1, 2, 34],
    ]);
  });

  test.each<[string, DicomRecord, readonly unknown[]]>([
    ['of several detectors nobody knows which', { DetectorInformationSequence: [item, item] }, [null, null, null]],
    ['without a step only the first is known', { SpacingBetweenSlices: '' }, [null, [1, 2, 30], null]],
    ['projections lie nowhere', { SliceVector: null, RotationVector: [1, 1, 1] }, [null, null, null]],
    ['nor do other frames of one stated place', { ...item, SliceVector: null }, [[1, 2, 30], null, null]],
  ])('%s', async (_what, change, expected) => {
    expect(await placesOfTomography(change)).toEqual(expected);
  });
});
