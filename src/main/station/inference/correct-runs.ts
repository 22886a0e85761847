import { findStatedByObjects, getStudyCard, type StudyCard } from '../archive/index.ts';
import { cancelJob } from '../platform/jobs/jobs.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { type CandidateSeries, chooseSeries, type SeriesChoice } from './choose-series.ts';
import { type ExposedModel, listExposedModels } from './models.ts';
import { applicabilityOf, candidateSeries, ofStudy, oweRun, TOLERANCE_JOB } from './queue-runs.ts';
import { RETRY_JOB } from './record-run.ts';
import { endAttempt } from './run-attempts.ts';
import { listToldOfPatient, toldOf, withFed } from './told-patient.ts';

/** Walks runs_by_study, as the next one does. */
export const HAS_TOLD = "SELECT 1 FROM runs WHERE study_id = ? AND told_patient <> '' LIMIT 1";
export const FIND_NEWEST = `
  SELECT run_id AS runId, state, round, told_patient AS told FROM runs
   WHERE study_id = @studyId AND study_revision = @revision AND model_digest = @digest AND is_early = 0
   ORDER BY round DESC, queued_at_ms DESC LIMIT 1
`;
const FIND_HELD = `
  SELECT stage, state FROM model_applicability WHERE study_id = @studyId AND digest = @digest AND study_revision = @revision
`;
const HOLD_ANEW = `
  UPDATE model_applicability SET state = @state, eligible_series = @eligible
   WHERE study_id = @studyId AND digest = @digest AND study_revision = @revision
`;
/** What the models say together that the row speaks of. */
const FIND_SHOWN_STATE = `
  SELECT CASE WHEN max(state = 'eligible') THEN 'eligible' WHEN max(state = 'no-eligible-series') THEN 'no-eligible-series' ELSE 'no-model' END AS state
    FROM model_applicability WHERE study_id = @studyId AND study_revision = @revision AND stage IN ('pilot', 'general')
`;
const PUT_STATE =
  'UPDATE study_applicability SET state = @state WHERE study_id = @studyId AND study_revision = @revision';
const SUPERSEDE = "UPDATE runs SET state = 'superseded', is_resting = 0, waits_for_feeds = 0 WHERE run_id = ?";
const TAKE_BACK = "UPDATE findings SET state = 'superseded' WHERE state = 'unverified' AND run_id = ?";
/** Who asked and still waits is answered by the run that takes its place. */
const HAND_ON = 'UPDATE analysis_runs SET run_id = @by WHERE run_id = @runId';

type Newest = {
  readonly runId: string;
  readonly state: 'queued' | 'running' | 'finished' | 'failed' | 'superseded';
  readonly round: number;
  readonly told: string;
};
type Held = { readonly stage: string; readonly state: 'eligible' | 'no-eligible-series' | 'no-model' };

/** Whether people said of a study that it is somebody else's, or a run was told so. */
export function hasBeenCorrected(db: ReadableDb, studyId: string): boolean {
  return findStatedByObjects(db, studyId).stated !== null || prepared(db, HAS_TOLD).get(studyId) !== undefined;
}

/**
 * Holds what models said of a complete study against whose it is now. A run whose model was told the age or sex of somebody else, or was
 * fed by one that was, is superseded and owed anew at the same revision; what it flagged stands until that run ends. What a model said
 * that is not made for this patient stands no more, nor what was made of that; one that is made for this patient, and was not for the one
 * before, is owed its run. What is told nothing of the patient stays. Idempotent.
 */
export function correctRuns(db: WritableDb, studyId: string, atMs: number): void {
  const study = getStudyCard(db, studyId);
  const { completeRevision: revision } = study;
  if (revision === null || study.completeness === 'receiving') return;
  const models = listExposedModels(db, study.siteId);
  const manifests = models.map(({ manifest }) => manifest);
  const told = listToldOfPatient(manifests);
  const series = candidateSeries(db, study);
  const found = models.map((model) => {
    const key = { studyId, revision, digest: model.digest };
    const newest = prepared<Newest>(db, FIND_NEWEST).get(key);
    return { key, model, newest, held: prepared<Held>(db, FIND_HELD).get(key) };
  });
  // Exposed since: the study is not read by it because its patient is another.
  const read = found
    .filter(({ held, newest }) => held !== undefined || newest !== undefined)
    .map((one) => ({ ...one, choice: chooseSeries(one.model.manifest, study, series) }));
  const goes = read.filter(({ newest, choice }) => choice.chosen === null && stands(newest));
  const standsOn = withFed(
    manifests,
    goes.map(({ model }) => model.manifest.id),
  );
  let hasNews = false;
  for (const { key, model, newest, held, choice } of read) {
    hasNews = holdAnew(db, key, held, choice) || hasNews;
    const { id } = model.manifest;
    const of = { model, newest, choice, series, isTold: told.has(id), standsOnGone: standsOn.has(id) };
    correctRun(db, study, revision, of, atMs);
  }
  if (hasNews) tellState(db, study, revision, atMs);
}

function stands(newest: Newest | undefined): newest is Newest {
  return newest !== undefined && newest.state !== 'superseded';
}

/** Keeps what a model makes of the study now; true where that is news for a row. */
function holdAnew(
  db: WritableDb,
  key: { readonly studyId: string; readonly revision: number; readonly digest: string },
  held: Held | undefined,
  choice: SeriesChoice,
): boolean {
  const state = applicabilityOf([choice]);
  if (held === undefined || held.state === state) return false;
  prepared(db, HOLD_ANEW).run({ ...key, state, eligible: choice.chosen === null ? 0 : choice.eligible });
  return held.stage !== 'silent';
}

function correctRun(
  db: WritableDb,
  study: StudyCard,
  revision: number,
  of: {
    readonly model: ExposedModel;
    readonly newest: Newest | undefined;
    readonly choice: SeriesChoice;
    readonly series: readonly CandidateSeries[];
    readonly isTold: boolean;
    /** Whether what feeds it is taken back, at any remove: so is what it made of that. */
    readonly standsOnGone: boolean;
  },
  atMs: number,
): void {
  const { model, newest, choice, series, isTold, standsOnGone } = of;
  if (choice.chosen === null) {
    if (!stands(newest)) return;
    supersede(db, newest, atMs);
    prepared(db, TAKE_BACK).run(newest.runId);
    return;
  }
  const owe = (round: number) =>
    oweRun(db, study, revision, model, { ...choice, chosen: choice.chosen }, series, atMs, { round });
  if (newest === undefined) owe(0);
  else if (newest.state === 'superseded') owe(newest.round + 1);
  // What waits is told of the patient, and fed, when it begins.
  else if (newest.state === 'queued') return;
  else if (standsOnGone || (isTold && newest.told !== toldOf(db, study.studyId))) {
    supersede(db, newest, atMs);
    if (standsOnGone) prepared(db, TAKE_BACK).run(newest.runId);
    const by = owe(newest.round + 1);
    if (newest.state === 'running' && by !== null) prepared(db, HAND_ON).run({ runId: newest.runId, by });
  }
}

function supersede(db: WritableDb, { runId, state }: Newest, atMs: number): void {
  prepared(db, SUPERSEDE).run(runId);
  for (const kind of [TOLERANCE_JOB, RETRY_JOB]) cancelJob(db, kind, runId);
  if (state === 'running') endAttempt(db, runId, 'superseded', atMs);
}

/** The row is told where what is shown of the study became less. */
function tellState(db: WritableDb, study: StudyCard, revision: number, atMs: number): void {
  const key = { studyId: study.studyId, revision };
  const { state } = prepared<{ state: Held['state'] }>(db, FIND_SHOWN_STATE).get(key) ?? { state: 'no-model' as const };
  prepared(db, PUT_STATE).run({ ...key, state });
  if (state !== 'eligible')
    appendEvent(db, { kind: 'run-not-queued', payload: { reason: state, revision }, ...ofStudy(study, atMs) });
}
