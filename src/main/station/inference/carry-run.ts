import { isDeepStrictEqual } from 'node:util';
import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import { Receipt, type RefusedSeriesReason, type SeriesReason } from '../../../shared/domain/receipt.ts';
import { getStudyCard, listHidden, listInstancesAt, type StoredInstance, type StudyCard } from '../archive/index.ts';
import { scheduleJob } from '../platform/jobs/jobs.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { canonicalPayload } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { type CandidateSeries, chooseSeries, imagesFor } from './choose-series.ts';
import { usesFor } from './exposure-rows.ts';
import { type ExposedModel, listExposedModels } from './models.ts';
import { candidateSeries, ofStudy, type OwedRun, owedRun, TOLERANCE_JOB } from './queue-runs.ts';
import { supersedeEarlier } from './supersede-runs.ts';
import { limitsOf, sealReceipt } from './run-receipt.ts';
import { countValues } from './measure-exams.ts';
import { type Run, RUN_COLUMNS } from './run-rows.ts';
import { listToldOfPatient, toldOf } from './told-patient.ts';

/** Walks runs_by_study, as the next one does. */
export const HAS_FORMER =
  'SELECT 1 FROM runs WHERE study_id = @studyId AND (is_early = 1 OR study_revision < @revision) LIMIT 1';
export const FIND_FORMER = `
  SELECT ${RUN_COLUMNS}, is_early AS isEarly, told_patient AS told, audience, receipt FROM runs
   WHERE study_id = @studyId AND model_digest = @digest AND state <> 'superseded'
     AND (study_revision < @revision OR study_revision = @revision AND is_early = 1)
   ORDER BY study_revision DESC, round DESC LIMIT 1
`;
/** It read the series as the study is complete. */
const CLAIM = 'UPDATE runs SET is_early = 0 WHERE run_id = ?';
/** Walks the unique index: the study's run stands already, and nothing takes its place. */
export const HAS_OWN = `
  SELECT 1 FROM runs WHERE study_id = @studyId AND study_revision = @revision AND model_digest = @digest AND series_id = @seriesId
     AND run_id <> @earlyId
`;
/** It is the run of the complete study from now on, and waits or computes as it did. */
const TAKE_OVER = `
  UPDATE runs SET study_revision = @revision, series_choice = @choice, other_series = @others,
         refused_series = @refused, is_early = 0
   WHERE run_id = @earlyId AND state IN ('queued', 'running')
`;
const INSERT_CARRIED = `
  INSERT INTO runs (run_id, site_id, study_id, study_revision, model_digest, series_id, stage, state, provider, queued_at_ms, finished_at_ms,
                    series_choice, other_series, refused_series, audience, lane, cost, turn_at_ms, receipt, carried_from, told_patient)
  SELECT @runId, @siteId, @studyId, @revision, @digest, @seriesId, @stage, 'finished', provider, @atMs, @atMs,
         @choice, @others, @refused, @audience, @lane, @cost, @atMs, @receipt, coalesce(carried_from, run_id), told_patient
    FROM runs WHERE run_id = @earlyId
`;
/** What it found may be shown for other purposes by now. */
const HAS_OTHER_USES = 'SELECT 1 FROM findings WHERE run_id = ? AND uses <> ? LIMIT 1';
/** What people decided of them meanwhile goes along. */
const MOVE_FINDINGS = `
  UPDATE findings SET run_id = @runId, study_revision = @revision WHERE run_id = @earlyId AND state <> 'superseded'
`;
const COPY_OUTPUTS = [
  'INSERT INTO run_outputs (run_id, site_id, outputs, size_bytes, kept_at_ms) SELECT @runId, site_id, outputs, size_bytes, kept_at_ms FROM run_outputs WHERE run_id = @earlyId',
  'INSERT INTO run_tensors (run_id, tensor, digest, size_bytes) SELECT @runId, tensor, digest, size_bytes FROM run_tensors WHERE run_id = @earlyId',
  'INSERT INTO run_scores (run_id, study_id, label, score) SELECT @runId, study_id, label, score FROM run_scores WHERE run_id = @earlyId',
];

type FormerRun = Run & {
  readonly isEarly: 0 | 1;
  readonly told: string;
  readonly audience: string | null;
  readonly receipt: string | null;
};

/**
 * Where a run that was begun early, or of a former revision, read the very images that the run of the complete study would read, on the
 * same terms, nothing is computed again: one that has not ended becomes that run, and the result of one that has is carried over, to a
 * run of its own whose receipt says whence. What is left is owed as always. A model that is given more than its own series reads anew.
 */
export function carryRuns(db: WritableDb, studyId: string, atMs: number): void {
  const study = getStudyCard(db, studyId);
  const { completeRevision: revision } = study;
  if (study.intent !== 'new' || revision === null || study.completeness === 'receiving') return;
  if (prepared(db, HAS_FORMER).get({ studyId, revision }) === undefined) return;
  const series = candidateSeries(db, study);
  const models = listExposedModels(db, study.siteId);
  const told = listToldOfPatient(models.map(({ manifest }) => manifest));
  for (const model of models) {
    if (model.manifest.otherSeries.length + model.manifest.feeds.length > 0) continue;
    const former = prepared<FormerRun>(db, FIND_FORMER).get({ studyId, digest: model.digest, revision });
    const choice = former === undefined ? null : chooseSeries(model.manifest, study, series);
    if (former === undefined || choice === null || choice.chosen === null) continue;
    const owed = owedRun(db, study, revision, model, { ...choice, chosen: choice.chosen }, series, atMs);
    const { runId: earlyId } = former;
    const { seriesId, digest } = owed;
    if (former.revision === revision && former.seriesId === seriesId) {
      claim(db, study, owed, former, model);
      continue;
    }
    if (prepared(db, HAS_OWN).get({ studyId, revision, digest, seriesId, earlyId }) !== undefined) continue;
    // It was given the age and sex of somebody else.
    const isOfAnother = told.has(model.manifest.id) && former.state !== 'queued' && former.told !== toldOf(db, studyId);
    if (!isOfAnother && readsTheSame(db, former, owed, choice.chosen, model.manifest))
      goOn(db, study, owed, former, model);
  }
}

function goOn(db: WritableDb, study: StudyCard, owed: OwedRun, former: FormerRun, model: ExposedModel): void {
  if (former.state === 'queued' || former.state === 'running') return takeOver(db, study, owed, former, model);
  if (former.state !== 'finished' || former.receipt === null) return;
  const was = Receipt.parse(JSON.parse(former.receipt));
  // A threshold signed meanwhile may make another finding of the same score.
  if (!isDeepStrictEqual(was.operatingPoint, asStored(limitsOf(db, owed, model.manifest)))) return;
  const uses = JSON.stringify(usesFor(db, owed.siteId, model));
  if (prepared(db, HAS_OTHER_USES).get(former.runId, uses) !== undefined) return;
  // Only now it is what the study came to.
  if (former.isEarly === 1) countValues(db, former.runId, was);
  carry(db, study, owed, former, was);
}

/** Nothing came since it was begun: whatever became of it is what the study has. */
function claim(db: WritableDb, study: StudyCard, owed: OwedRun, early: FormerRun, model: ExposedModel): void {
  if (early.state === 'queued' || early.state === 'running') return takeOver(db, study, owed, early, model);
  if (early.state === 'finished' && early.receipt !== null) countValues(db, early.runId, JSON.parse(early.receipt));
  prepared(db, CLAIM).run(early.runId);
  if (early.state === 'finished') supersedeEarlier(db, early);
}

function takeOver(db: WritableDb, study: StudyCard, owed: OwedRun, early: FormerRun, model: ExposedModel): void {
  const { revision, digest, siteId, atMs } = owed;
  const { runId: earlyId } = early;
  prepared(db, TAKE_OVER).run({ earlyId, revision, choice: owed.choice, others: owed.others, refused: owed.refused });
  const dueAtMs = atMs + model.manifest.toleranceMs;
  scheduleJob(db, { kind: TOLERANCE_JOB, subjectId: earlyId, siteId, dueAtMs });
  const payload = { runId: earlyId, modelDigest: digest, revision };
  appendEvent(db, { kind: 'run-queued', payload, ...ofStudy(study, atMs) });
}

function carry(db: WritableDb, study: StudyCard, owed: OwedRun, early: FormerRun, was: Receipt): void {
  const { runId, revision, digest, atMs } = owed;
  const { runId: earlyId } = early;
  // Whence it is says that it was early; this one is of the complete study.
  const { isEarly: _isEarly, ...said } = was;
  const receipt = sealReceipt(
    canonicalPayload({
      ...said,
      runId,
      study: { ...was.study, revision },
      model: { ...was.model, stage: owed.stage },
      series: {
        ...was.series,
        because: JSON.parse(owed.choice) as string[],
        others: JSON.parse(owed.others) as SeriesReason[],
        refused: JSON.parse(owed.refused) as RefusedSeriesReason[],
      },
      carriedFrom: { runId: earlyId, revision: early.revision, receiptDigest: sealReceipt(early.receipt ?? '').digest },
      ...{ queuedAtMs: atMs, startedAtMs: null, endedAtMs: atMs, queueWaitMs: null, attempts: [], askedIn: [] },
    }),
  );
  prepared(db, INSERT_CARRIED).run({ ...owed, earlyId, receipt: receipt.text });
  prepared(db, MOVE_FINDINGS).run({ runId, earlyId, revision });
  for (const sql of COPY_OUTPUTS) prepared(db, sql).run({ runId, earlyId });
  supersedeEarlier(db, { runId, studyId: owed.studyId, revision, modelDigest: digest, stage: owed.stage });
  const payload = {
    ...{ runId, modelDigest: digest, revision, carriedFrom: earlyId },
    findingIds: was.findings.map(({ findingId }) => findingId),
    provider: String(was['provider']),
    receiptDigest: receipt.digest,
  };
  appendEvent(db, { kind: 'run-finished', payload, ...ofStudy(study, atMs) });
}

/** The same series with the same bytes, shown to the same people. What was read of a run that ended its receipt says, whatever was hidden since. */
function readsTheSame(
  db: ReadableDb,
  former: FormerRun,
  owed: OwedRun,
  chosen: CandidateSeries,
  { appliesTo }: ModelManifest,
): boolean {
  const { seriesId, stage, audience, state } = former;
  if (seriesId !== owed.seriesId || stage !== owed.stage || audience !== owed.audience) return false;
  const digestsOf = (images: readonly StoredInstance[]) =>
    imagesFor(appliesTo, images)
      .map(({ digest }) => digest)
      .toSorted();
  // The study is complete: what stands in it now is what its run would read.
  const wanted = digestsOf(chosen.images);
  if (former.receipt !== null) {
    const { inputs } = Receipt.parse(JSON.parse(former.receipt));
    return isDeepStrictEqual(inputs.map(({ digest }) => digest).toSorted(), wanted);
  }
  // It was given its images when it began, and may compute on one that is hidden by now.
  if (state === 'running' && listHidden(db, owed.studyId).length > 0) return false;
  const then = listInstancesAt(db, owed.studyId, former.revision).filter((one) => one.seriesId === seriesId);
  return isDeepStrictEqual(digestsOf(then), wanted);
}

/** As a receipt gives it back. */
function asStored(limits: Receipt['operatingPoint']): unknown {
  return (JSON.parse(canonicalPayload({ limits })) as { readonly limits: unknown }).limits;
}
