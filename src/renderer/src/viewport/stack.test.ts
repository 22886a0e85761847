import { expect, test } from 'vitest';
import type { DicomJson } from './dicom-json.ts';
import { findImage, openingIndex, readStack } from './stack.ts';

const ADDRESS = { dicomwebPath: '/dicomweb/demo/', studyUid: '1.2', seriesUid: '1.2.3' };

type Slice = { readonly uid: string; readonly number: number; readonly z?: number; readonly more?: DicomJson };

function slice({ uid, number, z, more }: Slice): DicomJson {
  return {
    '00080018': { vr: 'UI', Value: [uid] },
    '00080060': { vr: 'CS', Value: ['CT'] },
    '00200013': { vr: 'IS', Value: [String(number)] },
    '00280010': { vr: 'US', Value: [4] },
    '00280011': { vr: 'US', Value: [6] },
    ...(z !== undefined && {
      '00200032': { vr: 'DS', Value: [-10, '-20', z] },
      '00200037': { vr: 'DS', Value: [1, 0, 0, 0, 1, 0] },
    }),
    ...more,
  };
}

const uidsOf = (slices: readonly Slice[]) => readStack(slices.map(slice), ADDRESS).images.map((image) => image.sopUid);

test('sorts by position along the normal, not by arrival, not by number', () => {
  expect(
    uidsOf([
      { uid: 'top', number: 2, z: 50 },
      { uid: 'low', number: 1, z: -5 },
      { uid: 'middle', number: 9, z: 20 },
    ]),
  ).toEqual(['low', 'middle', 'top']);
});

test('knows where every pixel lies only where the image says how large they are in the patient', () => {
  const isGuessed = (more: DicomJson) =>
    readStack([slice({ uid: '1', number: 1, z: 5, more })], ADDRESS).images[0]?.plane?.isGuessed ?? false;
  const of = (...Value: readonly unknown[]) => ({ Value: [...Value] });
  const projected = { '00080060': of('XA'), '00280030': of(0.3, 0.3), '00181164': of(0.3, 0.3) };
  expect([
    isGuessed({}),
    isGuessed({ '00280034': of(2, 1) }),
    isGuessed({ '00280030': of(0, 0.5) }),
    isGuessed(projected),
    isGuessed({ '00280030': of(0.5, 0.5) }),
    isGuessed({ ...projected, '00280A02': of('FIDUCIAL') }),
  ]).toEqual([true, true, true, true, false, false]);
});

test('opens at the image asked for, else in the middle', () => {
  const stack = readStack(
    ['a', 'b', 'c', 'd', 'e'].map((uid, number) => slice({ uid, number })),
    ADDRESS,
  );
  const at = (sopUid: string, frameNumber = 1) => openingIndex(stack, { sopUid, frameNumber });
  expect([at('d'), openingIndex(stack, null), at('elsewhere'), at('d', 2)]).toEqual([3, 2, 2, 2]);
});

test('runs the way the instance numbers run', () => {
  expect(
    uidsOf([
      { uid: 'c', number: 3, z: 10 },
      { uid: 'a', number: 1, z: 30 },
      { uid: 'b', number: 2, z: 20 },
    ]),
  ).toEqual(['a', 'b', 'c']);
});

test('falls back to instance numbers when one image lies otherwise, or knows no place', () => {
  const sagittal = { '00200037': { vr: 'DS', Value: [0, 1, 0, 0, 0, -1] } };
  const others: readonly Slice[] = [
    { uid: 'b', number: 2, z: 0 },
    { uid: 'c', number: 3, z: -50 },
  ];
  expect(uidsOf([...others, { uid: 'a', number: 1, z: 90, more: sagittal }])).toEqual(['a', 'b', 'c']);
  expect(uidsOf([...others, { uid: 'a', number: 1 }])).toEqual(['a', 'b', 'c']);
});

test('makes one picture of each frame, leaves out what has no pixels, and finds a frame by its object and number', () => {
  const cine = slice({ uid: '9.1', number: 1, more: { '00280008': { vr: 'IS', Value: ['3'] } } });
  const report: DicomJson = { '00080018': { vr: 'UI', Value: ['9.9'] } };
  const stack = readStack([report, cine, slice({ uid: '9.2', number: 2 })], ADDRESS);
  expect(stack.images.map((image) => image.imageId)).toEqual([
    'wadors:/dicomweb/demo/studies/1.2/series/1.2.3/instances/9.1/frames/1',
    'wadors:/dicomweb/demo/studies/1.2/series/1.2.3/instances/9.1/frames/2',
    'wadors:/dicomweb/demo/studies/1.2/series/1.2.3/instances/9.1/frames/3',
    'wadors:/dicomweb/demo/studies/1.2/series/1.2.3/instances/9.2/frames/1',
  ]);
  const find = (sopUid: string, frameNumber: number) => findImage(stack, { sopUid, frameNumber });
  expect([find('9.1', 3), find('9.2', 1), find('9.2', 2), find('9.9', 1)]).toEqual([2, 3, null, null]);
});

test('says what makes an image less than a plain original, and calls values HU only where they are', () => {
  const topogram = slice({
    uid: '1',
    number: 1,
    more: {
      '00080008': { vr: 'CS', Value: ['DERIVED', 'PRIMARY', 'LOCALIZER'] },
      '00282110': { vr: 'CS', Value: ['01'] },
      '00080068': { vr: 'CS', Value: ['FOR PROCESSING'] },
    },
  });
  const rescaled = slice({ uid: '2', number: 2, more: { '00281052': { vr: 'DS', Value: ['-1024'] } } });
  const images = readStack([topogram, rescaled, slice({ uid: '3', number: 3 })], ADDRESS).images;
  expect(images.map((image) => [image.marks, image.rescale.unit])).toEqual([
    [['lossy', 'for-processing', 'derived', 'localizer'], null],
    [[], 'HU'],
    // Nothing rescales it: its values are the scanner's.
    [[], null],
  ]);
});

test('calls rescaled values of CT HU where they are said to be or nothing else is said, and no others', () => {
  const rescale = { '00281052': { vr: 'DS', Value: [-1024] } };
  const type = (said: string) => ({ '00281054': { vr: 'LO', Value: [said] } });
  const unitOf = (more: DicomJson) =>
    readStack([slice({ uid: '1', number: 1, more })], ADDRESS).images[0]?.rescale.unit ?? null;
  const table = (said: string) => ({ '00283000': { vr: 'SQ', Value: [{ '00283004': { vr: 'LO', Value: [said] } }] } });
  expect([
    ...[unitOf({ ...rescale, ...type('HU') }), unitOf({ ...rescale, ...type('US') }), unitOf(type('HU'))],
    unitOf({ ...rescale, ...type('HU'), '00080008': { vr: 'CS', Value: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] } }),
    ...[unitOf({ ...rescale, ...type('Z_EFF') }), unitOf(table('HU')), unitOf(table('OD'))],
    unitOf({ ...rescale, '00080060': { vr: 'CS', Value: ['MR'] } }),
  ]).toEqual(['HU', null, null, null, 'Z_EFF', 'HU', 'OD', null]);
});

test('knows no place of directions that are none, and takes nothing from a maker’s private groups', () => {
  const lies = (...Value: readonly number[]) =>
    readStack([slice({ uid: '1', number: 1, z: 5, more: { '00200037': { vr: 'DS', Value: [...Value] } } })], ADDRESS)
      .images[0]?.plane?.alongColumn;
  expect([lies(1, 0, 0, 0, 1, 0), lies(0.71, 0.71, 0, -0.71, 0.71, 0)]).toEqual([
    [0, 1, 0],
    [-0.71, 0.71, 0],
  ]);
  expect([lies(1.1, 0, 0, 0, 1, 0), lies(0, 0, 0, 0, 0, 0), lies(1, 0, 0, 1, 0, 0)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  const group = (tag: string, z: number) => ({
    [tag]: { vr: 'SQ', Value: [{ '00200032': { vr: 'DS', Value: [0, 0, z] } }] },
  });
  const enhanced = slice({ uid: '1', number: 1, z: 5 });
  const own = { ...group('00209113', 7), ...group('2005140F', 99) };
  const [image] = readStack([{ ...enhanced, '52009230': { vr: 'SQ', Value: [own] } }], ADDRESS).images;
  expect(image?.plane?.originMm).toEqual([0, 0, 7]);
});

test('reads the patient of the image itself', () => {
  const named = slice({
    uid: '1',
    number: 1,
    more: { '00100010': { vr: 'PN', Value: [{ Alphabetic: ' DOE^JANE ' }] }, '00100020': { vr: 'LO', Value: ['M 1'] } },
  });
  expect(readStack([named], ADDRESS).images[0]?.patient).toEqual({
    name: 'DOE^JANE',
    mrn: 'M 1',
    birthDateRaw: null,
    sex: null,
    accession: null,
  });
});
