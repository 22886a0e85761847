import type { NotRunReason } from '../../../shared/domain/ai-status.ts';
import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import type { ReceiptBeside } from '../../../shared/domain/receipt.ts';
import { getStudyCard } from '../archive/index.ts';
import { cancelJob, type JobHandler, scheduleJob } from '../platform/jobs/jobs.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { SEALED } from '../platform/objects/object-store.ts';
import { recordObject } from '../platform/objects/records.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { retryAfterMs } from './failure-policy.ts';
import { keepForOthers } from './feeding-runs.ts';
import { judgeLabels } from './judge-labels.ts';
import { measureRun } from './measure-exams.ts';
import { noteModelFailure, noteModelSuccess } from './model-breaker.ts';
import { thresholdsFor } from './operating-point-rows.ts';
import { narrowRun } from './narrow-run.ts';
import { ofStudy, TOLERANCE_JOB } from './queue-runs.ts';
import { insertFindings } from './record-findings.ts';
import { type MachineFacts, machineFacts } from './machine-facts.ts';
import { beginAttempt, endAttempt, keepFailureReceipt } from './run-attempts.ts';
import { givenOutputs, KEEP_NUMBERS, keepOutputs, type RawOutputSetting, type RawTensor } from './run-outputs.ts';
import { countTurn } from './run-order.ts';
import { type FailureFacts, writeReceipt } from './run-receipt.ts';
import { keepScore } from './run-scores.ts';
import { getRun, type Run, RUN_COLUMNS } from './run-rows.ts';
import { supersedeEarlier } from './supersede-runs.ts';
import { toldOf } from './told-patient.ts';
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
/** Where nobody says otherwise. */
export const DEFAULT_RECEIPTS: ReceiptSetting = { machine: machineFacts(), rawOutputs: KEEP_NUMBERS };

/** The job that ends the pause before a further attempt. */
export const RETRY_JOB = 'inference-retry';

const START_RUN = `
  UPDATE runs SET state = 'running', started_at_ms = @atMs, attempts = attempts + 1, reason = NULL, told_patient = @toldPatient
   WHERE run_id = @runId AND state = 'queued'
`;
const FINISH_RUN = `
  UPDATE runs SET state = 'finished', finished_at_ms = @atMs, provider = @provider, receipt = @receipt, reason = NULL
   WHERE run_id = @runId AND state = 'running'
`;
const FAIL_RUN =
  "UPDATE runs SET state = 'failed', finished_at_ms = ?, reason = ?, is_resting = 0, waits_for_feeds = 0 WHERE run_id = ? AND state IN ('queued', 'running')";
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
/** Marks a run as begun; false when it is no longer queued. */
export function startRun(db: WritableDb, run: Run & { readonly isLetThrough?: boolean }, atMs: number): boolean {
  return inTransaction(db, () => {
    // A step of its model may have been taken that has not come to what waits yet (settle-exposure.ts).
    if (run.state === 'queued' && narrowRun(db, run.runId) === 'unavailable') {
      failRun(db, run.runId, 'model-unavailable', atMs);
      return false;
    }
    const toldPatient = toldOf(db, run.studyId);
    if (prepared(db, START_RUN).run({ runId: run.runId, atMs, toldPatient }).changes === 0) return false;
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
