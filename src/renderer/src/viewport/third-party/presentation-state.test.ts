import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DicomJson } from '../dicom-json.ts';
import { readStack } from '../stack.ts';
import { TAG } from '../tags.ts';
import { onDisplayedArea } from './displayed-area.ts';
import { readPresentationState } from './presentation-state.ts';
import { annotationsOn, presentedOn, presentStack } from './presented-image.ts';
import { outlineOfShape } from './shapes.ts';

const of = (vr: string, ...Value: readonly unknown[]) => ({ vr, Value: [...Value] });
const ADDRESS = { dicomwebPath: '/dicomweb/demo', studyUid: '1.2', seriesUid: '1.2.1' };
const image = (sopUid: string, rest: DicomJson = {}): DicomJson => ({
  [TAG.SOPInstanceUID]: of('UI', sopUid),
  [TAG.Modality]: of('CS', 'CT'),
  [TAG.PhotometricInterpretation]: of('CS', 'MONOCHROME2'),
  [TAG.Rows]: of('US', 40),
  [TAG.Columns]: of('US', 60),
  [TAG.BitsAllocated]: of('US', 16),
  [TAG.BitsStored]: of('US', 12),
  [TAG.RescaleIntercept]: of('DS', -1024),
  [TAG.RescaleSlope]: of('DS', 2),
  [TAG.WindowCenter]: of('DS', 600),
  [TAG.WindowWidth]: of('DS', 1600),
  [TAG.ShutterShape]: of('CS', 'CIRCULAR'),
  '00181610': of('IS', 20, 20),
  '00181612': of('IS', 5),
  '60000010': of('US', 40),
  ...rest,
});
const names = (...sopUids: readonly string[]) =>
  of('SQ', ...sopUids.map((sopUid) => ({ '00081155': of('UI', sopUid) })));
const state = (rest: DicomJson = {}): DicomJson => ({
  [TAG.SOPClassUID]: of('UI', '1.2.840.10008.5.1.4.1.1.11.1'),
  [TAG.SOPInstanceUID]: of('UI', '9.9'),
  '00700080': of('CS', 'NOTE'),
  '00700084': of('PN', { Alphabetic: 'Reader^Other' }),
  '00081115': of('SQ', { '0020000E': of('UI', '1.2.1'), '00081140': names('1.1') }),
  [TAG.RescaleIntercept]: of('DS', 0),
  [TAG.RescaleSlope]: of('DS', 1),
  ...rest,
});
const read = (rest: DicomJson = {}) => {
  const one = readPresentationState(state(rest), '1.2.9');
  if (one === null) throw new Error('not read');
  return one;
};
const stack = readStack([image('1.1'), image('1.2')], ADDRESS);
const graphic = (type: string, points: readonly unknown[], units = 'PIXEL'): DicomJson => ({
  '00700005': of('CS', units),
  '00700022': of('FL', ...points),
  '00700023': of('CS', type),
});
const annotation = (graphics: readonly DicomJson[], rest: DicomJson = {}) => ({
  '00700002': of('CS', 'LAYER'),
  '00700009': of('SQ', ...graphics),
  ...rest,
});

test('a state changes the images it names and no other, and their own shutters, overlays and windows give way', () => {
  const one = read({
    '00283110': of('SQ', { [TAG.WindowCenter]: of('DS', 1000), [TAG.WindowWidth]: of('DS', 201) }),
    [TAG.PresentationLUTShape]: of('CS', 'INVERSE'),
  });
  const [named, other] = presentStack(stack, one).images;
  expect(other).toBe(stack.images[1]);
  expect(named?.imageId).toBe(`${stack.images[0]?.imageId}#9.9`);
  expect(named?.monochrome1).toBe(true);
  expect(named?.dataSet[TAG.ShutterShape]).toBeUndefined();
  expect(named?.dataSet['hidden-overlays']?.Value).toEqual(['6000']);
  // The state windows stored values, the image rescales by 2 and -1024: the window is told in what is read and measured.
  expect([TAG.WindowCenter, TAG.WindowWidth, TAG.VOILUTFunction].map((tag) => named?.dataSet[tag]?.Value?.[0])).toEqual(
    [999.5 * 2 - 1024, 400, 'LINEAR_EXACT'],
  );
  expect(named?.rescale).toEqual(stack.images[0]?.rescale);
});

test('a state takes its mask away from the frames it names, its window then being of differences; what it cannot do is said', () => {
  const run = readStack([image('1.1', { [TAG.NumberOfFrames]: of('IS', 3) })], ADDRESS);
  const mask = (rest: DicomJson = {}): DicomJson => ({
    '00286100': of('SQ', { '00286101': of('CS', 'AVG_SUB'), '00286110': of('US', 1, 2), ...rest }),
  });
  const window = of('SQ', { [TAG.WindowCenter]: of('DS', 0), [TAG.WindowWidth]: of('DS', 201) });
  const [, , third] = presentStack(run, read({ ...mask(), '00283110': window })).images;
  expect(third?.subtracted).toMatchObject({ maskFrames: [1, 2], by: 'maker' });
  expect(third?.imageId).toBe(`${run.images[2]?.imageId}#9.9`);
  expect([TAG.WindowCenter, TAG.WindowWidth].map((tag) => third?.dataSet[tag]?.Value?.[0])).toEqual([-0.5, 200]);
  // Without a window of its own it is looked at as any difference is, not over all stored values.
  expect(presentStack(run, read(mask())).images[2]?.dataSet[TAG.WindowWidth]).toBeUndefined();
  // Of frames that are not there nothing is taken away: the line on the picture says so.
  const gone = read(mask({ '00286110': of('US', 9) }));
  expect([gone.subtracts, presentStack(run, gone).images[2]?.subtracted]).toEqual([true, undefined]);
  const table = { '00289422': of('SQ', {}) };
  expect(
    [mask({ '00286101': of('CS', 'REV_TID') }), mask({ '00289501': of('SQ', {}) }), { ...mask(), ...table }].map(
      (rest) => [read(rest).subtracts, read(rest).unapplied],
    ),
  ).toEqual(Array.from({ length: 3 }, () => [false, ['mask-subtraction']]));
});

test('without a window of its own a state shows all values that the stored bits can have', () => {
  const [named] = presentStack(stack, read()).images;
  const [centre, width] = [TAG.WindowCenter, TAG.WindowWidth].map((tag) => Number(named?.dataSet[tag]?.Value?.[0]));
  expect([Number(centre) - Number(width) / 2, Number(centre) + Number(width) / 2]).toEqual([-1024, 4095 * 2 - 1024]);
});

test('windows, areas and graphics of some images are of those alone', () => {
  const named = of('SQ', { '0020000E': of('UI', '1.2.1'), '00081140': names('1.1', '1.2') });
  const one = read({
    '00081115': named,
    '0070005A': of('SQ', {
      '00081140': names('1.2'),
      '00700052': of('SL', 11, 1),
      '00700053': of('SL', 30, 20),
    }),
    '00700060': of(
      'SQ',
      { '00700002': of('CS', 'LAYER'), '00700062': of('IS', 2), '00700066': of('US', 65535) },
      { '00700002': of('CS', 'BELOW'), '00700062': of('IS', 1) },
    ),
    '00700001': of(
      'SQ',
      annotation([graphic('POINT', [1, 1])], { '00081140': names('1.2') }),
      annotation([graphic('POLYLINE', [0, 0, 10, 10])], { '00700002': of('CS', 'BELOW') }),
    ),
  });
  const [first, second] = stack.images;
  if (first === undefined || second === undefined) throw new Error('no images');
  expect(presentedOn(one, first)?.area).toBeNull();
  expect(presentedOn(one, second)?.area).toMatchObject({ left: 9.5, top: -0.5, right: 29.5, bottom: 19.5 });
  expect(annotationsOn(one, first).flatMap(({ shapes }) => shapes.map(({ points }) => points))).toEqual([
    [
      [-0.5, -0.5],
      [9.5, 9.5],
    ],
  ]);
  expect(annotationsOn(one, second).map(({ colour, shapes }) => [colour, shapes[0]?.kind])).toEqual([
    [null, 'POLYLINE'],
    [[255, 255, 255], 'POINT'],
  ]);
});

test.each([
  [0, false, [10, 20]],
  [90, false, [10, 40]],
  [180, false, [50, 40]],
  [270, false, [50, 20]],
  [0, true, [50, 20]],
  [90, true, [10, 20]],
] as const)('the top left corner of an area turned by %i, flipped %s', (degrees, isFlipped, corner) => {
  const area = { left: 10, top: 20, right: 50, bottom: 40, magnification: null };
  expect(onDisplayedArea(area, { degrees, isFlipped }, [0, 0])).toEqual(corner);
  expect(onDisplayedArea(area, { degrees, isFlipped }, [0.5, 0.5])).toEqual([30, 30]);
});

test('what cannot be applied is named: damaged graphics, true size, odd turns, shutters without values, states of other kinds', () => {
  const one = read({
    '00700042': of('US', 45),
    [TAG.ShutterShape]: of('CS', 'CIRCULAR'),
    '0070005A': of('SQ', {
      '00700052': of('SL', 1, 1),
      '00700053': of('SL', 5, 5),
      '00700100': of('CS', 'TRUE SIZE'),
    }),
    '00283110': of('SQ', { [TAG.WindowCenter]: of('DS', 1) }),
    '00700001': of(
      'SQ',
      annotation(
        [
          graphic('POLYLINE', [1, 2, 3]),
          graphic('CIRCLE', [1, 2, null, 4]),
          graphic('ELLIPSE', [1, 2, 3, 4]),
          graphic('POLYLINE', [1, 2, 3, 4], 'MATRIX'),
          graphic('SPIRAL', [1, 2, 3, 4]),
        ],
        {
          '00700209': of('SQ', {
            '00700294': of('CS', 'RULER'),
            '00700282': of('CS', 'PIXEL'),
            '00700022': of('FL', 1, 2, 3, 4),
          }),
        },
      ),
    ),
  });
  expect(new Set(one.unapplied)).toEqual(
    new Set([
      'graphics-damaged',
      'graphics-in-matrix',
      'compound-graphics',
      'true-size',
      'turn-damaged',
      'shutter-damaged',
      'window-damaged',
    ]),
  );
  expect(
    readPresentationState(state({ [TAG.SOPClassUID]: of('UI', '1.2.840.10008.5.1.4.1.1.11.3') }), '1')?.refusal,
  ).toBe('kind-not-shown');
  expect(read({ '00081115': of('SQ') }).refusal).toBe('names-no-image');
});

test('a compound graphic drawn simply beside is not drawn twice', () => {
  const id = { '00700226': of('UL', 7) };
  const one = read({
    '00700001': of(
      'SQ',
      annotation([{ ...graphic('POLYLINE', [1, 1, 2, 2]), ...id }], {
        '00700209': of('SQ', { '00700294': of('CS', 'RULER'), ...id }),
      }),
    ),
  });
  expect([one.unapplied, one.annotations[0]?.value.shapes.length]).toEqual([[], 1]);
});

test('graphics beyond all measure are cut, and that is said', () => {
  const many = Array.from({ length: 3000 }, () => graphic('POINT', [1, 1]));
  const long = graphic(
    'POLYLINE',
    Array.from({ length: 120_000 }, (_, index) => index % 50),
  );
  const one = read({ '00700001': of('SQ', annotation([long, ...many])) });
  expect(one.annotations[0]?.value.shapes.length).toBe(2000);
  expect(one.unapplied).toEqual(['graphics-cut']);
});

test('no data set, however odd, is more than refused', () => {
  const value = fc.oneof(fc.string(), fc.double(), fc.constant(null), fc.integer());
  const tags = ['00700001', '0070005A', '00283110', '00700060', '00081115', '00700042', '00181600', '00281050'];
  const attribute = fc.record({
    vr: fc.constantFrom('SQ', 'DS', 'CS'),
    Value: fc.array(
      fc.oneof(
        value,
        fc.dictionary(
          fc.constantFrom(...tags, '00700009', '00700022', '00700023', '00700005', '00081140'),
          fc.record({ vr: fc.constant('FL'), Value: fc.array(value) }),
        ),
      ),
    ),
  });
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...tags), attribute), (rest) => {
      const one = readPresentationState(state(rest), '1.2.9');
      if (one !== null) presentStack(stack, one);
      return one !== null;
    }),
    { numRuns: 50 },
  );
});

test('round shapes run around their middle, and curves through their points', () => {
  const circle = outlineOfShape('CIRCLE', [
    [10, 10],
    [10, 14],
  ]);
  expect(circle.every(([x, y]) => Math.abs(Math.hypot(x - 10, y - 10) - 4) < 1e-9)).toBe(true);
  const ellipse = outlineOfShape('ELLIPSE', [
    [0, 5],
    [20, 5],
    [10, 0],
    [10, 10],
  ]);
  expect([Math.min(...ellipse.map(([x]) => x)), Math.max(...ellipse.map(([, y]) => y))]).toEqual([0, 10]);
  const curve = outlineOfShape('INTERPOLATED', [
    [0, 0],
    [10, 10],
    [20, 0],
  ]);
  expect([curve[0], curve[8], curve.at(-1)]).toEqual([
    [0, 0],
    [10, 10],
    [20, 0],
  ]);
});

test('overlays are drawn white: another colour of their layer is said not to be, white or another layer’s is not', () => {
  const layer = (name: string, grey: number) => ({ '00700002': of('CS', name), '00700066': of('US', grey) });
  const shown = (name: string) =>
    read({ '00700060': of('SQ', layer('DIM', 30_000), layer('WHITE', 65_535)), '60001001': of('CS', name) }).unapplied;
  expect([shown('DIM'), shown('WHITE'), shown('UNKNOWN')]).toEqual([['overlay-colour'], [], []]);
});

test('a shutter that hides nothing is said not to: of no known kind, without a value, or with more corners than are drawn', () => {
  const said = (shape: string, rest: DicomJson = {}) =>
    read({ [TAG.ShutterShape]: of('CS', shape), ...rest }).unapplied;
  const edges = { '00181602': of('IS', 1), '00181604': of('IS', 9), '00181606': of('IS', 1) };
  const round = { '00181610': of('IS', 5, 5) };
  const corners = (count: number) => ({
    '00181620': of('IS', ...Array.from({ length: 2 * count }, (_, at) => at % 7)),
  });
  const damaged = [
    said('constructor'),
    said('RECTANGULAR', edges),
    said('CIRCULAR', round),
    said('POLYGONAL', corners(513)),
  ];
  expect(damaged).toEqual(damaged.map(() => ['shutter-damaged']));
  expect([
    said('RECTANGULAR', { ...edges, '00181608': of('IS', 9) }),
    said('CIRCULAR', { ...round, '00181612': of('IS', 4) }),
    said('POLYGONAL', corners(512)),
    said('BITMAP', { '00181623': of('US', 0x6000) }),
  ]).toEqual([[], [], [], []]);
});
