import { isDeepStrictEqual } from 'node:util';
import { Receipt, type RefusedSeriesReason, type SeriesReason } from '../../../shared/domain/receipt.ts';
import { getStudyCard, listInstancesAt, type StudyCard } from '../archive/index.ts';
import { scheduleJob } from '../platform/jobs/jobs.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { canonicalPayload } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { chooseSeries } from './choose-series.ts';
import { type ExposedModel, listExposedModels } from './models.ts';
import { candidateSeries, ofStudy, type OwedRun, owedRun, TOLERANCE_JOB } from './queue-runs.ts';
import { supersedeEarlier } from './supersede-runs.ts';
import { limitsOf, sealReceipt } from './run-receipt.ts';
import { patientOf } from './run-request.ts';
import { type Run, RUN_COLUMNS } from './run-rows.ts';

/** Walks runs_by_study, as the next one does. */
export const HAS_EARLY = 'SELECT 1 FROM runs WHERE study_id = ? AND is_early = 1 LIMIT 1';
export const FIND_EARLY = `
  SELECT ${RUN_COLUMNS}, audience, receipt FROM runs
   WHERE study_id = @studyId AND model_digest = @digest AND is_early = 1 AND study_revision <= @revision
   ORDER BY study_revision DESC LIMIT 1
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
                    series_choice, other_series, refused_series, audience, lane, cost, turn_at_ms, receipt, carried_from)
  SELECT @runId, @siteId, @studyId, @revision, @digest, @seriesId, @stage, 'finished', provider, @atMs, @atMs,
         @choice, @others, @refused, @audience, @lane, @cost, @atMs, @receipt, run_id
    FROM runs WHERE run_id = @earlyId
`;
/** What people decided of them meanwhile goes along. */
const MOVE_FINDINGS = `
  UPDATE findings SET run_id = @runId, study_revision = @revision WHERE run_id = @earlyId AND state <> 'superseded'
`;
const COPY_OUTPUTS = [
  'INSERT INTO run_outputs (run_id, site_id, outputs, size_bytes, kept_at_ms) SELECT @runId, site_id, outputs, size_bytes, kept_at_ms FROM run_outputs WHERE run_id = @earlyId',
  'INSERT INTO run_tensors (run_id, tensor, digest, size_bytes) SELECT @runId, tensor, digest, size_bytes FROM run_tensors WHERE run_id = @earlyId',
  'INSERT INTO run_scores (run_id, study_id, label, score) SELECT @runId, study_id, label, score FROM run_scores WHERE run_id = @earlyId',
];

type EarlyRun = Run & { readonly audience: string | null; readonly receipt: string | null };

/**
 * Where an early run of a study that is complete now read the very images that its run would read, on the same terms, nothing is
 * computed again: one that has not ended becomes that run, and the result of one that has is carried over, to a run of its own
 * whose receipt says whence. What is left is owed as always.
 */
export function carryEarlyRuns(db: WritableDb, studyId: string, atMs: number): void {
  if (prepared(db, HAS_EARLY).get(studyId) === undefined) return;
  const study = getStudyCard(db, studyId);
  const { completeRevision: revision } = study;
  if (study.intent !== 'new' || revision === null || study.completeness === 'receiving') return;
  const series = candidateSeries(db, study);
  for (const model of listExposedModels(db, study.siteId)) {
    const early = prepared<EarlyRun>(db, FIND_EARLY).get({ studyId, digest: model.digest, revision });
    const choice = early === undefined ? null : chooseSeries(model.manifest, study, series);
    if (early === undefined || choice === null || choice.chosen === null) continue;
    const owed = owedRun(db, study, revision, model, { ...choice, chosen: choice.chosen }, series, atMs);
    const { runId: earlyId } = early;
    const { seriesId, digest } = owed;
    if (early.revision === revision && early.seriesId === seriesId) {
      claim(db, study, owed, early, model);
      continue;
    }
    if (prepared(db, HAS_OWN).get({ studyId, revision, digest, seriesId, earlyId }) !== undefined) continue;
    if (readsTheSame(db, early, owed)) goOn(db, study, owed, early, model);
  }
}

function goOn(db: WritableDb, study: StudyCard, owed: OwedRun, early: EarlyRun, model: ExposedModel): void {
  if (early.state === 'queued' || early.state === 'running') return takeOver(db, study, owed, early, model);
  if (early.state !== 'finished' || early.receipt === null) return;
  const was = Receipt.parse(JSON.parse(early.receipt));
  // It was given the age and sex of somebody else.
  if ((was.beside?.patient === undefined) !== (patientOf(db, owed.studyId).patient === undefined)) return;
  // A threshold signed meanwhile may make another finding of the same score.
  if (!isDeepStrictEqual(was.operatingPoint, asStored(limitsOf(db, owed, model.manifest)))) return;
  carry(db, study, owed, early, was);
}

/** Nothing came since it was begun: whatever became of it is what the study has. */
function claim(db: WritableDb, study: StudyCard, owed: OwedRun, early: EarlyRun, model: ExposedModel): void {
  if (early.state === 'queued' || early.state === 'running') return takeOver(db, study, owed, early, model);
  prepared(db, CLAIM).run(early.runId);
  if (early.state === 'finished') supersedeEarlier(db, early);
}

function takeOver(db: WritableDb, study: StudyCard, owed: OwedRun, early: EarlyRun, model: ExposedModel): void {
  const { revision, digest, siteId, atMs } = owed;
  const { runId: earlyId } = early;
  prepared(db, TAKE_OVER).run({ earlyId, revision, choice: owed.choice, others: owed.others, refused: owed.refused });
  const dueAtMs = atMs + model.manifest.toleranceMs;
  scheduleJob(db, { kind: TOLERANCE_JOB, subjectId: earlyId, siteId, dueAtMs });
  const payload = { runId: earlyId, modelDigest: digest, revision };
  appendEvent(db, { kind: 'run-queued', payload, ...ofStudy(study, atMs) });
}

function carry(db: WritableDb, study: StudyCard, owed: OwedRun, early: EarlyRun, was: Receipt): void {
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

/** The same series with the same bytes, shown to the same people. */
function readsTheSame(db: ReadableDb, early: EarlyRun, owed: OwedRun): boolean {
  if (early.seriesId !== owed.seriesId || early.stage !== owed.stage || early.audience !== owed.audience) return false;
  const digestsAt = (revision: number) =>
    listInstancesAt(db, owed.studyId, revision)
      .filter(({ seriesId }) => seriesId === owed.seriesId)
      .map(({ digest }) => digest);
  return isDeepStrictEqual(digestsAt(early.revision), digestsAt(owed.revision));
}

/** As a receipt gives it back. */
function asStored(limits: Receipt['operatingPoint']): unknown {
  return (JSON.parse(canonicalPayload({ limits })) as { readonly limits: unknown }).limits;
}
