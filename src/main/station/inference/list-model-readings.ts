import type { ModelReading } from '../../../shared/contract/runs.ts';
import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import { getStudyCard, type StudyCard } from '../archive/index.ts';
import type { ReadableDb } from '../platform/store/database.ts';
import { type CandidateSeries, chooseSeries } from './choose-series.ts';
import { shownAs } from './exposure-rows.ts';
import { type ExposedModel, listExposedModels } from './models.ts';
import { candidateSeries } from './queue-runs.ts';
import { listRuns } from './shown-runs.ts';

/** So many of the series that one model does not read are named; all are counted. */
const MOST_REFUSED = 64;

/**
 * What each model that the viewer is shown makes of a study's series as they are now: whether it reads the study, or why not, and which
 * series it refuses for which reason. Models that are silent, or on pilot for others or for other studies, are as if they were not
 * installed. Series are named by UID. Looks at every image of the study: for the reader threads.
 */
export function listModelReadings(
  db: ReadableDb,
  { studyId, viewerId }: { readonly studyId: string; readonly viewerId: string },
): ModelReading[] {
  const study = getStudyCard(db, studyId);
  const series = candidateSeries(db, study);
  const hasRun = new Set(listRuns(db, studyId, viewerId).map(({ model }) => `${model.id} ${model.version}`));
  return listExposedModels(db, study.siteId)
    .filter((model) => isShownTo(db, model, study, viewerId))
    .map(({ manifest }) => {
      const { id, name, version } = manifest;
      return { model: { id, name, version }, ...readingOf(manifest, study, series, hasRun.has(`${id} ${version}`)) };
    });
}

function isShownTo(db: ReadableDb, model: ExposedModel, study: StudyCard, viewerId: string): boolean {
  const { stage, audience } = shownAs(db, model.stage, model, study);
  return stage !== 'silent' && (audience === null || audience.includes(viewerId));
}

function readingOf(
  manifest: ModelManifest,
  study: StudyCard,
  series: readonly CandidateSeries[],
  hasRun: boolean,
): Omit<ModelReading, 'model'> {
  const choice = chooseSeries(manifest, study, series);
  const uids = new Map(series.map(({ seriesId, seriesUid }) => [seriesId, seriesUid]));
  const refused = choice.refused
    .slice(0, MOST_REFUSED)
    .map(({ seriesId, reason }) => ({ seriesUid: uids.get(seriesId) ?? '', reason }));
  const refusals = { refused, refusedCount: choice.refused.length };
  if (choice.chosen !== null)
    return {
      state: hasRun ? 'read' : 'fits',
      reason: hasRun ? null : whyNotRead(study),
      seriesUid: choice.chosen.seriesUid,
      ...refusals,
    };
  if (choice.isForThisExam) return { state: 'no-eligible-series', reason: null, seriesUid: null, ...refusals };
  return { state: 'not-this-exam', reason: whyNotThisExam(manifest, study, series), seriesUid: null, ...refusals };
}

/** Why a study that a model could read has no run of it. */
function whyNotRead({ intent, completeness, completeRevision }: StudyCard): ModelReading['reason'] {
  if (intent !== 'new') return 'not-new';
  // A run that was owed silently is told as none, and so is a model that came later.
  return completeness === 'receiving' || completeRevision === null ? 'receiving' : 'not-shown-then';
}

/** The first of what an exam has to be that this one is not: found out by asking for less. */
function whyNotThisExam(
  manifest: ModelManifest,
  study: StudyCard,
  series: readonly CandidateSeries[],
): ModelReading['reason'] {
  const { modalities } = manifest.appliesTo;
  if (!series.some(({ modality }) => modalities.includes(modality))) return 'other-modality';
  const lenient = { ...manifest, appliesTo: { ...manifest.appliesTo, excludedDescriptionPatterns: [] } };
  const choice = chooseSeries(lenient, study, series);
  return choice.chosen !== null || choice.isForThisExam ? 'excluded-description' : 'other-region';
}
