import { expect, test } from 'vitest';
import { bytesReader } from '../dataset/find-pixel-data.ts';
import { type DicomRecord, encodeDataset } from '../dataset/write-dataset.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../transfer-syntaxes.ts';
import { framePresentation } from './frame-presentation.ts';
import { openFrames } from './read-frames.ts';
import { type RenderOptions, renderFrame } from './render-frame.ts';

const GREY = {
  ...{ Rows: 1, Columns: 4, SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2' },
  ...{ BitsAllocated: 16, BitsStored: 16, HighBit: 15, PixelRepresentation: 1 },
};
const COLOUR = {
  ...{ Rows: 1, Columns: 2, SamplesPerPixel: 3, PlanarConfiguration: 0, PhotometricInterpretation: 'RGB' },
  ...{ BitsAllocated: 8, BitsStored: 8, HighBit: 7, PixelRepresentation: 0 },
};

/** The bytes shown, or the code of why none are. */
async function render(
  record: DicomRecord,
  frame = 0,
  options: RenderOptions = {},
): Promise<readonly number[] | string> {
  const frames = await openFrames(bytesReader(encodeDataset(record)), EXPLICIT_LITTLE_ENDIAN);
  if (!frames.ok) return frames.error.code;
  const encoded = await frames.value.read(frame);
  if (encoded === null) return 'no such frame';
  const rendered = await renderFrame(encoded, framePresentation(frames.value.dataset, frame), options);
  return rendered.ok ? [...rendered.value.bytes] : rendered.error.code;
}

const pixels = Int16Array.of(-1000, 0, 40, 1000);
const table = (first: number, values: readonly number[], bits: number) => ({
  LUTDescriptor: [values.length, first, bits],
  LUTData: Uint16Array.from(values),
});

const greys: readonly [string, DicomRecord, readonly number[]][] = [
  ['from the smallest value to the largest without a window', {}, [0, 128, 133, 255]],
  [
    'by its window after the rescale',
    { RescaleSlope: 2, RescaleIntercept: 20, WindowCenter: 100, WindowWidth: 401 },
    [0, 77, 128, 255],
  ],
  ['by an exact window', { WindowCenter: 0, WindowWidth: 80, VOILUTFunction: 'LINEAR_EXACT' }, [0, 128, 255, 255]],
  ['by a sigmoid', { WindowCenter: 0, WindowWidth: 80, VOILUTFunction: 'SIGMOID' }, [0, 128, 225, 255]],
  ['a window one wide as a threshold', { WindowCenter: 1, WindowWidth: 1 }, [0, 0, 255, 255]],
  ['the smallest white in MONOCHROME1', { PhotometricInterpretation: 'MONOCHROME1' }, [255, 128, 122, 0]],
  [
    'inverted once where the shape says so too',
    { PhotometricInterpretation: 'MONOCHROME1', PresentationLUTShape: 'INVERSE' },
    [255, 128, 122, 0],
  ],
  ['padding black and out of the range', { PixelPaddingValue: -1000 }, [0, 0, 10, 255]],
  ['by a VOI table', { VOILUTSequence: [table(0, [0, 10, 255], 8)] }, [0, 0, 255, 255]],
  [
    'by a modality table and a window',
    { ModalityLUTSequence: [table(-1000, [7, 50, 107], 16)], WindowCenter: 57, WindowWidth: 101 },
    [1, 255, 255, 255],
  ],
];

test.each(greys)('shows grey %s', async (_name, change, shown) => {
  expect(await render({ ...GREY, PixelData: pixels, ...change })).toEqual(shown);
});

test('takes the window asked for before the object’s own', async () => {
  const record = { ...GREY, PixelData: pixels, WindowCenter: 0, WindowWidth: 10 };
  const window = { center: 0, width: 2000, shape: 'linear-exact' } as const;
  expect(await render(record, 0, { window })).toEqual([0, 128, 133, 255]);
});

test('takes what each frame of an enhanced object says before what they share', async () => {
  const group = (intercept: number) => ({
    PixelValueTransformationSequence: [{ RescaleIntercept: intercept, RescaleSlope: 1, RescaleType: 'US' }],
  });
  const record = {
    ...GREY,
    NumberOfFrames: 2,
    SharedFunctionalGroupsSequence: [{ ...group(0), FrameVOILUTSequence: [{ WindowCenter: 50, WindowWidth: 101 }] }],
    PerFrameFunctionalGroupsSequence: [{}, group(100)],
    PixelData: Int16Array.of(0, 25, 50, 100, -100, -75, -50, 0),
  };
  const shown = [1, 65, 129, 255];
  expect([await render(record), await render(record, 1), await render(record, 2)]).toEqual([
    shown,
    shown,
    'no such frame',
  ]);
});

const colours: readonly [string, DicomRecord, readonly number[] | string][] = [
  ['RGB by pixel', { PixelData: Uint8Array.of(1, 2, 3, 4, 5, 6) }, [1, 2, 3, 4, 5, 6]],
  ['RGB by plane', { PlanarConfiguration: 1, PixelData: Uint8Array.of(1, 4, 2, 5, 3, 6) }, [1, 2, 3, 4, 5, 6]],
  [
    'YBR',
    { PhotometricInterpretation: 'YBR_FULL', PixelData: Uint8Array.of(76, 85, 255, 128, 128, 128) },
    [254, 0, 0, 128, 128, 128],
  ],
  [
    'YBR with shared colour',
    { PhotometricInterpretation: 'YBR_FULL_422', PixelData: Uint8Array.of(10, 20, 128, 128) },
    [10, 10, 10, 20, 20, 20],
  ],
  ['no CMYK', { PhotometricInterpretation: 'CMYK', PixelData: new Uint8Array(6) }, 'unsupported-pixels'],
];

test.each(colours)('shows %s', async (_name, change, shown) => {
  expect(await render({ ...COLOUR, ...change })).toEqual(shown);
});

const INDEXED = {
  ...COLOUR,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'PALETTE COLOR',
  PixelData: Uint8Array.of(1, 2),
};

test('shows a palette, plain and in segments, and says so where there is none', async () => {
  const palette = (red: readonly number[], green: readonly number[], blue: readonly number[]) =>
    Object.fromEntries(
      Object.entries({ Red: red, Green: green, Blue: blue }).flatMap(([colour, values]) => [
        [`${colour}PaletteColorLookupTableDescriptor`, [3, 0, 16]],
        [`${colour}PaletteColorLookupTableData`, Uint16Array.from(values)],
      ]),
    );
  expect(await render({ ...INDEXED, ...palette([0, 0xffff, 0], [0, 0, 0x8080], [0, 0, 0xffff]) })).toEqual([
    255, 0, 0, 0, 128, 255,
  ]);
  // A discrete segment of one value, then a line of two more: 0, 0x7fff, 0xffff.
  const segments = Uint16Array.of(0, 1, 0, 1, 2, 0xffff);
  const segmented = Object.fromEntries(
    ['Red', 'Green', 'Blue'].flatMap((colour) => [
      [`${colour}PaletteColorLookupTableDescriptor`, [3, 0, 16]],
      [`Segmented${colour}PaletteColorLookupTableData`, segments],
    ]),
  );
  expect(await render({ ...INDEXED, ...segmented })).toEqual([128, 128, 128, 255, 255, 255]);
  expect(await render(INDEXED)).toBe('unsupported-pixels');
});
