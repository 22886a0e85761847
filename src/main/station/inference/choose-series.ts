import type { AppliesTo, ModelManifest } from '../../../shared/domain/model-manifest.ts';
import type { SeriesSummary, StoredInstance, StudyCard } from '../archive/index.ts';

/** A series with its images, as a manifest's predicate sees it. */
export type CandidateSeries = SeriesSummary & { readonly images: readonly StoredInstance[] };

/** The series a model reads and the reasons for it, or why no series of the study fits. */
export type SeriesChoice =
  | { readonly chosen: CandidateSeries; readonly eligible: number; readonly because: readonly string[] }
  | { readonly chosen: null; readonly isForThisExam: boolean };

/** Below this share of the body axis a slice is no longer called axial; gantry tilts reach 30°. */
const AXIAL_SHARE = 0.8;

/** Applies a manifest's predicate and ranking; of equals the one with most slices, then the lowest number, is read. */
export function chooseSeries(
  manifest: ModelManifest,
  study: StudyCard,
  series: readonly CandidateSeries[],
): SeriesChoice {
  const forExam = series.filter((one) => isForExam(manifest.appliesTo, study, one));
  const eligible = forExam.filter((one) => isReadable(manifest.appliesTo, one));
  const [best] = eligible
    .map((one) => ({ one, ...rank(manifest, one) }))
    .toSorted(
      (a, b) =>
        b.points - a.points || b.one.images.length - a.one.images.length || (a.one.number ?? 0) - (b.one.number ?? 0),
    );
  if (best === undefined) return { chosen: null, isForThisExam: forExam.length > 0 };
  const because = [`eligible ${eligible.length} of ${series.length} series`, ...best.because];
  return { chosen: best.one, eligible: eligible.length, because };
}

/** Whether the exam is one the model knows: modality and region. What fails here is "no model for this exam". */
function isForExam(rule: AppliesTo, study: StudyCard, series: CandidateSeries): boolean {
  if (!rule.modalities.includes(series.modality)) return false;
  const texts = [
    study.description,
    series.description,
    ...series.images.slice(0, 1).map((image) => image.attributes.protocolName),
  ];
  const matches = (pattern: string) => texts.some((text) => text !== null && new RegExp(pattern, 'iu').test(text));
  if (rule.excludedDescriptionPatterns.some(matches)) return false;
  const bodyPart = (series.bodyPart ?? study.bodyPart ?? '').toUpperCase();
  return rule.bodyParts.includes(bodyPart) || rule.descriptionPatterns.some(matches);
}

/** Whether this series can be read: its images' type, orientation, thickness, number, contrast and compression. */
function isReadable(rule: AppliesTo, series: CandidateSeries): boolean {
  const { images } = series;
  const thickness = thicknessOf(series);
  return (
    images.length >= rule.slices.min &&
    images.length <= rule.slices.max &&
    thickness !== null &&
    thickness >= rule.sliceThicknessMm.min &&
    thickness <= rule.sliceThicknessMm.max &&
    images.every(({ attributes }) => {
      const types = attributes.imageType.map((type) => type.toUpperCase());
      return (
        attributes.hasPixelData &&
        !attributes.isLossyCompressed &&
        rule.requiredImageTypes.every((type) => types.includes(type)) &&
        !rule.excludedImageTypes.some((type) => types.includes(type)) &&
        (rule.contrast === 'any' || attributes.contrastAgent === null) &&
        (rule.orientation === 'any' || isAxial(attributes.orientation))
      );
    })
  );
}

function rank(
  manifest: ModelManifest,
  series: CandidateSeries,
): { readonly points: number; readonly because: readonly string[] } {
  const kernels = series.images[0]?.attributes.kernel ?? [];
  const rules = manifest.seriesRanking.preferredKernelPatterns.filter(({ pattern }) =>
    kernels.some((kernel) => new RegExp(pattern, 'iu').test(kernel)),
  );
  const { value, pointsPerMmAway } = manifest.seriesRanking.preferredThicknessMm;
  const thickness = thicknessOf(series) ?? value;
  const thicknessPoints = Math.abs(thickness - value) * pointsPerMmAway;
  return {
    points: rules.reduce((sum, { points }) => sum + points, thicknessPoints),
    because: [
      ...rules.map(({ points }) => `kernel ${points > 0 ? '+' : ''}${points}`),
      `thickness ${thickness} mm ${thicknessPoints}`,
      `slices ${series.images.length}`,
    ],
  };
}

/** The middle slice thickness in mm; null where no image says. */
function thicknessOf(series: CandidateSeries): number | null {
  const known = series.images.flatMap(({ attributes }) => attributes.sliceThicknessMm ?? []).toSorted((a, b) => a - b);
  return known[Math.floor(known.length / 2)] ?? null;
}

function isAxial(orientation: readonly number[] | null): boolean {
  const [a, b, , d, e] = orientation ?? [];
  if (a === undefined || b === undefined || d === undefined || e === undefined) return false;
  return Math.abs(a * e - b * d) >= AXIAL_SHARE;
}
