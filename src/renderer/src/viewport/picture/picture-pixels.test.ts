import { expect, test } from 'vitest';
import { colourPixels } from './colour-pixels.ts';
import { drawnSpacing } from './drawn-spacing.ts';
import { modalityValues, ownWindowOf, tabledValues, wholeWindow } from './grey-pixels.ts';
import { embeddedOverlayGroups, isInverted, isPlainGrey, paddingOf, pixelFormatOf } from './pixel-format.ts';
import { paintPlanes } from './paint-planes.ts';
import { readOverlays } from './overlay-planes.ts';
import { shutteredPixels } from './shutters.ts';
import { shownAs } from './shown-as.ts';

const value = (...Value: readonly (number | string)[]) => ({ Value: [...Value] });
const COLOUR = {
  '00280002': value(3),
  '00280004': value('RGB'),
  '00280010': value(1),
  '00280011': value(2),
  '00280100': value(8),
  '00280101': value(8),
};
const grey = {
  '00280004': value('MONOCHROME2'),
  '00280010': value(4),
  '00280011': value(4),
  '00280100': value(16),
  '00280101': value(12),
  '00280102': value(11),
};

test('colour by pixel, by plane, shared two by two, and of 16 bits', () => {
  const format = pixelFormatOf(COLOUR);
  expect(colourPixels(Uint8Array.of(1, 2, 3, 4, 5, 6), format, 'RGB', null)).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6));
  const planar = { ...format, isPlanar: true };
  expect(colourPixels(Uint8Array.of(1, 4, 2, 5, 3, 6), planar, 'RGB', null)).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6));
  const shared = colourPixels(Uint8Array.of(50, 200, 128, 128), format, 'YBR_FULL_422', null);
  expect(shared).toEqual(Uint8Array.of(50, 50, 50, 200, 200, 200));
  const red = colourPixels(Uint8Array.of(76, 85, 255, 0, 128, 128), format, 'YBR_FULL', null);
  expect([...(red ?? [])].map((one, index) => Math.abs(one - [254, 0, 0, 0, 0, 0][index]!) <= 1)).not.toContain(false);
  const deep = { ...format, bitsAllocated: 16, bitsStored: 16 };
  expect(colourPixels(Uint16Array.of(65535, 0, 32768, 0, 0, 0), deep, 'RGB', null)?.slice(0, 3)).toEqual(
    Uint8Array.of(255, 0, 128),
  );
  expect(colourPixels(Uint8Array.of(1, 2), { ...format, samples: 1 }, 'PALETTE COLOR', null)).toBeNull();
  expect(colourPixels(Uint8Array.of(1, 2, 3, 4, 5, 6), format, 'CMYK', null)).toBeNull();
});

test('a palette of 16 bits and one of 8 give the same shades', () => {
  const format = { ...pixelFormatOf(COLOUR), samples: 1 };
  const deep = { first: 0, values: Uint16Array.of(0, 65535), bits: 16 };
  const small = { first: 0, values: Uint16Array.of(0, 255), bits: 8 };
  const drawn = (table: typeof deep) =>
    colourPixels(Uint8Array.of(0, 1), format, 'PALETTE COLOR', [table, table, table]);
  expect(drawn(deep)).toEqual(Uint8Array.of(0, 0, 0, 255, 255, 255));
  expect(drawn(small)).toEqual(drawn(deep));
});

test('rescaled by a line or a table; windows of each shape; all values where there is none', () => {
  const stored = Int16Array.of(-2, 0, 10);
  const line = { '00281053': value('0.5'), '00281052': value(-1024) };
  expect([...modalityValues(stored, line, null)]).toEqual([-1025, -1024, -1019]);
  const table = { first: 0, values: Uint16Array.of(5, 6), bits: 16 };
  expect([...modalityValues(stored, line, table)]).toEqual([5, 5, 6]);
  expect([...tabledValues([0, 1.2], table)]).toEqual([5, 6]);
  expect(ownWindowOf({ '00281050': value(40, 300), '00281051': value(80, 1500) })).toEqual({
    centre: 40,
    width: 80,
    shape: 'LINEAR',
  });
  expect(ownWindowOf({ '00281050': value(1), '00281051': value(0.5) })).toBeNull();
  const narrow = { '00281050': value(1), '00281051': value(0.5), '00281056': value('SIGMOID') };
  expect(ownWindowOf(narrow)).toMatchObject({ shape: 'SIGMOID' });
  expect(wholeWindow([1, 2, 5, Number.NaN, 99], (index) => index === 4)).toMatchObject({ centre: 3, width: 4 });
  expect(wholeWindow([7, 7], () => false)).toMatchObject({ centre: 3.5, width: 7 });
  expect(wholeWindow([0, 0], () => false)).toMatchObject({ centre: 0.5, width: 1 });
});

test('which images the page decodes itself, which are light first, what is padding', () => {
  expect(isPlainGrey(grey)).toBe(true);
  expect(isPlainGrey({ ...grey, '00280102': value(15) })).toBe(false);
  expect(isPlainGrey({ ...grey, '00283000': { vr: 'SQ', Value: [{}] } })).toBe(false);
  expect(isPlainGrey({ ...grey, '7FE00008': { BulkDataURI: 'x' } })).toBe(false);
  expect(isPlainGrey(COLOUR)).toBe(false);
  const overlaid = { ...grey, '60020010': value(4), '60020011': value(4), '60020102': value(14) };
  expect(embeddedOverlayGroups(overlaid)).toEqual(['6002']);
  expect(isPlainGrey(overlaid)).toBe(false);
  expect(isInverted({ ...grey, '20500020': value('INVERSE') })).toBe(true);
  expect(isInverted({ '00280004': value('MONOCHROME1') })).toBe(true);
  expect(isInverted({ '00280004': value('MONOCHROME1'), '20500020': value('IDENTITY') })).toBe(false);
  const padded = { ...grey, '00280103': value(1), '00280120': value(63536), '00280121': value(-1000) };
  expect(paddingOf(padded)).toEqual([-2000, -1000]);
});

test('pixels are drawn as they are shaped, and the engine is told what it is given', () => {
  expect(drawnSpacing({ '00280034': value(4, 3) })).toEqual({ rowSpacing: 4 / 3, columnSpacing: 1 });
  expect(drawnSpacing({ '00181164': value(0.2, 0.1) })).toEqual({ rowSpacing: 2, columnSpacing: 1 });
  const told = shownAs({ ...COLOUR, '00280004': value('PALETTE COLOR'), '00280002': value(1) });
  expect([told['00280004']?.Value, told['00280002']?.Value]).toEqual([['RGB'], [3]]);
});

test('overlays from their own bits and from those of the pixels, placed where they say', async () => {
  const own = {
    ...grey,
    '60000010': value(1),
    '60000011': value(2),
    '60000050': value(2, 3),
    '60003000': { vr: 'OW', InlineBinary: btoa('\u0002\u0000') },
  };
  const [overlay] = await readOverlays(own, null);
  expect(overlay).toMatchObject({ top: 1, left: 2, rows: 1, columns: 2, bits: Uint8Array.of(0, 1) });
  const planes = { rows: 4, columns: 4, padding: null, shuttered: null, shade: 0 };
  const painted = paintPlanes({ ...planes, overlays: overlay === undefined ? [] : [overlay] });
  expect([...painted.subarray(4 * 7, 4 * 7 + 4)]).toEqual([255, 255, 255, 255]);
  expect(painted.filter((one) => one > 0)).toHaveLength(4);

  const embedded = { ...grey, '60000010': value(1), '60000011': value(2), '60000102': value(15) };
  const pixels = Uint8Array.of(0, 0x80, 0, 0);
  expect((await readOverlays(embedded, pixels))[0]?.bits).toEqual(Uint8Array.of(1, 0));
  expect(await readOverlays(embedded, null)).toEqual([]);
  // A bit that pixels do not have is no overlay, rather than another pixel's.
  expect(await readOverlays({ ...embedded, '60000102': value(31) }, pixels)).toEqual([]);
});

test('an overlay of many frames lies on those it names', async () => {
  const many = {
    '60000010': value(1),
    '60000011': value(4),
    '60000015': value(2),
    '60000051': value(3),
    '60003000': { vr: 'OB', InlineBinary: btoa('\u0021') },
  };
  const onFrame = async (frame: number) =>
    (await readOverlays({ ...grey, ...many, 'frame-number': value(frame) }, null))[0]?.bits ?? null;
  expect(await onFrame(3)).toEqual(Uint8Array.of(1, 0, 0, 0));
  expect(await onFrame(4)).toEqual(Uint8Array.of(0, 1, 0, 0));
  expect(await onFrame(1)).toBeNull();
});

test('shutters hide what lies outside any of them, and padding is black below', () => {
  const visible = (dataSet: Readonly<Record<string, { Value: (number | string)[] }>>) => {
    const hidden = shutteredPixels(dataSet, 4, 4);
    return hidden === null
      ? null
      : [...hidden]
          .map((one, index) => (one ? '' : `${index}`))
          .join(' ')
          .trim()
          .split(/ +/);
  };
  const rectangle = {
    '00181600': value('RECTANGULAR'),
    '00181602': value(2),
    '00181604': value(3),
    '00181606': value(1),
    '00181608': value(2),
  };
  expect(visible(rectangle)).toEqual(['1', '2', '5', '6']);
  const circle = { '00181600': value('CIRCULAR'), '00181610': value(2, 2), '00181612': value(1) };
  expect(visible(circle)).toEqual(['1', '4', '5', '6', '9']);
  const both = { ...rectangle, ...circle, '00181600': value('RECTANGULAR', 'CIRCULAR') };
  expect(visible(both)).toEqual(['1', '5', '6']);
  const triangle = { '00181600': value('POLYGONAL'), '00181620': value(1, 1, 1, 3, 3, 1) };
  expect(visible(triangle)).toEqual(['0', '1', '2', '4', '5', '8']);
  expect(visible({})).toBeNull();
  const hostile = { ...triangle, '00181620': value(...Array.from({ length: 2000 }, () => 1)) };
  expect(visible(hostile)).toBeNull();
  const painted = paintPlanes({
    rows: 1,
    columns: 2,
    padding: Uint8Array.of(1, 1),
    overlays: [],
    shuttered: Uint8Array.of(0, 1),
    shade: 1,
  });
  expect([...painted]).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
});
