import type { NotRunReason } from '../../../shared/domain/ai-status.ts';
import { FindingId } from '../../../shared/domain/ids.ts';
import type { ModelManifest, ModelUse } from '../../../shared/domain/model-manifest.ts';
import type { ReceiptBeside } from '../../../shared/domain/receipt.ts';
import { getStudyCard } from '../archive/index.ts';
import { freshId } from '../platform/ids.ts';
import { cancelJob, type JobHandler, scheduleJob } from '../platform/jobs/jobs.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { SEALED } from '../platform/objects/object-store.ts';
import { recordObject } from '../platform/objects/records.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { retryAfterMs } from './failure-policy.ts';
import { usesFor } from './exposure-rows.ts';
import { keepForOthers } from './feeding-runs.ts';
import { gatherEvidence } from './finding-evidence.ts';
import { basisOf, judgeLabels, type LabelVerdict } from './judge-labels.ts';
import { measureRun } from './measure-exams.ts';
import { noteModelFailure, noteModelSuccess } from './model-breaker.ts';
import { thresholdsFor } from './operating-point-rows.ts';
import { narrowRun } from './narrow-run.ts';
import type { FindingRecord } from './findings.ts';
import { ofStudy, TOLERANCE_JOB } from './queue-runs.ts';
import { type MachineFacts, machineFacts } from './machine-facts.ts';
import { beginAttempt, endAttempt, keepFailureReceipt } from './run-attempts.ts';
import { givenOutputs, KEEP_NUMBERS, keepOutputs, type RawOutputSetting, type RawTensor } from './run-outputs.ts';
import { countTurn } from './run-order.ts';
import { type FailureFacts, writeReceipt } from './run-receipt.ts';
import { keepScore } from './run-scores.ts';
import { getRun, type Run, RUN_COLUMNS } from './run-rows.ts';
import type { InstanceReference, RunFinished } from './runner-protocol.ts';

/** What receipts say of the machine, and what is kept of raw outputs. */
export type ReceiptSetting = {
  readonly machine: MachineFacts;
  readonly rawOutputs: RawOutputSetting;
  /** Files of this run's raw tensors, in the object store already. */
  readonly rawTensors?: readonly RawTensor[];
  /** What the run was given beside its series. */
  readonly beside?: ReceiptBeside;
};
const DEFAULT_RECEIPTS: ReceiptSetting = { machine: machineFacts(), rawOutputs: KEEP_NUMBERS };

/** The job that ends the pause before a further attempt. */
export const RETRY_JOB = 'inference-retry';

const START_RUN =
  "UPDATE runs SET state = 'running', started_at_ms = ?, attempts = attempts + 1, reason = NULL WHERE run_id = ? AND state = 'queued'";
const FINISH_RUN = `
  UPDATE runs SET state = 'finished', finished_at_ms = @atMs, provider = @provider, receipt = @receipt, reason = NULL
   WHERE run_id = @runId AND state = 'running'
`;
const FAIL_RUN =
  "UPDATE runs SET state = 'failed', finished_at_ms = ?, reason = ?, is_resting = 0 WHERE run_id = ? AND state IN ('queued', 'running')";
/** Behind those of its kind who were not tried yet; while it rests, `reason` says why it is not run. */
const QUEUE_AGAIN = `
  UPDATE runs SET state = 'queued', started_at_ms = NULL, turn_at_ms = @atMs, is_resting = @isResting, reason = @reason
   WHERE run_id = @runId AND state = 'running'
`;
const END_REST =
  "UPDATE runs SET is_resting = 0, turn_at_ms = ? WHERE run_id = ? AND state = 'queued' AND is_resting = 1";
/** In its place, and the attempt not counted: it gave way, and nothing was wrong with it. */
const PREEMPT = `
  UPDATE runs SET state = 'queued', started_at_ms = NULL, attempts = max(attempts - 1, 0), preemptions = preemptions + 1
   WHERE run_id = ? AND state = 'running'
`;
/** The attempt is not counted: nothing was wrong with it. */
const PUT_BACK = `
  UPDATE runs SET state = 'queued', started_at_ms = NULL, attempts = max(attempts - 1, 0) WHERE run_id = ? AND state = 'running'
`;
const SUPERSEDE_RUN = "UPDATE runs SET state = 'superseded' WHERE run_id = ? AND state = 'queued'";
/** A run of the same package on a later revision of the study, shown to the same people. Walks runs_by_study. */
export const FIND_NEWER_RUN = `
  SELECT 1 FROM runs o JOIN runs n ON n.study_id = o.study_id AND n.study_revision > o.study_revision
   WHERE o.run_id = ? AND n.model_digest = o.model_digest AND n.stage = o.stage AND n.audience IS o.audience AND n.state <> 'superseded'
   LIMIT 1
`;
const LIST_LEFT_RUNNING = `SELECT ${RUN_COLUMNS} FROM runs WHERE state = 'running'`;
const LIST_STOPPED = `
  SELECT m.digest, CASE WHEN m.state IN ('broken', 'gone') THEN 'model-unavailable' ELSE 'model-paused' END AS reason
    FROM models m LEFT JOIN model_breakers b ON b.digest = m.digest WHERE m.state IN ('broken', 'gone') OR b.state = 'open'
`;
/** Walks runs_in_turn; so many at a time that no turn of the worker grows with what waits. */
export const LIST_QUEUED_OF = `
  SELECT run_id AS runId FROM runs WHERE model_digest = ? AND state = 'queued' AND is_resting = 0 LIMIT 50
`;
const MARK_LATE = "UPDATE runs SET is_late = 1 WHERE run_id = ? AND state IN ('queued', 'running')";
/**
 * Runs of earlier revisions whose place a run takes: of its own package, and of others of its model that show nothing of their
 * own any more. One that is not shown to everyone takes none that is: nobody may see by what goes away that it ran.
 */
const REPLACED_RUNS = `
  SELECT o.run_id FROM runs o JOIN models m ON m.digest = o.model_digest
   WHERE o.study_id = @studyId AND o.study_revision < @revision AND o.run_id <> @runId
     AND CASE WHEN @stage = 'silent' THEN o.model_digest = @modelDigest AND o.stage = 'silent'
              WHEN (SELECT r.audience FROM runs r WHERE r.run_id = @runId) IS NOT NULL
              THEN o.model_digest = @modelDigest AND (o.stage = 'silent' OR o.audience IS NOT NULL)
              ELSE o.model_digest = @modelDigest
                OR m.model_id = (SELECT model_id FROM models WHERE digest = @modelDigest) AND NOT EXISTS (
                   SELECT 1 FROM model_exposures x
                    WHERE x.site_id = o.site_id AND x.digest = o.model_digest AND x.stage IN ('pilot', 'general')) END
`;
const SUPERSEDE_RUNS = `UPDATE runs SET state = 'superseded' WHERE run_id IN (${REPLACED_RUNS})`;
const SUPERSEDE_FINDINGS = `
  UPDATE findings SET state = 'superseded' WHERE state = 'unverified' AND run_id IN (${REPLACED_RUNS})
`;
const INSERT_FINDING = `
  INSERT INTO findings (finding_id, site_id, study_id, study_revision, run_id, series_id, state, label_code, label_scheme, label_display,
                        acr_category, standing, score, threshold, judged_by, uses, measurements, key_image, parts, marks, heatmaps)
  VALUES (@findingId, @siteId, @studyId, @revision, @runId, @seriesId, 'unverified', @code, @scheme, @display,
          @category, @standing, @score, @threshold, @judgedBy, @uses, @measurements, @keyImage, @parts, @marks, @heatmaps)
`;

/** Marks a run as begun; false when it is no longer queued. */
export function startRun(db: WritableDb, run: Run & { readonly isLetThrough?: boolean }, atMs: number): boolean {
  return inTransaction(db, () => {
    // A step of its model may have been taken that has not come to what waits yet (settle-exposure.ts).
    if (run.state === 'queued' && narrowRun(db, run.runId) === 'unavailable') {
      failRun(db, run.runId, 'model-unavailable', atMs);
      return false;
    }
    if (prepared(db, START_RUN).run(atMs, run.runId).changes === 0) return false;
    countTurn(db, run.isLetThrough ?? false);
    beginAttempt(db, run.runId, atMs);
    appendEvent(db, {
      kind: 'run-started',
      payload: { runId: run.runId },
      ...ofStudy(getStudyCard(db, run.studyId), atMs),
    });
    return true;
  });
}

/** Ends what earlier revisions of a study said by the models whose place this run takes; all of it stays on record. */
export function supersedeEarlier(
  db: WritableDb,
  {
    runId,
    studyId,
    revision,
    modelDigest,
    stage,
  }: Pick<Run, 'runId' | 'studyId' | 'revision' | 'modelDigest' | 'stage'>,
): void {
  for (const sql of [SUPERSEDE_FINDINGS, SUPERSEDE_RUNS])
    prepared(db, sql).run({ runId, studyId, revision, modelDigest, stage });
}

/** What a finished run leaves: its receipt, its findings above threshold, and the end of what earlier revisions said. */
export function finishRun(
  db: WritableDb,
  runId: string,
  model: ModelManifest,
  inputs: readonly InstanceReference[],
  result: RunFinished,
  atMs: number,
  how: ReceiptSetting = DEFAULT_RECEIPTS,
): void {
  inTransaction(db, () => {
    const run = getRun(db, runId);
    if (run.state !== 'running') return;
    endAttempt(db, runId, 'finished', atMs);
    noteModelSuccess(db, run.modelDigest, atMs);
    cancelJob(db, TOLERANCE_JOB, runId);
    const { studyId, revision, modelDigest, stage } = run;
    supersedeEarlier(db, { runId, studyId, revision, modelDigest, stage });
    // Every mask and heatmap the receipt names was kept, also those below the threshold.
    for (const { digest, sizeBytes } of [...result.masks, ...result.heatmaps, ...(result.features ?? [])])
      recordObject(db, { digest, encoding: SEALED, sizeBytes, bodyOffset: 0 }, atMs);
    const { flagFrom } = thresholdsFor(db, run.siteId, { digest: modelDigest, manifest: model });
    const verdicts = judgeLabels(model.labels, result, flagFrom);
    for (const { label, score } of verdicts) if (score !== null) keepScore(db, run, label, score);
    const findings = insertFindings(db, run, model, result, verdicts);
    const given = givenOutputs(result);
    keepForOthers(db, run, model, result);
    keepOutputs(db, run, given, how.rawTensors ?? [], how.rawOutputs.keep, atMs);
    const receipt = writeReceipt(
      db,
      runId,
      inputs,
      how.machine,
      { outcome: 'finished', result, given, policy: how.rawOutputs.keep, findings, verdicts, beside: how.beside },
      atMs,
    );
    prepared(db, FINISH_RUN).run({ runId, atMs, provider: result.provider, receipt: receipt.text });
    measureRun(db, runId, result);
    const payload = {
      runId,
      modelDigest: run.modelDigest,
      revision: run.revision,
      findingIds: findings.map(({ findingId }) => findingId),
      provider: result.provider,
      receiptDigest: receipt.digest,
    };
    appendEvent(db, { kind: 'run-finished', payload, ...ofStudy(getStudyCard(db, run.studyId), atMs) });
  });
}

/**
 * Ends an attempt without a result: queued again where that can help (failure-policy.ts), else failed with its reason for
 * everyone to see. Too many in a row that speak against the model pause it.
 */
export function failRun(
  db: WritableDb,
  runId: string,
  reason: NotRunReason,
  atMs: number,
  so: Partial<Pick<ReceiptSetting, 'machine'>> & FailureFacts = {},
): void {
  inTransaction(db, () => {
    const run = getRun(db, runId);
    if (run.state !== 'running' && run.state !== 'queued') return;
    const pauseMs = run.state === 'running' ? retryAfterMs(reason, run.attempts) : null;
    const final = pauseMs === null;
    if (final) {
      prepared(db, FAIL_RUN).run(atMs, reason, runId);
      cancelJob(db, TOLERANCE_JOB, runId);
      cancelJob(db, RETRY_JOB, runId);
    } else {
      prepared(db, QUEUE_AGAIN).run({ runId, atMs, reason, isResting: pauseMs > 0 ? 1 : 0 });
      if (pauseMs > 0)
        scheduleJob(db, { kind: RETRY_JOB, subjectId: runId, siteId: run.siteId, dueAtMs: atMs + pauseMs });
    }
    noteModelFailure(db, run, reason, atMs);
    endAttempt(db, runId, reason, atMs);
    const receiptDigest = final ? keepFailure(db, runId, reason, so, atMs) : undefined;
    appendEvent(db, {
      kind: 'run-failed',
      payload: { runId, reason, attempt: run.attempts, final, ...(receiptDigest && { receiptDigest }) },
      ...ofStudy(getStudyCard(db, run.studyId), atMs),
    });
  });
}

function keepFailure(
  db: WritableDb,
  runId: string,
  reason: NotRunReason,
  { machine = DEFAULT_RECEIPTS.machine, ...facts }: Parameters<typeof failRun>[4] & object,
  atMs: number,
): string {
  const receipt = writeReceipt(db, runId, null, machine, { ...facts, outcome: 'failed', reason }, atMs);
  keepFailureReceipt(db, runId, receipt.text);
  return receipt.digest;
}

/**
 * Puts back every run that still stands as running where none is, without counting the attempt: it ended for want of room, or
 * because the station was stopped, and neither says anything of the run.
 */
export function putBackRuns(db: WritableDb, reason: 'outbox-full' | 'runner-unavailable', atMs: number): void {
  const left = prepared<Run>(db, LIST_LEFT_RUNNING).all();
  // Asked after every commit: a transaction for nothing would wake everybody who listens for the next one.
  if (left.length === 0) return;
  inTransaction(db, () => {
    for (const { runId, studyId, attempts } of left) {
      prepared(db, PUT_BACK).run(runId);
      endAttempt(db, runId, reason, atMs);
      appendEvent(db, {
        kind: 'run-failed',
        payload: { runId, reason, attempt: attempts, final: false },
        ...ofStudy(getStudyCard(db, studyId), atMs),
      });
    }
  });
}

/** Puts back a run that gave way to a more urgent one: in its place, the attempt not counted. */
export function preemptRun(db: WritableDb, runId: string, atMs: number): void {
  inTransaction(db, () => {
    if (prepared(db, PREEMPT).run(runId).changes === 0) return;
    endAttempt(db, runId, 'preempted', atMs);
    const { studyId } = getRun(db, runId);
    appendEvent(db, { kind: 'run-preempted', payload: { runId }, ...ofStudy(getStudyCard(db, studyId), atMs) });
  });
}

/** The retry job: the pause is over, and the run waits for its turn behind those that were not tried yet. */
export const endRest: JobHandler = (db, { subjectId }, atMs) => {
  prepared(db, END_REST).run(atMs, subjectId);
};

/** Ends a queued run whose study is complete at a newer revision, which is owed a run of its own; true when it did. */
export function supersedeOutdated(db: WritableDb, run: Run): boolean {
  return inTransaction(db, () => {
    if (!isOutdated(db, run)) return false;
    cancelJob(db, TOLERANCE_JOB, run.runId);
    return prepared(db, SUPERSEDE_RUN).run(run.runId).changes > 0;
  });
}

/** Whether another run takes the place of one that waits: the study is complete at a newer revision, or its model was owed a newer one. */
export function isOutdated(db: ReadableDb, { runId, studyId, revision }: Run): boolean {
  const { completeRevision, completeness } = getStudyCard(db, studyId);
  if (completeness !== 'receiving' && completeRevision !== null && completeRevision > revision) return true;
  return prepared(db, FIND_NEWER_RUN).get(runId) !== undefined;
}

/**
 * At a start: a run that a killed station left running is owed again, its attempt counted as any crash is, for the run may be
 * what took the station down; the last one ends it. Runs of a model that is gone say so.
 */
export function recoverRuns(db: WritableDb, atMs: number): void {
  const left = prepared<Run>(db, LIST_LEFT_RUNNING).all();
  inTransaction(db, () => {
    for (const { runId } of left) failRun(db, runId, 'runner-crashed', atMs);
  });
  failRunsWithoutModel(db, atMs);
}

/**
 * Ends queued runs whose model no longer holds its golden cases, whose package is gone, or whose model is paused; some at a
 * time. True when there may be more.
 */
export function failRunsWithoutModel(db: WritableDb, atMs: number): boolean {
  const stopped = prepared<{ digest: string; reason: 'model-unavailable' | 'model-paused' }>(db, LIST_STOPPED).all();
  const ended = stopped.flatMap(({ digest, reason }) => {
    const runs = prepared<{ runId: string }>(db, LIST_QUEUED_OF).all(digest);
    if (runs.length > 0)
      inTransaction(db, () => {
        for (const { runId } of runs) failRun(db, runId, reason, atMs);
      });
    return runs;
  });
  return ended.length > 0;
}

/** The tolerance job: the row stands unflagged from now on, and the run goes on. */
export const markRunLate: JobHandler = (db, job, atMs) => {
  const run = getRun(db, job.subjectId);
  if (prepared(db, MARK_LATE).run(run.runId).changes === 0) return;
  appendEvent(db, {
    kind: 'run-late',
    payload: { runId: run.runId },
    ...ofStudy(getStudyCard(db, run.studyId), atMs),
  });
};

/**
 * One finding for every label that is flagged, and for every uncertain one that may be marked; a flag of a model that may only
 * judge quality is a remark on the images. What else is uncertain stays in the receipt.
 */
function insertFindings(
  db: WritableDb,
  run: Run,
  model: ModelManifest,
  result: RunFinished,
  verdicts: readonly LabelVerdict[],
): { findingId: string; code: string; score: number; threshold: number }[] {
  const uses = usesFor(db, run.siteId, { digest: run.modelDigest, manifest: model });
  const { geometry } = result;
  const apart = new Map(geometry.apart?.map(({ sopUid, frameOfReferenceUid }) => [sopUid, frameOfReferenceUid]));
  const frameOfReferenceOf = (sopUid: string) => {
    const own = apart.get(sopUid);
    return own === undefined ? geometry.frameOfReferenceUid : own;
  };
  const rules = { outputs: model.outputs, uses, frameOfReferenceOf };
  return model.labels.flatMap((label) => {
    const verdict = verdicts.find((one) => one.label === label.id);
    if (verdict === undefined || verdict.state === 'not-flagged') return [];
    const standing = standingOf(verdict.state, uses);
    if (standing === null) return [];
    const { score } = verdict;
    const threshold = verdict.state === 'flagged' ? verdict.threshold : verdict.uncertainFrom;
    const { measurements, keyImage, parts, marks, heatmaps } = gatherEvidence(rules, label.id, result);
    const judgedBy = { ...basisOf(label, model.outputs, result), flagFrom: verdict.threshold };
    const findingId = freshId(FindingId);
    prepared(db, INSERT_FINDING).run({
      ...{
        findingId,
        siteId: run.siteId,
        studyId: run.studyId,
        revision: run.revision,
        runId: run.runId,
        seriesId: run.seriesId,
      },
      ...{ code: label.concept.value, scheme: label.concept.scheme, display: label.name },
      ...{ category: label.acrCategory, standing, score, threshold, uses: JSON.stringify(uses) },
      judgedBy: JSON.stringify(judgedBy),
      measurements: JSON.stringify(measurements),
      keyImage: keyImage === null ? null : JSON.stringify(keyImage),
      parts: JSON.stringify(parts),
      marks: JSON.stringify(marks),
      heatmaps: JSON.stringify(heatmaps),
    });
    // The receipt's findings are what was flagged: an uncertain one stands there as a verdict.
    return standing === 'flagged' ? [{ findingId, code: label.concept.value, score, threshold }] : [];
  });
}

/** As what a verdict is put on record beside the receipt, by what the model may be used for; null for not at all. */
function standingOf(state: 'flagged' | 'uncertain', uses: readonly ModelUse[]): FindingRecord['standing'] | null {
  const isOfImages = uses.includes('quality') && !uses.includes('flag');
  if (state === 'flagged') return isOfImages ? 'remark' : 'flagged';
  return uses.includes('mark') && !isOfImages ? 'uncertain' : null;
}
