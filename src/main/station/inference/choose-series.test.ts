import { expect, test } from 'vitest';
import type { StudyCard } from '../archive/index.ts';
import { aManifest } from '../testing/models.ts';
import { type CandidateSeries, chooseSeries } from './choose-series.ts';

type Attributes = CandidateSeries['images'][number]['attributes'];
type Changes = Partial<Omit<CandidateSeries, 'images'>> & {
  readonly slices?: number;
  readonly image?: Partial<Attributes>;
};

const STUDY = { description: 'CT Head', bodyPart: null } as StudyCard;

function aSeries({ slices = 20, image = {}, ...changes }: Changes = {}): CandidateSeries {
  const attributes: Attributes = {
    ...{ position: [0, 0, 0], orientation: [1, 0, 0, 0, 1, 0], rows: 512, columns: 512, pixelSpacing: [0.5, 0.5] },
    ...{ sliceThicknessMm: 5, imageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'], kernel: ['H30s'], contrastAgent: null },
    ...{
      manufacturer: null,
      modelName: null,
      protocolName: null,
      isLossyCompressed: false,
      hasPixelData: true,
      missing: [],
      marks: [],
      bitsAllocated: 16,
    },
    ...image,
  };
  const images = Array.from({ length: slices }, () => ({ attributes }) as CandidateSeries['images'][number]);
  return {
    ...{ seriesId: 'a', studyId: 's', seriesUid: '1', modality: 'CT', number: 1, description: '5mm', bodyPart: 'HEAD' },
    instances: slices,
    ...changes,
    images,
  };
}

const choose = (changes: Changes, study: Partial<StudyCard> = {}) =>
  chooseSeries(aManifest(), { ...STUDY, ...study }, [aSeries(changes)]);

test('reads a series that fits, and says why', () => {
  expect(choose({})).toEqual({
    chosen: aSeries(),
    eligible: 1,
    because: ['eligible 1 of 1 series', 'kernel +10', 'thickness 5 mm 0', 'slices 20'],
  });
});

test.each<[string, Changes, Partial<StudyCard>?]>([
  ['another modality', { modality: 'MR' }],
  ['another body part', { bodyPart: 'CHEST' }],
  ['no body part and a description that says nothing', { bodyPart: null }],
  ['an excluded study description', {}, { description: 'CT Angio head' }],
  ['an excluded series description', { description: 'Angiography' }],
  ['an excluded protocol', { image: { protocolName: 'ANGIO' } }],
  ['no images', { slices: 0, bodyPart: 'CHEST' }],
])('%s: no model for this exam', (_what, changes, study) => {
  expect(choose(changes, study)).toEqual({ chosen: null, isForThisExam: false });
});

test.each<[string, Changes, Partial<StudyCard>?]>([
  ['the body part of the study', { bodyPart: null }, { bodyPart: 'head' }],
  ['the study description', { bodyPart: null }, { description: 'BRAIN native' }],
  ['the series description', { bodyPart: null, description: 'brain 5mm' }],
  ['the protocol', { bodyPart: null, image: { protocolName: 'Brain routine' } }],
])('knows the exam by %s', (_what, changes, study) => {
  expect(choose(changes, study).chosen).not.toBeNull();
});

test.each<[string, Changes]>([
  ['too few slices', { slices: 4 }],
  ['too many slices', { slices: 101 }],
  ['slices too thin', { image: { sliceThicknessMm: 2.4 } }],
  ['slices too thick', { image: { sliceThicknessMm: 10.1 } }],
  ['a thickness nobody states', { image: { sliceThicknessMm: null } }],
  ['contrast', { image: { contrastAgent: 'Iomeron' } }],
  ['lossy compression', { image: { isLossyCompressed: true } }],
  ['no pixels', { image: { hasPixelData: false } }],
  ['a localizer', { image: { imageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] } }],
  ['a derived series', { image: { imageType: ['DERIVED', 'SECONDARY'] } }],
  ['coronal slices', { image: { orientation: [1, 0, 0, 0, 0, -1] } }],
  ['sagittal slices', { image: { orientation: [0, 1, 0, 0, 0, -1] } }],
  ['slices tilted by 45°', { image: { orientation: [1, 0, 0, 0, Math.SQRT1_2, Math.SQRT1_2] } }],
  ['no orientation', { image: { orientation: null } }],
])('%s: the exam is known, and no series of it can be read', (_what, changes) => {
  expect(choose(changes)).toEqual({ chosen: null, isForThisExam: true });
});

test.each<[string, Changes]>([
  ['the fewest slices', { slices: 5 }],
  ['the most slices', { slices: 100 }],
  ['the thinnest', { image: { sliceThicknessMm: 2.5 } }],
  ['a gantry tilt of 30°', { image: { orientation: [1, 0, 0, 0, Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)] } }],
  ['image types in small letters', { image: { imageType: ['original', 'primary'] } }],
])('reads at the edge: %s', (_what, changes) => {
  expect(choose(changes).chosen).not.toBeNull();
});

test('one unfit image makes its series unfit', () => {
  const series = aSeries();
  const odd = aSeries({ image: { contrastAgent: 'Iomeron' } }).images[0];
  const mixed = { ...series, images: [...series.images, ...(odd === undefined ? [] : [odd])] };
  expect(chooseSeries(aManifest(), STUDY, [mixed])).toEqual({ chosen: null, isForThisExam: true });
});

test.each<[string, readonly Changes[], string]>([
  ['the better kernel', [{ seriesId: 'bone', image: { kernel: ['H60s'] } }, { seriesId: 'soft' }], 'soft'],
  [
    'any kernel before a bad one',
    [
      { seriesId: 'bone', image: { kernel: ['H60s'] } },
      { seriesId: 'odd', image: { kernel: [] } },
    ],
    'odd',
  ],
  ['the preferred thickness', [{ seriesId: 'thin', image: { sliceThicknessMm: 3 } }, { seriesId: 'five' }], 'five'],
  [
    'of equals the one with more slices',
    [
      { seriesId: 'few', slices: 10 },
      { seriesId: 'many', slices: 30 },
    ],
    'many',
  ],
  [
    'of equals the lower number',
    [
      { seriesId: 'three', number: 3 },
      { seriesId: 'two', number: 2 },
    ],
    'two',
  ],
  [
    'the readable one before a better one that is not',
    [
      { seriesId: 'best', image: { contrastAgent: 'x' } },
      { seriesId: 'bone', image: { kernel: ['H60s'] } },
    ],
    'bone',
  ],
])('of several reads %s', (_what, several, expected) => {
  for (const order of [several, several.toReversed()]) {
    const choice = chooseSeries(
      aManifest(),
      STUDY,
      order.map((changes) => aSeries(changes)),
    );
    expect(choice.chosen?.seriesId).toBe(expected);
  }
});
