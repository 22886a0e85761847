import type { AppliesTo } from '../../../shared/domain/model-applies-to.ts';
import { matchesPattern } from '../../../shared/domain/pattern-cost.ts';
import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import type { SeriesSummary, StoredInstance, StudyCard } from '../archive/index.ts';
import {
  countSlices,
  listUnsaid,
  middleThickness,
  refuseImage,
  refuseSeries,
  type SeriesRefusal,
} from './series-refusals.ts';

/** A series with its images, as a manifest's predicate sees it. */
export type CandidateSeries = SeriesSummary & { readonly images: readonly StoredInstance[] };

/** A series of an exam that the model knows, which it does not read. */
export type RefusedSeries = { readonly seriesId: string; readonly reason: SeriesRefusal };

/** The series a model reads and the reasons for it, or why no series of the study fits; either way what was refused, and why. */
export type SeriesChoice =
  | {
      readonly chosen: CandidateSeries;
      readonly eligible: number;
      readonly because: readonly string[];
      readonly refused: readonly RefusedSeries[];
    }
  | { readonly chosen: null; readonly isForThisExam: boolean; readonly refused: readonly RefusedSeries[] };

/** The other series that a model is given, by the ids of its manifest. */
export type ChosenBeside = { readonly id: string; readonly series: CandidateSeries };
type Rule = Pick<ModelManifest, 'appliesTo' | 'seriesRanking'>;

/**
 * Applies a manifest's predicate and ranking; of equals the one with most slices, then the lowest number, is read. A study that
 * lacks another series which the model needs is not read.
 */
export function chooseSeries(
  manifest: Rule & Pick<ModelManifest, 'otherSeries'>,
  study: StudyCard,
  series: readonly CandidateSeries[],
): SeriesChoice {
  const choice = chooseOne(manifest, study, series);
  if (choice.chosen === null || chooseOthers(manifest, study, series, choice.chosen) !== null) return choice;
  const { seriesId } = choice.chosen;
  return {
    chosen: null,
    isForThisExam: true,
    refused: [...choice.refused, { seriesId, reason: 'other-series-missing' }],
  };
}

/** The other series of a manifest beside the one chosen, each chosen of what is left; null where one is missing. */
export function chooseOthers(
  { otherSeries }: Pick<ModelManifest, 'otherSeries'>,
  study: StudyCard,
  series: readonly CandidateSeries[],
  chosen: Pick<CandidateSeries, 'seriesId' | 'images'>,
): readonly ChosenBeside[] | null {
  const others: ChosenBeside[] = [];
  let left = without(series, chosen);
  for (const { id, ...rule } of otherSeries) {
    const choice = chooseOne(rule, study, left);
    if (choice.chosen === null) return null;
    others.push({ id, series: choice.chosen });
    left = without(left, choice.chosen);
  }
  return others;
}

/** The images of a series that a rule reads: all of them, or those that fit. */
export function imagesFor<Image extends Pick<StoredInstance, 'attributes' | 'sopClassUid'>>(
  rule: AppliesTo,
  images: readonly Image[],
): readonly Image[] {
  return rule.images === 'every' ? images : images.filter((image) => refuseImage(rule, image) === null);
}

/** What is left of a study's series when some images are taken. */
function without(
  series: readonly CandidateSeries[],
  taken: Pick<CandidateSeries, 'seriesId' | 'images'>,
): readonly CandidateSeries[] {
  const gone = new Set(taken.images.map(({ sopUid }) => sopUid));
  return series
    .map((one) =>
      one.seriesId === taken.seriesId ? { ...one, images: one.images.filter(({ sopUid }) => !gone.has(sopUid)) } : one,
    )
    .filter(({ images }) => images.length > 0);
}

function chooseOne(manifest: Rule, study: StudyCard, series: readonly CandidateSeries[]): SeriesChoice {
  const forExam = series
    .filter((one) => isForExam(manifest.appliesTo, study, one))
    .map((one) => ({ ...one, images: imagesFor(manifest.appliesTo, one.images) }));
  const refused: RefusedSeries[] = [];
  const eligible = forExam.filter((one) => {
    const reason = refuseSeries(manifest.appliesTo, study, one);
    if (reason !== null) refused.push({ seriesId: one.seriesId, reason });
    return reason === null;
  });
  const [best] = eligible
    .map((one) => ({ one, ...rank(manifest, one) }))
    .toSorted(
      (a, b) =>
        b.points - a.points || countSlices(b.one) - countSlices(a.one) || (a.one.number ?? 0) - (b.one.number ?? 0),
    );
  if (best === undefined) return { chosen: null, isForThisExam: forExam.length > 0, refused };
  const unsaid = listUnsaid(manifest.appliesTo, best.one).map((fact) => `not stated: ${fact}`);
  const because = [`eligible ${eligible.length} of ${series.length} series`, ...best.because, ...unsaid];
  return { chosen: best.one, eligible: eligible.length, because, refused };
}

/** Whether the exam is one the model knows: modality and region. What fails here is "no model for this exam". */
function isForExam(rule: AppliesTo, study: StudyCard, series: CandidateSeries): boolean {
  if (!rule.modalities.includes(series.modality)) return false;
  const texts = [
    study.description,
    series.description,
    ...series.images.slice(0, 1).map((image) => image.attributes.protocolName),
  ];
  const matches = (pattern: string) => texts.some((text) => text !== null && matchesPattern(pattern, text));
  if (rule.excludedDescriptionPatterns.some(matches)) return false;
  if (rule.bodyParts.length === 0 && rule.descriptionPatterns.length === 0) return true;
  const bodyPart = (series.bodyPart ?? study.bodyPart ?? '').toUpperCase();
  return rule.bodyParts.includes(bodyPart) || rule.descriptionPatterns.some(matches);
}

/** A series' points by the manifest's rules, and each rule that gave some. */
function rank(
  { seriesRanking }: Rule,
  series: CandidateSeries,
): { readonly points: number; readonly because: readonly string[] } {
  const { preferredKernelPatterns, preferredDescriptionPatterns, preferredThicknessMm } = seriesRanking;
  const kernels = series.images[0]?.attributes.kernel ?? [];
  const matching = (rules: typeof preferredKernelPatterns, texts: readonly string[]) =>
    rules.filter(({ pattern }) => texts.some((text) => matchesPattern(pattern, text)));
  const told = [
    ...matching(preferredKernelPatterns, kernels).map(({ points }) => ({ what: 'kernel', points })),
    ...matching(preferredDescriptionPatterns, series.description === null ? [] : [series.description]).map(
      ({ points }) => ({ what: 'description', points }),
    ),
  ];
  const thickness = middleThickness(series);
  // One that does not say its thickness is neither preferred for it nor passed over.
  const thicknessPoints =
    preferredThicknessMm === undefined || thickness === null
      ? 0
      : Math.abs(thickness - preferredThicknessMm.value) * preferredThicknessMm.pointsPerMmAway;
  return {
    points: told.reduce((sum, { points }) => sum + points, thicknessPoints),
    because: [
      ...told.map(({ what, points }) => `${what} ${points > 0 ? '+' : ''}${points}`),
      ...(preferredThicknessMm === undefined || thickness === null
        ? []
        : [`thickness ${thickness} mm ${thicknessPoints}`]),
      `slices ${countSlices(series)}`,
    ],
  };
}
