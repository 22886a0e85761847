import type { AbsentFact, AppliesTo } from '../../../shared/domain/model-applies-to.ts';
import { matchesPattern } from '../../../shared/domain/pattern-cost.ts';
import type { StudyCard } from '../archive/index.ts';
import { isSecondaryCapture } from '../dicom/storage-classes.ts';
import type { CandidateSeries } from './choose-series.ts';

/** Why a model does not read a series of an exam that it knows; persisted, so only ever added to. */
export const SERIES_REFUSALS = [
  'age-unknown',
  'age-outside',
  'sex-unknown',
  'sex-outside',
  'no-pixels',
  'too-few-images',
  'too-many-images',
  'image-type',
  'lossy-compression',
  'contrast',
  'no-contrast',
  'kernel',
  'view-unknown',
  'other-view',
  'orientation-unknown',
  'other-orientation',
  'thickness-unknown',
  'thickness-outside',
  'pixel-size-unknown',
  'pixel-size-outside',
  'too-few-rows',
  'too-few-columns',
  'coverage-unknown',
  'coverage-too-small',
  'laterality-unknown',
  'other-laterality',
  'other-series-missing',
] as const;
export type SeriesRefusal = (typeof SERIES_REFUSALS)[number];

type Image = Pick<CandidateSeries['images'][number], 'attributes' | 'sopClassUid'>;
type Attributes = Image['attributes'];
type Span = { readonly min: number; readonly max: number };

/** Below this share of a body axis the normal of a slice is no longer called along it; gantry tilts reach 30°. */
const ALONG_AXIS = 0.8;
/** Which patient coordinate (PS3.3 §C.7.6.2.1.1) the normal of such slices lies along. */
const AXIS = { sagittal: 0, coronal: 1, axial: 2 } as const;

/** The first reason why a series of a known exam is not read, or null where it is: the study, then each image, then the whole. */
export function refuseSeries(rule: AppliesTo, study: StudyCard, series: CandidateSeries): SeriesRefusal | null {
  const { images } = series;
  const slices = countSlices(series);
  const outside = refusePatient(rule, study);
  if (outside !== null) return outside;
  if (images.some(({ attributes }) => !attributes.hasPixelData)) return 'no-pixels';
  if (slices < rule.slices.min) return 'too-few-images';
  if (slices > rule.slices.max) return 'too-many-images';
  for (const image of images) {
    const refusal = refuseImage(rule, image);
    if (refusal !== null) return refusal;
  }
  const unsaid = (fact: AbsentFact, refusal: SeriesRefusal) => (passes(rule, fact) ? null : refusal);
  return (
    refuseNumber(
      middleThickness(series),
      rule.sliceThicknessMm,
      unsaid('thickness', 'thickness-unknown'),
      'thickness-outside',
    ) ??
    refuseNumber(
      coarsestPixel(images),
      rule.pixelMm,
      unsaid('pixel-size', 'pixel-size-unknown'),
      'pixel-size-outside',
    ) ??
    refuseCoverage(rule, series)
  );
}

/** What a series that is read leaves unsaid although a rule asks for it: the manifest lets that pass. */
export function listUnsaid(rule: AppliesTo, series: CandidateSeries): readonly AbsentFact[] {
  const some = (isUnsaid: (attributes: Attributes) => boolean) =>
    series.images.some(({ attributes }) => isUnsaid(attributes));
  const unsaid: Readonly<Record<AbsentFact, () => boolean>> = {
    'image-type': () => rule.requiredImageTypes.length > 0 && some(({ imageType }) => imageType.length === 0),
    kernel: () => rule.kernelPatterns.length > 0 && some(({ kernel }) => kernel.length === 0),
    view: () => rule.viewPositions.length > 0 && some(({ viewPosition }) => codeOf(viewPosition) === ''),
    laterality: () => rule.lateralities.length > 0 && some(({ laterality }) => codeOf(laterality) === ''),
    thickness: () => rule.sliceThicknessMm !== undefined && middleThickness(series) === null,
    'pixel-size': () => rule.pixelMm !== undefined && coarsestPixel(series.images) === null,
  };
  return rule.absentPasses.filter((fact) => unsaid[fact]());
}

function passes({ absentPasses }: AppliesTo, fact: AbsentFact): boolean {
  return absentPasses.includes(fact);
}

/** A code as an object states it; empty where it does not, as objects do that were filed before it was kept. */
function codeOf(stated: string | null | undefined): string {
  return stated?.trim().toUpperCase() ?? '';
}

/** How many frames a series has: an object may hold all of them. */
export function countSlices({ images }: CandidateSeries): number {
  return images.reduce((sum, { frames }) => sum + (frames ?? 1), 0);
}

/** The middle slice thickness in mm; null where no image says. */
export function middleThickness(series: CandidateSeries): number | null {
  const known = series.images.flatMap(({ attributes }) => attributes.sliceThicknessMm ?? []).toSorted((a, b) => a - b);
  return known[Math.floor(known.length / 2)] ?? null;
}

function refusePatient({ population }: AppliesTo, study: StudyCard): SeriesRefusal | null {
  const { ageYears, sexes } = population;
  const age = ageYears === undefined ? null : ageAt(study.patient.birthDateRaw, study.dateRaw);
  if (ageYears !== undefined && age === null) return 'age-unknown';
  // Whole years: whoever is 17 years and 364 days old is 17.
  if (ageYears !== undefined && age !== null && (age < ageYears.min || Math.floor(age) > ageYears.max))
    return 'age-outside';
  if (sexes === undefined) return null;
  const sex = study.patient.sex?.trim().toUpperCase() ?? '';
  if (sex === '') return 'sex-unknown';
  return sexes.some((one) => one === sex) ? null : 'sex-outside';
}

/** Years between two DICOM dates (YYYYMMDD), parts of years included; null where either is no date or they are the wrong way round. */
export function ageAt(birthDateRaw: string | null, dateRaw: string | null): number | null {
  const [born, then] = [dayOf(birthDateRaw), dayOf(dateRaw)];
  if (born === null || then === null || then < born) return null;
  const years = then.getUTCFullYear() - born.getUTCFullYear();
  const birthday = new Date(born);
  birthday.setUTCFullYear(born.getUTCFullYear() + years);
  const whole = birthday <= then ? years : years - 1;
  const last = new Date(born);
  last.setUTCFullYear(born.getUTCFullYear() + whole);
  const next = new Date(born);
  next.setUTCFullYear(born.getUTCFullYear() + whole + 1);
  return whole + (then.getTime() - last.getTime()) / (next.getTime() - last.getTime());
}

function dayOf(raw: string | null): Date | null {
  const [, year = '', month = '', day = ''] = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})$/.exec(raw?.trim() ?? '') ?? [];
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  return Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(day) ? null : date;
}

/** The reason why an image does not fit, as an image alone; null where it does. */
export function refuseImage(rule: AppliesTo, { attributes: image, sopClassUid }: Image): SeriesRefusal | null {
  const types = image.imageType.map((type) => type.toUpperCase());
  // What a person captured from a screen is no original, whatever it leaves unsaid.
  const mayBeAnything = types.length === 0 && passes(rule, 'image-type') && !isSecondaryCapture(sopClassUid);
  if (!mayBeAnything && !rule.requiredImageTypes.every((type) => types.includes(type))) return 'image-type';
  if (rule.excludedImageTypes.some((type) => types.includes(type))) return 'image-type';
  if (image.isLossyCompressed && rule.lossyCompression === 'refuse') return 'lossy-compression';
  if (rule.contrast === 'absent' && image.contrastAgent !== null) return 'contrast';
  if (rule.contrast === 'present' && image.contrastAgent === null) return 'no-contrast';
  return refuseKernel(rule, image.kernel) ?? refuseView(rule, image) ?? refuseSize(rule, image);
}

function refuseKernel(rule: AppliesTo, kernels: Attributes['kernel']): 'kernel' | null {
  const { kernelPatterns, excludedKernelPatterns } = rule;
  const matches = (pattern: string) => kernels.some((kernel) => matchesPattern(pattern, kernel));
  if (excludedKernelPatterns.some(matches)) return 'kernel';
  if (kernels.length === 0 && passes(rule, 'kernel')) return null;
  return kernelPatterns.length === 0 || kernelPatterns.some(matches) ? null : 'kernel';
}

function refuseView(rule: AppliesTo, image: Attributes): SeriesRefusal | null {
  const view = codeOf(image.viewPosition);
  if (rule.viewPositions.length > 0 && view === '' && !passes(rule, 'view')) return 'view-unknown';
  if (rule.viewPositions.length > 0 && view !== '' && !rule.viewPositions.includes(view)) return 'other-view';
  const side = codeOf(image.laterality);
  if (rule.lateralities.length > 0 && side === '' && !passes(rule, 'laterality')) return 'laterality-unknown';
  if (rule.lateralities.length > 0 && side !== '' && !rule.lateralities.includes(side)) return 'other-laterality';
  if (rule.orientation === 'any') return null;
  const normal = normalOf(image.orientation);
  if (normal === null) return 'orientation-unknown';
  return Math.abs(normal[AXIS[rule.orientation]]) >= ALONG_AXIS ? null : 'other-orientation';
}

function refuseSize({ minimum }: AppliesTo, image: Attributes): SeriesRefusal | null {
  if (minimum.rows !== undefined && (image.rows ?? 0) < minimum.rows) return 'too-few-rows';
  return minimum.columns !== undefined && (image.columns ?? 0) < minimum.columns ? 'too-few-columns' : null;
}

function refuseNumber(
  value: number | null,
  span: Span | undefined,
  unknown: SeriesRefusal | null,
  outside: SeriesRefusal,
): SeriesRefusal | null {
  if (span === undefined) return null;
  if (value === null) return unknown;
  return value >= span.min && value <= span.max ? null : outside;
}

/** The largest distance between pixels of any image; null where one does not say. */
function coarsestPixel(images: CandidateSeries['images']): number | null {
  const spacings = images.map(({ attributes }) => attributes.pixelSpacing);
  return spacings.some((spacing) => spacing === null)
    ? null
    : Math.max(...spacings.flatMap((spacing) => spacing ?? []));
}

function refuseCoverage({ minimum }: AppliesTo, { images }: CandidateSeries): SeriesRefusal | null {
  if (minimum.coverageMm === undefined) return null;
  const normal = normalOf(images[0]?.attributes.orientation ?? null);
  const places = images.map((image) => placesAlong(image, normal));
  if (places.some((place) => place === null)) return 'coverage-unknown';
  const all = places.flatMap((place) => place ?? []);
  // A slice reaches half its thickness to either side.
  const reach =
    all.reduce((most, place) => Math.max(most, place), Number.NEGATIVE_INFINITY) -
    all.reduce((least, place) => Math.min(least, place), Number.POSITIVE_INFINITY) +
    (images[0]?.attributes.sliceThicknessMm ?? 0);
  return reach >= minimum.coverageMm ? null : 'coverage-too-small';
}

/** Where the frames of an object lie along a normal, the first and the last of them; null where it does not say. */
function placesAlong(
  { frames, attributes }: CandidateSeries['images'][number],
  normal: readonly [number, number, number] | null,
): readonly number[] | null {
  const { position, frameSpanMm } = attributes;
  // Objects of many frames that were filed before this was kept say nothing of it.
  if ((frames ?? 1) > 1) return frameSpanMm == null ? null : turnedTowards(frameSpanMm, attributes.orientation, normal);
  if (normal === null || position === null) return null;
  return [normal.reduce((sum, share, axis) => sum + share * (position[axis] ?? Number.NaN), 0)];
}

/** A span along an object's own normal, told along that of the series: it may look the other way. */
function turnedTowards(
  [low, high]: readonly [number, number],
  orientation: Attributes['orientation'],
  normal: readonly [number, number, number] | null,
): readonly number[] {
  const own = normalOf(orientation);
  const share =
    own === null || normal === null ? 1 : own.reduce((sum, one, axis) => sum + one * (normal[axis] ?? 0), 0);
  return share < 0 ? [-high, -low] : [low, high];
}

/** Of a slice's direction cosines: its normal, in patient coordinates; null where they are not stated. */
function normalOf(orientation: readonly number[] | null): readonly [number, number, number] | null {
  const [a, b, c, d, e, f] = orientation ?? [];
  if (a === undefined || b === undefined || c === undefined || d === undefined || e === undefined || f === undefined)
    return null;
  return [b * f - c * e, c * d - a * f, a * e - b * d];
}
