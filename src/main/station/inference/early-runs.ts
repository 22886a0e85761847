import { countGaps, findStudyCard, getStudyCard, listArrivals } from '../archive/index.ts';
import { findJobDueAtMs, type JobHandler, scheduleJob } from '../platform/jobs/jobs.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { type CandidateSeries, chooseSeries } from './choose-series.ts';
import { shownAs } from './exposure-rows.ts';
import { type ExposedModel, listExposedModels } from './models.ts';
import { candidateSeries, oweRun } from './queue-runs.ts';

/** The job that looks which series of a study still receiving may be read already. */
export const EARLY_JOB = 'inference-early';
/** A series that no image came of for so long counts as whole, where its slices leave no gap either. */
const QUIET_MS = 3000;

export const HAS_RUN_SINCE = `
  SELECT 1 FROM runs WHERE study_id = @studyId AND study_revision > @revision AND model_digest = @digest LIMIT 1
`;

/** An image came of a study: its series are looked at once one of them may have become quiet. */
export function watchSeries(db: WritableDb, studyId: string, siteId: string, atMs: number): void {
  if (findJobDueAtMs(db, EARLY_JOB, studyId) !== null) return;
  scheduleJob(db, { kind: EARLY_JOB, subjectId: studyId, siteId, dueAtMs: atMs + QUIET_MS });
}

/** Whether a model needs nothing but its own series: the rest of the study may still be coming. */
function standsAlone({ manifest }: ExposedModel): boolean {
  return manifest.otherSeries.length + manifest.feeds.length === 0;
}

/**
 * Owes a study that still receives early runs: of each shown model the one on the best series that is whole as far as can be told,
 * once until the study is complete. What such a run flags shows at once; that it flags nothing says nothing of the study.
 */
export const beginEarlyRuns: JobHandler = (db, { subjectId: studyId }, atMs) => {
  const study = findStudyCard(db, studyId);
  if (study === null || !study.isShown || study.intent !== 'new' || study.completeness !== 'receiving') return;
  const arrivals = listArrivals(db, studyId);
  const isQuiet = ({ lastAtMs }: { readonly lastAtMs: number }) => lastAtMs + QUIET_MS <= atMs;
  const coming = arrivals.filter((one) => !isQuiet(one)).map(({ lastAtMs }) => lastAtMs + QUIET_MS);
  if (coming.length > 0)
    scheduleJob(db, { kind: EARLY_JOB, subjectId: studyId, siteId: study.siteId, dueAtMs: Math.min(...coming) });
  if (coming.length === arrivals.length) return;
  const wanting = listExposedModels(db, study.siteId).filter(
    (model) => standsAlone(model) && wantsEarly(db, model, studyId),
  );
  if (wanting.length === 0) return;
  const quiet = new Set(arrivals.filter(isQuiet).map(({ seriesId }) => seriesId));
  const series = candidateSeries(db, study).filter((one) => quiet.has(one.seriesId) && isWhole(one));
  for (const model of wanting) {
    const choice = chooseSeries(model.manifest, study, series);
    if (choice.chosen === null) continue;
    oweRun(db, study, study.revision, model, { ...choice, chosen: choice.chosen }, series, atMs, { isEarly: true });
  }
};

/** Not a silent model, which has time; and only one run of each before the study is complete again. */
function wantsEarly(db: ReadableDb, model: ExposedModel, studyId: string): boolean {
  const study = getStudyCard(db, studyId);
  if (shownAs(db, model.stage, model, study).stage === 'silent') return false;
  const since = { studyId, digest: model.digest, revision: study.completeRevision ?? 0 };
  return prepared(db, HAS_RUN_SINCE).get(since) === undefined;
}

/** Whether a quiet series lacks no slice between those that are here; of images without a place quiet has to do. */
function isWhole({ images }: CandidateSeries): boolean {
  if (images.every(({ attributes }) => attributes.position === null)) return true;
  return countGaps(images.map(({ attributes }) => attributes)) === 0;
}
