import { createHash } from 'node:crypto';
import type { AnalysisPriority } from '../../../shared/domain/analysis.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { countLetGo, findStudyCard, getStudyCard, type StudyCard } from '../archive/index.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { type Actor, canonicalPayload } from '../platform/ledger/event.ts';
import { scheduleJob } from '../platform/jobs/jobs.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import {
  type AnalysisResult,
  type AnalysisRow,
  findAnalysis,
  findAnalysisByKey,
  listAnalysisRows,
  listAnalysisRuns,
} from './analyses.ts';
import { chooseSeries } from './choose-series.ts';
import { findExposure, shownAs } from './exposure-rows.ts';
import { isFed, waitForFeeds } from './feeding-runs.ts';
import { listExposedModels } from './models.ts';
import { candidateSeries, ofStudy, oweRun, TOLERANCE_JOB } from './queue-runs.ts';
import { RUN_PRIORITIES, type RunPriority, setRunPriority } from './run-order.ts';
import { getRun } from './run-rows.ts';
import { isSilentRun } from './shown-runs.ts';

/** So many analyses one caller may ask for in a minute; more are told to come back. */
export const MOST_A_MINUTE = 60;
const MINUTE_MS = 60_000;

const INSERT = `
  INSERT INTO analyses (analysis_id, site_id, study_id, asked_kind, asked_by, asked_at_ms, key_digest, body_digest, model_id, priority)
  VALUES (@analysisId, @siteId, @studyId, @askedKind, @askedBy, @atMs, @keyDigest, @bodyDigest, @modelId, @priority)
`;
/** Walks analyses_by_asker. */
export const LIST_LATELY = `
  SELECT asked_at_ms AS askedAtMs FROM analyses WHERE asked_by = ? AND asked_at_ms > ? ORDER BY asked_at_ms DESC LIMIT ${MOST_A_MINUTE}
`;
const FIND_PRIORITY = "SELECT priority FROM run_priorities WHERE study_id = ? AND source = 'asked'";
const BEGIN = 'UPDATE analyses SET study_revision = ?, applicability = ? WHERE analysis_id = ?';
const LINK = 'INSERT INTO analysis_runs (analysis_id, run_id) VALUES (?, ?) ON CONFLICT DO NOTHING';
const UNLINK = 'DELETE FROM analysis_runs WHERE analysis_id = ?';
const FIND_RUN = `
  SELECT run_id AS runId, state, stage, audience FROM runs
   WHERE study_id = ? AND study_revision = ? AND model_digest = ? AND series_id = ? ORDER BY round DESC LIMIT 1
`;
/** A failed run that is asked for is tried again; its attempts so far stay on record, each with what it came to. */
const TRY_AGAIN = `
  UPDATE runs SET state = 'queued', reason = NULL, started_at_ms = NULL, finished_at_ms = NULL, attempts = 0, is_resting = 0, is_late = 0,
         turn_at_ms = ? WHERE run_id = ? AND state = 'failed'
`;

/** What is asked for. `key` is the caller's own and only kept as a digest: who asks with it again gets what they got. */
export type AnalysisRequest = {
  readonly siteId: string;
  readonly studyId: string;
  readonly modelId: string | null;
  readonly priority: AnalysisPriority;
  readonly key: string;
  readonly actor: Actor;
  readonly atMs: number;
};

export type AnalysisRefusal =
  | { readonly code: 'study-not-found' | 'model-not-found' | 'idempotency-key-reused' | 'images-not-here' }
  | { readonly code: 'too-many-analyses'; readonly retryAfterMs: number };

/**
 * Owes a study, of whatever intent, the runs of the models that are shown, or of one of them, because somebody asks: with
 * rows and event before it returns. The same key with the same question gives the same analysis, whatever became of it; with
 * another question it is refused, and so is a model that is not shown to whoever asks. Images that are still coming are waited for.
 */
export function askAnalysis(
  db: WritableDb,
  request: AnalysisRequest,
): Result<{ readonly analysis: AnalysisResult; readonly isNew: boolean }, AnalysisRefusal> {
  return inTransaction<Result<{ analysis: AnalysisResult; isNew: boolean }, AnalysisRefusal>>(db, () => {
    const { siteId, studyId, modelId, priority, actor, atMs } = request;
    const keyDigest = digestOf(request.key);
    const bodyDigest = digestOf(canonicalPayload({ studyId, modelId, priority }));
    const known = findAnalysisByKey(db, siteId, actor.id, keyDigest);
    if (known !== null && known.bodyDigest !== bodyDigest) return err({ code: 'idempotency-key-reused' });
    if (known !== null) return ok({ analysis: getAnalysis(db, known.analysisId, actor.id), isNew: false });
    const study = findStudyCard(db, studyId);
    if (study === null || study.siteId !== siteId || !study.isShown) return err({ code: 'study-not-found' });
    if (modelId !== null && !isShownTo(db, siteId, modelId, actor.id)) return err({ code: 'model-not-found' });
    if (countLetGo(db, studyId) > 0) return err({ code: 'images-not-here' });
    const waitMs = waitOf(db, actor.id, atMs);
    if (waitMs !== null) return err({ code: 'too-many-analyses', retryAfterMs: waitMs });
    const analysisId = freshRowId();
    const asked = { analysisId, siteId, studyId, askedKind: actor.kind, askedBy: actor.id, atMs };
    prepared(db, INSERT).run({ ...asked, keyDigest, bodyDigest, modelId, priority });
    const event = { ...ofStudy(study, atMs), actor };
    appendEvent(db, { kind: 'analysis-asked', payload: { analysisId, modelId, priority }, ...event });
    begin(db, study, { analysisId, modelId, priority, askedBy: actor.id }, atMs);
    return ok({ analysis: getAnalysis(db, analysisId, actor.id), isNew: true });
  });
}

/**
 * A study is complete, or complete anew: what was asked of it and has not ended goes on at this revision. What has ended
 * stays as it is, of the images it read.
 */
export function goOnWithAnalyses(db: WritableDb, studyId: string, atMs: number): void {
  const waiting = listAnalysisRows(db, studyId);
  if (waiting.length === 0) return;
  const study = getStudyCard(db, studyId);
  for (const row of waiting)
    if (row.revision !== study.completeRevision && !hasEnded(db, row)) begin(db, study, row, atMs);
}

/** A run that was superseded before it gave anything is no end: its study is owed another. */
function hasEnded(db: WritableDb, { analysisId, applicability, askedBy }: AnalysisRow): boolean {
  if (applicability === null) return false;
  if (applicability !== 'eligible') return true;
  return listAnalysisRuns(db, analysisId, askedBy).every(
    ({ state, finishedAtMs }) => state === 'finished' || state === 'failed' || finishedAtMs !== null,
  );
}

function begin(
  db: WritableDb,
  study: StudyCard,
  { analysisId, modelId, priority, askedBy }: Pick<AnalysisRow, 'analysisId' | 'modelId' | 'priority' | 'askedBy'>,
  atMs: number,
): void {
  if (study.completeRevision === null || study.completeness === 'receiving') return;
  const revision = study.completeRevision;
  const series = candidateSeries(db, study);
  const shown = listExposedModels(db, study.siteId).filter((model) => {
    if (modelId !== null && model.manifest.id !== modelId) return false;
    const { stage, audience } = shownAs(db, model.stage, model, study);
    return stage !== 'silent' && (audience === null || audience.includes(askedBy));
  });
  const choices = shown.map((model) => ({ model, choice: chooseSeries(model.manifest, study, series) }));
  raisePriority(db, study.studyId, priority, atMs);
  prepared(db, UNLINK).run(analysisId);
  const runIds = choices.flatMap(({ model, choice }) => {
    if (choice.chosen === null) return [];
    const { seriesId } = choice.chosen;
    const owed = oweRun(db, study, revision, model, { ...choice, chosen: choice.chosen }, series, atMs);
    const run = prepared<KnownRun>(db, FIND_RUN).get(study.studyId, revision, model.digest, seriesId);
    if (run === undefined) throw new Error('a run that is owed is not on record');
    // Read while its model was silent, or shown to others: whoever asks is not told that it was.
    if (isSilentRun(db, run.runId, askedBy)) return [];
    if (owed === null && run.state === 'failed' && isShownAlike(run, shownAs(db, model.stage, model, study))) {
      prepared(db, TRY_AGAIN).run(atMs, run.runId);
      if (!isFed(db, getRun(db, run.runId), model.manifest)) waitForFeeds(db, run.runId);
      const dueAtMs = atMs + model.manifest.toleranceMs;
      scheduleJob(db, { kind: TOLERANCE_JOB, subjectId: run.runId, siteId: study.siteId, dueAtMs });
    }
    prepared(db, LINK).run(analysisId, run.runId);
    return [run.runId];
  });
  const isForExam = choices.some(({ choice }) => choice.chosen === null && choice.isForThisExam);
  const applicability = runIds.length > 0 ? 'eligible' : isForExam ? 'no-eligible-series' : 'no-model';
  prepared(db, BEGIN).run(revision, applicability, analysisId);
  appendEvent(db, {
    kind: 'analysis-begun',
    payload: { analysisId, revision },
    ...ofStudy(study, atMs),
  });
}

/** Whether any version of a model shows to somebody at a site, of whatever study; one that does not is to them as one that is not here. */
function isShownTo(db: ReadableDb, siteId: string, modelId: string, userId: string): boolean {
  return listExposedModels(db, siteId).some(({ digest, manifest, stage }) => {
    if (manifest.id !== modelId || stage === 'silent') return false;
    const groups = findExposure(db, siteId, digest).pilot?.groups ?? [];
    return groups.length === 0 || groups.some(({ userIds }) => userIds.includes(userId));
  });
}

type KnownRun = {
  readonly runId: string;
  readonly state: string;
  readonly stage: string;
  readonly audience: string | null;
};

/** Whether a run would show to the same people as its model does now: one owed under another stage is not brought back under it. */
function isShownAlike(run: KnownRun, now: ReturnType<typeof shownAs>): boolean {
  const audience = run.audience === null ? null : (JSON.parse(run.audience) as string[]);
  return run.stage === now.stage && JSON.stringify(audience) === JSON.stringify(now.audience);
}

/** Asking may bring a study forward, and never sets it back. */
function raisePriority(db: WritableDb, studyId: string, priority: AnalysisPriority, atMs: number): void {
  const current = prepared<{ priority: RunPriority }>(db, FIND_PRIORITY).get(studyId)?.priority ?? 'routine';
  if (RUN_PRIORITIES.indexOf(priority) > RUN_PRIORITIES.indexOf(current))
    setRunPriority(db, studyId, 'asked', priority, atMs);
}

/** How long a caller who asked too often waits, in ms; null where they may ask. */
function waitOf(db: WritableDb, askedBy: string, atMs: number): number | null {
  const lately = prepared<{ askedAtMs: number }>(db, LIST_LATELY).all(askedBy, atMs - MINUTE_MS);
  const oldest = lately.at(-1);
  if (lately.length < MOST_A_MINUTE || oldest === undefined) return null;
  return Math.max(1, oldest.askedAtMs + MINUTE_MS - atMs);
}

function getAnalysis(db: WritableDb, analysisId: string, viewer: string): AnalysisResult {
  const analysis = findAnalysis(db, analysisId, viewer);
  if (analysis === null) throw new Error(`analysis ${analysisId} is not on record`);
  return analysis;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
