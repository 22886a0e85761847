import type { ExposureStage } from '../../../shared/domain/exposure.ts';
import { RunId } from '../../../shared/domain/ids.ts';
import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import type { RefusedSeriesReason, SeriesReason } from '../../../shared/domain/receipt.ts';
import { getStudyCard, listInstances, listSeries, type StudyCard } from '../archive/index.ts';
import { freshId } from '../platform/ids.ts';
import { scheduleJob } from '../platform/jobs/jobs.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { type CandidateSeries, chooseSeries, type RefusedSeries, type SeriesChoice } from './choose-series.ts';
import { shownAs } from './exposure-rows.ts';
import { isFed, waitForFeeds } from './feeding-runs.ts';
import { type ExposedModel, listExposedModels } from './models.ts';
import { costOfRun } from './run-cost.ts';
import { laneOf } from './run-order.ts';
import { getRun } from './run-rows.ts';

/** The job that lets a row stand unflagged once a run is past its tolerance. */
export const TOLERANCE_JOB = 'inference-tolerance';

const INSERT_RUN = `
  INSERT INTO runs (run_id, site_id, study_id, study_revision, model_digest, series_id, stage, state, queued_at_ms, series_choice, other_series,
                    refused_series, audience, lane, cost, turn_at_ms, is_early, round)
  VALUES (@runId, @siteId, @studyId, @revision, @digest, @seriesId, @stage, 'queued', @atMs, @choice, @others, @refused,
          @audience, @lane, @cost, @atMs, @isEarly, coalesce(@round, (
            SELECT max(round) FROM runs WHERE study_id = @studyId AND study_revision = @revision AND model_digest = @digest), 0))
  ON CONFLICT (study_id, study_revision, model_digest, series_id, round) DO NOTHING
`;
const PUT_APPLICABILITY = `
  INSERT INTO study_applicability (study_id, study_revision, state) VALUES (?, ?, ?)
  ON CONFLICT (study_id) DO UPDATE SET study_revision = excluded.study_revision, state = excluded.state
   WHERE (study_revision, state) IS NOT (excluded.study_revision, excluded.state)
`;

const PUT_MODEL_APPLICABILITY = `
  INSERT INTO model_applicability (study_id, digest, study_revision, stage, state, eligible_series)
  VALUES (@studyId, @digest, @revision, @stage, @state, @eligible)
  ON CONFLICT (study_id, digest) DO UPDATE SET study_revision = excluded.study_revision, stage = excluded.stage,
    state = excluded.state, eligible_series = excluded.eligible_series
   WHERE excluded.study_revision > study_revision
`;

/** Owes a complete new study one run of every model that fits it, or records that none does. Idempotent per revision. */
export function queueRuns(db: WritableDb, studyId: string, atMs: number): void {
  const study = getStudyCard(db, studyId);
  // Images that came meanwhile have reopened the study: it is owed its runs when it is complete again.
  if (study.intent !== 'new' || study.completeRevision === null || study.completeness === 'receiving') return;
  const series = candidateSeries(db, study);
  const choices = listExposedModels(db, study.siteId).map((exposed) => ({
    model: { ...exposed, ...shownAs(db, exposed.stage, exposed, study) },
    choice: chooseSeries(exposed.manifest, study, series),
  }));
  for (const { model, choice } of choices) {
    prepared(db, PUT_MODEL_APPLICABILITY).run({
      ...{ studyId, digest: model.digest, revision: study.completeRevision, stage: rowStage(model) },
      state: applicabilityOf([choice]),
      eligible: choice.chosen === null ? 0 : choice.eligible,
    });
    if (choice.chosen === null) continue;
    oweRun(db, study, study.completeRevision, model, { ...choice, chosen: choice.chosen }, series, atMs);
  }
  const state = applicabilityOf(
    choices.filter(({ model }) => rowStage(model) !== 'silent').map(({ choice }) => choice),
  );
  const isNews = prepared(db, PUT_APPLICABILITY).run(studyId, study.completeRevision, state).changes > 0;
  if (state === 'eligible' || !isNews) return;
  appendEvent(db, {
    kind: 'run-not-queued',
    payload: { reason: state, revision: study.completeRevision },
    ...ofStudy(study, atMs),
  });
}

/** As what a model counts on the row, which is everyone's: a pilot for some readers moves it no more than a silent model does. */
function rowStage({ stage, audience }: ReturnType<typeof shownAs>): ExposureStage {
  return audience === null ? stage : 'silent';
}

/** A run as a study is owed it. */
export type OwedRun = {
  readonly runId: string;
  readonly siteId: string;
  readonly studyId: string;
  readonly revision: number;
  readonly digest: string;
  readonly seriesId: string;
  readonly stage: ExposureStage;
  /** JSON, as the other lists of a run are. */
  readonly audience: string | null;
  readonly choice: string;
  readonly others: string;
  readonly refused: string;
  readonly lane: number;
  readonly cost: number;
  readonly atMs: number;
};

/** What a study is owed of a model on the series chosen for it, not yet on record. */
export function owedRun(
  db: ReadableDb,
  study: StudyCard,
  revision: number,
  exposed: ExposedModel,
  choice: Extract<SeriesChoice, { readonly chosen: CandidateSeries }>,
  series: readonly CandidateSeries[],
  atMs: number,
): OwedRun {
  const { siteId, studyId } = study;
  const model = { ...exposed, ...shownAs(db, exposed.stage, exposed, study) };
  return {
    ...{ runId: freshId(RunId), siteId, studyId, revision, digest: model.digest, atMs },
    ...{ seriesId: choice.chosen.seriesId, stage: model.stage, choice: JSON.stringify(choice.because) },
    audience: model.audience === null ? null : JSON.stringify(model.audience),
    others: JSON.stringify(otherSeries(model.manifest, study, series, choice.chosen)),
    refused: JSON.stringify(refusedSeries(choice.refused, series)),
    ...{ lane: laneOf(db, studyId, model.stage), cost: costOfRun(db, siteId, model) },
  };
}

/**
 * Owes a study one run of a model on the series chosen for it; null where that run is owed or done already. An early one is of a
 * study that still receives: nobody waits for it. A round of its own is owed anew at the same revision.
 */
export function oweRun(
  db: WritableDb,
  study: StudyCard,
  revision: number,
  exposed: ExposedModel,
  choice: Extract<SeriesChoice, { readonly chosen: CandidateSeries }>,
  series: readonly CandidateSeries[],
  atMs: number,
  { isEarly = false, round = null }: { readonly isEarly?: boolean; readonly round?: number | null } = {},
): string | null {
  const run = owedRun(db, study, revision, exposed, choice, series, atMs);
  const { runId, siteId } = run;
  const dueAtMs = atMs + exposed.manifest.toleranceMs;
  if (prepared(db, INSERT_RUN).run({ ...run, round, isEarly: isEarly ? 1 : 0 }).changes === 0) return null;
  if (!isFed(db, getRun(db, runId), exposed.manifest)) waitForFeeds(db, runId);
  if (!isEarly) scheduleJob(db, { kind: TOLERANCE_JOB, subjectId: runId, siteId, dueAtMs });
  const payload = { runId, modelDigest: run.digest, revision };
  appendEvent(db, { kind: 'run-queued', payload, ...ofStudy(study, atMs) });
  return runId;
}

/** A receipt names so many of the series that the model could have read instead, and so many that it does not read. */
const MOST_OTHERS = 8;
const MOST_REFUSED = 64;

/** Series of the exam that the model does not read, as receipts name them, in the order of the study. */
function refusedSeries(
  refused: readonly RefusedSeries[],
  series: readonly CandidateSeries[],
): readonly RefusedSeriesReason[] {
  const uids = new Map(series.map(({ seriesId, seriesUid }) => [seriesId, seriesUid]));
  return refused
    .slice(0, MOST_REFUSED)
    .map(({ seriesId, reason }) => ({ seriesUid: uids.get(seriesId) ?? '', reason }));
}

/** What else the model could have read, best first: what it would choose if the better ones were not there. */
function otherSeries(
  manifest: ModelManifest,
  study: StudyCard,
  series: readonly CandidateSeries[],
  chosen: CandidateSeries,
): readonly SeriesReason[] {
  let left = series.filter(({ seriesId }) => seriesId !== chosen.seriesId);
  const others: SeriesReason[] = [];
  while (others.length < MOST_OTHERS) {
    const next = chooseSeries(manifest, study, left);
    if (next.chosen === null) break;
    const { seriesId, seriesUid } = next.chosen;
    others.push({ seriesUid, because: next.because.slice(1) });
    left = left.filter((one) => one.seriesId !== seriesId);
  }
  return others;
}

/** What the best placed of these models makes of the study; of a silent one nobody may hear by its absence either. */
/** What a study is to some models by what they choose of it. */
export function applicabilityOf(choices: readonly SeriesChoice[]): 'eligible' | 'no-eligible-series' | 'no-model' {
  if (choices.some(({ chosen }) => chosen !== null)) return 'eligible';
  return choices.some((choice) => choice.chosen === null && choice.isForThisExam) ? 'no-eligible-series' : 'no-model';
}

/** The subject and author of every event inference writes about a study. */
export function ofStudy(study: StudyCard, atMs: number) {
  return {
    siteId: study.siteId,
    studyId: study.studyId,
    patientId: study.patient.patientId,
    actor: serviceActor('inference'),
    correlationId: study.correlationId,
    atMs,
  };
}

/** The series of a study with their images, as models choose among them. */
export function candidateSeries(db: ReadableDb, study: StudyCard): readonly CandidateSeries[] {
  const images = Map.groupBy(listInstances(db, study.studyId), ({ seriesId }) => seriesId);
  return listSeries(db, study.studyId).map((one) => ({ ...one, images: images.get(one.seriesId) ?? [] }));
}
