import { expect, test } from 'vitest';
import type { StudyCard } from '../archive/index.ts';
import { aManifest, type TestModel } from '../testing/models.ts';
import { OtherSeries } from '../../../shared/domain/model-sources.ts';
import { type CandidateSeries, chooseOthers, chooseSeries, imagesFor } from './choose-series.ts';
import { ageAt } from './series-refusals.ts';

type Attributes = CandidateSeries['images'][number]['attributes'];
type Changes = Partial<Omit<CandidateSeries, 'images'>> & {
  readonly slices?: number;
  readonly image?: Partial<Attributes>;
};

const STUDY = {
  ...{ description: 'CT Head', bodyPart: null, dateRaw: '20260301' },
  patient: { birthDateRaw: '20080302', sex: 'F' },
} as StudyCard;

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
      laterality: null,
      viewPosition: null,
      frameSpanMm: null,
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

const choose = (changes: Changes, study: Partial<StudyCard> = {}, appliesTo: TestModel['appliesTo'] = {}) =>
  chooseSeries(aManifest({ appliesTo }), { ...STUDY, ...study }, [aSeries(changes)]);

test('reads a series that fits, and says why', () => {
  expect(choose({})).toEqual({
    chosen: aSeries(),
    eligible: 1,
    because: ['eligible 1 of 1 series', 'kernel +10', 'thickness 5 mm 0', 'slices 20'],
    refused: [],
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
  expect(choose(changes, study)).toEqual({ chosen: null, isForThisExam: false, refused: [] });
});

test.each<[string, Changes, Partial<StudyCard>?]>([
  ['the body part of the study', { bodyPart: null }, { bodyPart: 'head' }],
  ['the study description', { bodyPart: null }, { description: 'BRAIN native' }],
  ['the series description', { bodyPart: null, description: 'brain 5mm' }],
  ['the protocol', { bodyPart: null, image: { protocolName: 'Brain routine' } }],
])('knows the exam by %s', (_what, changes, study) => {
  expect(choose(changes, study).chosen).not.toBeNull();
});

const CORONAL = [1, 0, 0, 0, 0, -1];
const SAGITTAL = [0, 1, 0, 0, 0, -1];
test.each<[string, string, Changes, TestModel['appliesTo']?]>([
  ['too few slices', 'too-few-images', { slices: 4 }],
  ['too many slices', 'too-many-images', { slices: 101 }],
  ['slices too thin', 'thickness-outside', { image: { sliceThicknessMm: 2.4 } }],
  ['slices too thick', 'thickness-outside', { image: { sliceThicknessMm: 10.1 } }],
  ['a thickness nobody states', 'thickness-unknown', { image: { sliceThicknessMm: null } }],
  ['contrast', 'contrast', { image: { contrastAgent: 'Iomeron' } }],
  ['no contrast where some is needed', 'no-contrast', {}, { contrast: 'present' }],
  ['lossy compression', 'lossy-compression', { image: { isLossyCompressed: true } }],
  ['no pixels', 'no-pixels', { image: { hasPixelData: false } }],
  ['a localizer', 'image-type', { image: { imageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] } }],
  ['a derived series', 'image-type', { image: { imageType: ['DERIVED', 'SECONDARY'] } }],
  ['coronal slices', 'other-orientation', { image: { orientation: CORONAL } }],
  ['sagittal slices', 'other-orientation', { image: { orientation: SAGITTAL } }],
  ['axial slices for a coronal model', 'other-orientation', {}, { orientation: 'coronal' }],
  [
    'coronal slices for a sagittal model',
    'other-orientation',
    { image: { orientation: CORONAL } },
    { orientation: 'sagittal' },
  ],
  ['slices tilted by 45°', 'other-orientation', { image: { orientation: [1, 0, 0, 0, Math.SQRT1_2, Math.SQRT1_2] } }],
  ['no orientation', 'orientation-unknown', { image: { orientation: null } }],
  ['a view nobody states', 'view-unknown', {}, { viewPositions: ['PA'] }],
  ['another view', 'other-view', { image: { viewPosition: 'LL' } }, { viewPositions: ['PA', 'AP'] }],
  ['a kernel that is excluded', 'kernel', {}, { excludedKernelPatterns: ['^H3'] }],
  ['no kernel of those wanted', 'kernel', {}, { kernelPatterns: ['^B'] }],
  ['pixels too large', 'pixel-size-outside', {}, { pixelMm: { min: 0, max: 0.4 } }],
  ['pixels of unknown size', 'pixel-size-unknown', { image: { pixelSpacing: null } }, { pixelMm: { min: 0, max: 1 } }],
  ['too few rows', 'too-few-rows', {}, { minimum: { rows: 513 } }],
  ['too few columns', 'too-few-columns', {}, { minimum: { columns: 513 } }],
  ['too little of the body', 'coverage-too-small', {}, { minimum: { coverageMm: 5.1 } }],
  [
    'nobody knows how much of the body',
    'coverage-unknown',
    { image: { position: null } },
    { minimum: { coverageMm: 5 } },
  ],
  ['a patient too young, by one day', 'age-outside', {}, { population: { ageYears: { min: 18, max: 150 } } }],
  ['a patient too old', 'age-outside', {}, { population: { ageYears: { min: 0, max: 16 } } }],
  ['a patient of another sex', 'sex-outside', {}, { population: { sexes: ['M'] } }],
])('%s: the exam is known, and its series is refused: %s', (_what, reason, changes, appliesTo) => {
  expect(choose(changes, {}, appliesTo)).toEqual({
    ...{ chosen: null, isForThisExam: true },
    refused: [{ seriesId: 'a', reason }],
  });
});

test.each([
  ['age-unknown', { birthDateRaw: null, sex: 'F' }],
  ['age-unknown', { birthDateRaw: '2008', sex: 'F' }],
  ['age-unknown', { birthDateRaw: '20270101', sex: 'F' }],
  ['sex-unknown', { birthDateRaw: '19900101', sex: ' ' }],
] as const)('who is not known where it counts is not read: %s', (reason, patient) => {
  const appliesTo = { population: { ageYears: { min: 18, max: 150 }, sexes: ['F' as const] } };
  const study = { patient: { ...STUDY.patient, ...patient } };
  expect(choose({}, study, appliesTo)).toMatchObject({ refused: [{ reason }] });
});

test.each<[string, Changes, TestModel['appliesTo']]>([
  [
    'any exam where neither body part nor description is asked for',
    { bodyPart: 'CHEST', description: null },
    { bodyParts: [], descriptionPatterns: [] },
  ],
  ['coronal slices', { image: { orientation: CORONAL } }, { orientation: 'coronal' }],
  ['sagittal slices', { image: { orientation: SAGITTAL } }, { orientation: 'sagittal' }],
  ['images that lie nowhere', { image: { orientation: null, position: null } }, { orientation: 'any' }],
  ['a view in small letters', { image: { viewPosition: 'pa' } }, { viewPositions: ['PA'] }],
  ['lossy compression', { image: { isLossyCompressed: true } }, { lossyCompression: 'accept' }],
  ['contrast', { image: { contrastAgent: 'Iomeron' } }, { contrast: 'present' }],
  ['the day of a birthday', {}, { population: { ageYears: { min: 17, max: 17 } } }],
  ['a thickness nobody asks for', { image: { sliceThicknessMm: null } }, { sliceThicknessMm: undefined }],
  ['one slice that covers enough', {}, { minimum: { rows: 512, columns: 512, coverageMm: 5 } }],
])('reads %s where the manifest says so', (_what, changes, appliesTo) => {
  expect(choose(changes, {}, appliesTo).chosen).not.toBeNull();
});

test('frames of an enhanced object count as images', () => {
  const one = aSeries({ slices: 1 });
  const enhanced = { ...one, images: one.images.map((image) => ({ ...image, frames: 20 })) };
  expect(chooseSeries(aManifest(), STUDY, [enhanced]).chosen).not.toBeNull();
});

test.each([
  ['20000229', '20010228', 364 / 365],
  ['20000229', '20010301', 1],
  ['20000101', '20500701', 50 + 181 / 365],
  ['2000.01.01', '20000101', 0],
] as const)('who was born on %s is on %s %f years old', (born, then, years) => {
  expect(ageAt(born, then)).toBeCloseTo(years, 3);
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
  expect(chooseSeries(aManifest(), STUDY, [mixed])).toMatchObject({
    ...{ chosen: null, isForThisExam: true },
    refused: [{ seriesId: 'a', reason: 'contrast' }],
  });
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

test('of equals the one with more frames is read, in however few objects they are', () => {
  const localizer = aSeries({ seriesId: 'few', slices: 10, number: 1 });
  const one = aSeries({ seriesId: 'enhanced', slices: 1, number: 2 });
  const enhanced = { ...one, images: one.images.map((image) => ({ ...image, frames: 60 })) };
  const choice = chooseSeries(aManifest(), STUDY, [localizer, enhanced]);
  expect(choice).toMatchObject({ chosen: { seriesId: 'enhanced' } });
  expect(choice.chosen !== null && choice.because).toContain('slices 60');
});

test('how much of the body objects of many frames cover is told by where their frames lie, and by nothing where they do not say', () => {
  const choose = (...spans: readonly (readonly [number, number] | null)[]) => {
    const one = aSeries({ slices: spans.length });
    const images = one.images.map((image, index) => {
      const attributes = { ...image.attributes, position: null, frameSpanMm: spans[index] ?? null };
      return { ...image, frames: 40, attributes };
    });
    const appliesTo = { minimum: { coverageMm: 60 } };
    const choice = chooseSeries(aManifest({ appliesTo }), STUDY, [{ ...one, images }]);
    return choice.refused[0]?.reason ?? choice.chosen?.seriesId;
  };
  // Slices of 5 mm reach half of it beyond their middles.
  expect([choose([0, 55]), choose([-30, 25]), choose([0, 54])]).toEqual(['a', 'a', 'coverage-too-small']);
  expect([choose([0, 10], [45, 55]), choose(null), choose([0, 90], null)]).toEqual([
    ...['a', 'coverage-unknown', 'coverage-unknown'],
  ]);
});

test('objects of many frames that look the other way cover no more for that', () => {
  const one = aSeries({ slices: 2 });
  const turned = [
    { orientation: [1, 0, 0, 0, 1, 0], frameSpanMm: [0, 20] as const },
    { orientation: [1, 0, 0, 0, -1, 0], frameSpanMm: [-40, -20] as const },
  ];
  const images = one.images.map((image, index) => ({
    ...image,
    frames: 40,
    attributes: { ...image.attributes, position: null, ...turned[index] },
  }));
  const choose = (coverageMm: number) =>
    chooseSeries(aManifest({ appliesTo: { minimum: { coverageMm } } }), STUDY, [{ ...one, images }]).chosen?.seriesId;
  expect([choose(45), choose(46)]).toEqual(['a', undefined]);
});

test.each<[string, Changes, TestModel['appliesTo'], string]>([
  ['image type', { image: { imageType: [] } }, { absentPasses: ['image-type'] }, 'not stated: image-type'],
  ['kernel', { image: { kernel: [] } }, { absentPasses: ['kernel'], kernelPatterns: ['^B'] }, 'not stated: kernel'],
  ['view', {}, { absentPasses: ['view'], viewPositions: ['PA'] }, 'not stated: view'],
  ['side', {}, { absentPasses: ['laterality'], lateralities: ['L'] }, 'not stated: laterality'],
  ['thickness', { image: { sliceThicknessMm: null } }, { absentPasses: ['thickness'] }, 'not stated: thickness'],
  [
    'pixel size',
    { image: { pixelSpacing: null } },
    { absentPasses: ['pixel-size'], pixelMm: { min: 0, max: 1 } },
    'not stated: pixel-size',
  ],
])(
  'a series that leaves its %s unsaid is refused, unless the manifest lets that pass, and the receipt says so',
  (_what, changes, appliesTo, because) => {
    expect(choose(changes, {}, { ...appliesTo, absentPasses: [] }).chosen).toBeNull();
    const choice = choose(changes, {}, appliesTo);
    expect(choice.chosen !== null && choice.because.at(-1)).toBe(because);
  },
);

test('what is unsaid passes, and what is said wrong does not; nor does a screen that somebody captured', () => {
  const absentPasses = ['image-type' as const];
  expect(choose({ image: { imageType: ['DERIVED', 'SECONDARY'] } }, {}, { absentPasses }).refused).toMatchObject([
    { reason: 'image-type' },
  ]);
  const one = aSeries({ image: { imageType: [] } });
  const captured = {
    ...one,
    images: one.images.map((image) => ({ ...image, sopClassUid: '1.2.840.10008.5.1.4.1.1.7' })),
  };
  expect(chooseSeries(aManifest({ appliesTo: { absentPasses } }), STUDY, [captured]).refused).toMatchObject([
    { reason: 'image-type' },
  ]);
  // Nobody asks for it.
  expect(choose({}, {}, { absentPasses })).toMatchObject({
    because: expect.not.arrayContaining(['not stated: image-type']),
  });
});

test.each<[string, string | null, readonly string[], string | null]>([
  ['a side nobody states', null, ['L'], 'laterality-unknown'],
  ['a side of spaces', '  ', ['L'], 'laterality-unknown'],
  ['the other side', 'R', ['L'], 'other-laterality'],
  ['that side, in small letters', 'l ', ['L'], null],
  ['either side', 'R', ['L', 'R'], null],
  ['any side', null, [], null],
])('%s', (_what, laterality, lateralities, reason) => {
  const choice = choose({ image: { laterality } }, {}, { lateralities: [...lateralities] });
  expect(choice.refused.map((one) => one.reason)).toEqual(reason === null ? [] : [reason]);
  expect(choice.chosen === null).toBe(reason !== null);
});

/** A mammography series: four images of it, by view and side. */
const FOUR = ['L CC', 'R CC', 'L MLO', 'R MLO'];
function views(seriesId = 'mg', named: readonly string[] = FOUR): CandidateSeries {
  const images = named.map((name) => {
    const [laterality = '', viewPosition = ''] = name.split(' ');
    const [image] = aSeries({ slices: 1, image: { laterality, viewPosition } }).images;
    return { ...image, sopUid: `${seriesId} ${name}` } as CandidateSeries['images'][number];
  });
  return { ...aSeries({ seriesId }), images };
}
const VIEW = { modalities: ['CT'], images: 'matching' as const, slices: { min: 1, max: 1 } };
const viewOf = (laterality: string, viewPosition: string) => ({
  ...VIEW,
  lateralities: [laterality],
  viewPositions: [viewPosition],
});
const beside = (laterality: string, viewPosition: string) =>
  OtherSeries.parse({
    id: `${laterality}-${viewPosition}`.toLowerCase(),
    appliesTo: viewOf(laterality, viewPosition),
    seriesRanking: {},
  });
const FOUR_VIEWS = {
  ...aManifest({
    appliesTo: { ...viewOf('L', 'CC'), bodyParts: [], descriptionPatterns: [], sliceThicknessMm: undefined },
  }),
  otherSeries: [beside('R', 'CC'), beside('L', 'MLO'), beside('R', 'MLO')],
};
const sops = (series: Pick<CandidateSeries, 'images'> | null) => series?.images.map(({ sopUid }) => sopUid);

test('of a series whose images are to match, those that do are what is read; every image has to where that is asked', () => {
  const choice = chooseSeries({ ...FOUR_VIEWS, otherSeries: [] }, STUDY, [views()]);
  expect(sops(choice.chosen)).toEqual(['mg L CC']);
  expect(sops({ images: imagesFor(FOUR_VIEWS.appliesTo, views().images) })).toEqual(['mg L CC']);
  const every = { ...FOUR_VIEWS.appliesTo, images: 'every' as const, slices: { min: 1, max: 9 } };
  expect(imagesFor(every, views().images)).toHaveLength(4);
  expect(chooseSeries({ ...FOUR_VIEWS, otherSeries: [], appliesTo: every }, STUDY, [views()])).toMatchObject({
    ...{ chosen: null, refused: [{ reason: 'other-laterality' }] },
  });
  expect(chooseSeries({ ...FOUR_VIEWS, otherSeries: [] }, STUDY, [views('mg', ['R CC'])])).toMatchObject({
    ...{ chosen: null, refused: [{ reason: 'too-few-images' }] },
  });
});

test('other series are chosen in order, each of what is left: images of one series, or series of their own', () => {
  const apart = FOUR.map((name, at) => ({ ...views(`s${at}`, [name]), number: at }));
  for (const series of [[views()], apart, apart.toReversed()]) {
    const { chosen } = chooseSeries(FOUR_VIEWS, STUDY, series);
    const others = chosen === null ? null : chooseOthers(FOUR_VIEWS, STUDY, series, chosen);
    expect(
      others?.map(({ id, series: one }) => [id, sops(one)?.map((sop) => sop.slice(sop.indexOf(' ') + 1))]),
    ).toEqual([
      ['r-cc', ['R CC']],
      ['l-mlo', ['L MLO']],
      ['r-mlo', ['R MLO']],
    ]);
  }
});

test('where one of the other series is missing the study is not read, and its receipt can say why', () => {
  expect(chooseSeries(FOUR_VIEWS, STUDY, [views('mg', FOUR.slice(0, 3))])).toEqual({
    ...{ chosen: null, isForThisExam: true },
    refused: [{ seriesId: 'mg', reason: 'other-series-missing' }],
  });
  // The series that the model reads is not given to it a second time.
  const twice = { ...FOUR_VIEWS, otherSeries: [beside('L', 'CC')] };
  expect(chooseSeries(twice, STUDY, [views()])).toMatchObject({ chosen: null });
});
