import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DicomJson } from '../dicom-json.ts';
import { readStack, type Stack } from '../stack.ts';
import { TAG } from '../tags.ts';
import { fitSegmentation, type FittedFrame } from './segment-fit.ts';
import { markedPixels } from './segment-pixels.ts';
import { readSegmentations } from './segmentation.ts';

const of = (vr: string, ...Value: readonly unknown[]) => ({ vr, Value: [...Value] });
const SIZE = 8;
const plane = (z: number, orientation: readonly number[] = [1, 0, 0, 0, 1, 0], origin: readonly number[] = [0, 0]) => ({
  [TAG.ImagePositionPatient]: of('DS', ...origin, z),
  [TAG.ImageOrientationPatient]: of('DS', ...orientation),
});
const SPACING = { [TAG.PixelSpacing]: of('DS', 2, 2) };
const FRAME = '5.5';

function images(zs: readonly number[], rest: DicomJson = {}): Stack {
  return readStack(
    zs.map((z, index) => ({
      [TAG.SOPInstanceUID]: of('UI', `1.${index}`),
      [TAG.Modality]: of('CS', 'CT'),
      [TAG.Rows]: of('US', SIZE),
      [TAG.Columns]: of('US', SIZE),
      [TAG.FrameOfReferenceUID]: of('UI', FRAME),
      ...plane(z),
      ...SPACING,
      ...rest,
    })),
    { dicomwebPath: '/d', studyUid: '1', seriesUid: '1.1' },
  );
}

type FrameWish = { readonly z: number | null; readonly source?: string; readonly rest?: DicomJson };

function segments(frames: readonly FrameWish[], rest: DicomJson = {}) {
  const stack = readStack(
    [
      {
        [TAG.SOPClassUID]: of('UI', '1.2.840.10008.5.1.4.1.1.66.4'),
        [TAG.SOPInstanceUID]: of('UI', '9.1'),
        [TAG.Modality]: of('CS', 'SEG'),
        [TAG.Rows]: of('US', SIZE),
        [TAG.Columns]: of('US', SIZE),
        [TAG.BitsAllocated]: of('US', 1),
        [TAG.FrameOfReferenceUID]: of('UI', FRAME),
        [TAG.NumberOfFrames]: of('IS', frames.length),
        '00620002': of('SQ', { '00620004': of('US', 1), '00620005': of('LO', 'Liver') }),
        [TAG.PerFrameFunctionalGroupsSequence]: of(
          'SQ',
          ...frames.map(({ z, source, rest: more }) => ({
            '00209113': of('SQ', z === null ? {} : plane(z)),
            '00289110': of('SQ', SPACING),
            '0062000A': of('SQ', { '0062000B': of('US', 1) }),
            ...(source !== undefined && {
              '00089124': of('SQ', { '00082112': of('SQ', { '00081155': of('UI', source) }) }),
            }),
            ...(more !== undefined && { '00209116': of('SQ', more) }),
          })),
        ),
        ...rest,
      },
    ],
    { dicomwebPath: '/d', studyUid: '1', seriesUid: '1.9' },
  );
  const [read] = readSegmentations(stack);
  if (read === undefined) throw new Error('not read');
  return read;
}

const on = (segmentation: ReturnType<typeof segments>, stack: Stack) => {
  const fit = fitSegmentation(segmentation, stack);
  return { on: [...fit.on.keys()].toSorted(), misfits: Object.fromEntries(fit.misfits) };
};

test('frames lie on the images of their planes, whatever their order, and on no neighbour', () => {
  const stack = images([0, 3, 6]);
  expect(on(segments([{ z: 6 }, { z: 0 }]), stack)).toEqual({ on: ['1.0/1', '1.2/1'], misfits: {} });
  expect(on(segments([{ z: 1.5 }, { z: 3.05 }]), stack)).toEqual({ on: ['1.1/1'], misfits: { 'other-planes': 1 } });
});

test('nothing is drawn in another frame of reference, on other images, or where place and name contradict', () => {
  const stack = images([0, 3]);
  const other = segments([{ z: 0 }], { [TAG.FrameOfReferenceUID]: of('UI', '6.6') });
  expect(on(other, stack)).toEqual({ on: [], misfits: { 'other-frame-of-reference': 1 } });
  expect(on(segments([{ z: 0, source: '7.7' }]), stack)).toEqual({ on: [], misfits: { 'other-images': 1 } });
  expect(on(segments([{ z: 3, source: '1.0' }]), stack)).toEqual({ on: [], misfits: { contradicting: 1 } });
  expect(on(segments([{ z: 3, source: '1.1' }]), stack)).toEqual({ on: ['1.1/1'], misfits: {} });
  const tilted = segments([{ z: 0, rest: { [TAG.ImageOrientationPatient]: of('DS', 1, 0, 0, 0, 0.996, 0.087) } }]);
  expect(on(tilted, stack)).toEqual({ on: [], misfits: { 'other-planes': 1 } });
});

test('without a place, pixels are those of the source that has none either, and is of the same size', () => {
  const film = images([0], { [TAG.ImagePositionPatient]: of('DS') });
  expect(on(segments([{ z: null, source: '1.0' }]), film)).toEqual({ on: ['1.0/1'], misfits: {} });
  expect(on(segments([{ z: null, source: '1.0' }]), images([0]))).toEqual({ on: [], misfits: { 'no-place': 1 } });
  expect(on(segments([{ z: null }]), film)).toEqual({ on: [], misfits: { 'no-place': 1 } });
  const wide = images([0], { [TAG.ImagePositionPatient]: of('DS'), [TAG.Columns]: of('US', 9) });
  expect(on(segments([{ z: null, source: '1.0' }]), wide)).toEqual({ on: [], misfits: { 'other-size': 1 } });
});

test('a segmentation whose rows run the other way marks the same places, not the same pixels', () => {
  const stack = images([0]);
  const mirrored = segments([{ z: 0, rest: { ...plane(0, [-1, 0, 0, 0, 1, 0], [(SIZE - 1) * 2, 0]) } }]);
  const [fitted] = [...fitSegmentation(mirrored, stack).on.values()].flat();
  if (fitted === undefined) throw new Error('not fitted');
  const values = new Uint8Array(SIZE * SIZE);
  values[2 * SIZE + 1] = 1;
  const marked = markedPixels(mirrored, 1, [{ on: fitted, values }], { rows: SIZE, columns: SIZE });
  expect(marked?.indexOf(255)).toBe(2 * SIZE + (SIZE - 2));
  expect(marked?.filter((strength) => strength > 0)).toHaveLength(1);
});

test('fractions fill by as much, and a label map marks each segment by its value', () => {
  const stack = images([0]);
  const half = segments([{ z: 0 }], {
    '00620001': of('CS', 'FRACTIONAL'),
    '0062000E': of('US', 200),
    '00620010': of('CS', 'PROBABILITY'),
  });
  expect(half.fraction).toEqual({ of: 'PROBABILITY', greatest: 200 });
  const fitted = [...fitSegmentation(half, stack).on.values()].flat();
  const values = new Uint8Array(SIZE * SIZE);
  values.set([100, 200, 250], 0);
  const on0 = fitted.map((one) => ({ on: one, values }));
  expect([...(markedPixels(half, 1, on0, { rows: SIZE, columns: SIZE }) ?? [])].slice(0, 4)).toEqual([
    128, 255, 255, 0,
  ]);
  const labels = segments([{ z: 0 }], { [TAG.SOPClassUID]: of('UI', '1.2.840.10008.5.1.4.1.1.66.7') });
  const map = [...fitSegmentation(labels, stack).on.values()].flat().map((one) => ({ on: one, values }));
  expect(markedPixels(labels, 200, map, { rows: SIZE, columns: SIZE })?.indexOf(255)).toBe(1);
  expect(markedPixels(labels, 7, map, { rows: SIZE, columns: SIZE })).toBeNull();
  // A segment may be what no other is: it is all over the frame.
  expect(markedPixels(labels, 0, map, { rows: SIZE, columns: SIZE })?.filter((one) => one === 255)).toHaveLength(
    SIZE * SIZE - 3,
  );
});

test('however a frame lies on an image, exactly the pixels are marked whose middles lie on marked ones', () => {
  const [rows, columns] = [9, 11];
  const number = fc.double({ min: -2, max: 2, noNaN: true });
  const pair = fc.tuple(number, number);
  const values = fc.uint8Array({ minLength: 20, maxLength: 20, max: 3 });
  fc.assert(
    fc.property(
      fc.tuple(fc.integer({ min: -6, max: 9 }), fc.integer({ min: -6, max: 9 })),
      pair,
      pair,
      values,
      (zero, perColumn, perRow, marks) => {
        const frame = { segment: null, image: { rows: 4, columns: 5 } };
        const on = { frame, map: { zero, perColumn, perRow } } as unknown as FittedFrame;
        const marked = markedPixels({ values: 'labels', fraction: null }, 2, [{ on, values: marks }], {
          rows,
          columns,
        });
        const wanted = Array.from({ length: rows * columns }, (_, at) => {
          const [row, column] = [Math.floor(at / columns), at % columns];
          const x = Math.round(zero[0] + column * perColumn[0] + row * perRow[0]);
          const y = Math.round(zero[1] + column * perColumn[1] + row * perRow[1]);
          return x >= 0 && y >= 0 && x < 5 && y < 4 && marks[y * 5 + x] === 2 ? 255 : 0;
        });
        expect(marked === null ? wanted.map(() => 0) : [...marked]).toEqual(wanted);
      },
    ),
    { numRuns: 300 },
  );
});

test('a segmentation that does not say how large its pixels are lies nowhere, and on no image that does not', () => {
  const [plain, unsized] = [images([0, 4]), images([0, 4], { [TAG.PixelSpacing]: of('DS') })];
  const named = [{ z: 0, source: '1.0' }];
  const withoutSize = segments(named, {
    [TAG.PerFrameFunctionalGroupsSequence]: of('SQ', { '00209113': of('SQ', plane(0)) }),
  });
  expect(
    [fitSegmentation(withoutSize, plain), fitSegmentation(segments(named), unsized)].map(({ on, misfits }) => [
      on.size,
      ...misfits,
    ]),
  ).toEqual([
    [0, ['no-place', 1]],
    [0, ['no-place', 1]],
  ]);
});

test('frames that share a list of all images lie each on its own of them', () => {
  const zs = [0, 4, 8];
  const all = of('SQ', ...zs.map((_, index) => ({ '00081155': of('UI', `1.${index}`) })));
  const shared = { [TAG.SharedFunctionalGroupsSequence]: of('SQ', { '00089124': of('SQ', { '00082112': all }) }) };
  const segmentation = segments(
    [...zs, 40].map((z) => ({ z })),
    shared,
  );
  expect(new Set(segmentation.frames.map(({ sources }) => sources)).size).toBe(1);
  const { on, misfits } = fitSegmentation(segmentation, images(zs));
  expect([...on.values()].map((fitted) => fitted.map(({ frame }) => frame.image.frame))).toEqual([[1], [2], [3]]);
  expect([...misfits]).toEqual([['contradicting', 1]]);
});
