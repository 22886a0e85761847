import { z } from 'zod';
import type { AiStatus, NotRunReason } from '../../../shared/domain/ai-status.ts';
import { ModelManifest, type ModelUse } from '../../../shared/domain/model-manifest.ts';
import type { AcrCategory } from '../../../shared/domain/urgency.ts';
import { getStudyCard } from '../archive/index.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import type { ExposureStage } from './models.ts';

/** Silent results are invisible to anyone who may report the study; the others are shown. */
const VISIBLE_STAGES = "('pilot', 'general')";

/** A run with what its receipt says. */
export type RunRecord = {
  readonly runId: string;
  readonly revision: number;
  readonly seriesId: string;
  readonly stage: ExposureStage;
  readonly state: 'queued' | 'running' | 'finished' | 'failed' | 'superseded';
  readonly isLate: boolean;
  readonly reason: NotRunReason | null;
  readonly provider: string | null;
  readonly queuedAtMs: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly seriesChoice: readonly string[];
  readonly stagesMs: Readonly<Record<string, number>>;
  readonly manifest: ModelManifest;
};

/** A finding with the model that made it. */
export type FindingRecord = {
  readonly findingId: string;
  readonly studyId: string;
  readonly runId: string;
  readonly seriesId: string;
  readonly revision: number;
  readonly state: 'unverified' | 'accepted' | 'modified' | 'rejected' | 'superseded';
  readonly label: { readonly code: string; readonly scheme: string; readonly display: string };
  readonly category: AcrCategory;
  readonly score: number;
  readonly threshold: number;
  readonly uses: readonly ModelUse[];
  readonly measurements: readonly { code: string; display: string; value: number; unit: string }[];
  readonly keyImage: { readonly sopUid: string; readonly centreMm: [number, number, number] } | null;
  readonly mask: {
    readonly digest: string;
    readonly rows: number;
    readonly columns: number;
    readonly sopUids: readonly string[];
  } | null;
  readonly stage: ExposureStage;
  readonly manifest: ModelManifest;
};

const LIST_RUNS = `
  SELECT r.run_id AS runId, r.study_revision AS revision, r.series_id AS seriesId, r.stage, r.state, r.is_late AS isLate, r.reason,
         r.provider, r.queued_at_ms AS queuedAtMs, r.started_at_ms AS startedAtMs, r.finished_at_ms AS finishedAtMs,
         r.series_choice AS seriesChoice, r.receipt, m.manifest
    FROM runs r JOIN models m ON m.digest = r.model_digest
   WHERE r.study_id = ? AND r.stage IN ${VISIBLE_STAGES} ORDER BY r.queued_at_ms
`;
const FINDING_COLUMNS = `
  f.finding_id AS findingId, f.study_id AS studyId, f.run_id AS runId, f.series_id AS seriesId, f.study_revision AS revision, f.state,
  f.label_code AS code, f.label_scheme AS scheme, f.label_display AS display, f.acr_category AS category, f.score, f.threshold, f.uses,
  f.measurements, f.key_image AS keyImage, f.mask, r.stage, m.manifest
`;
const FINDING_SOURCE = 'findings f JOIN runs r ON r.run_id = f.run_id JOIN models m ON m.digest = r.model_digest';
const LIST_FINDINGS = `
  SELECT ${FINDING_COLUMNS} FROM ${FINDING_SOURCE}
   WHERE f.study_id = ? AND r.stage IN ${VISIBLE_STAGES} ORDER BY f.acr_category, f.score DESC
`;
const FIND_FINDING = `SELECT ${FINDING_COLUMNS} FROM ${FINDING_SOURCE} WHERE f.finding_id = ? AND r.stage IN ${VISIBLE_STAGES}`;
const LIST_OF_RUN = `SELECT ${FINDING_COLUMNS} FROM ${FINDING_SOURCE} WHERE f.run_id = ? AND r.stage IN ${VISIBLE_STAGES}`;
const FIND_APPLICABILITY = 'SELECT state, study_revision AS revision FROM study_applicability WHERE study_id = ?';
const COUNT_QUEUE = "SELECT state, count(*) AS runs FROM runs WHERE state IN ('queued', 'running') GROUP BY state";

/** Every visible run of a study, oldest first. */
export function listRuns(db: ReadableDb, studyId: string): readonly RunRecord[] {
  type Row = Omit<RunRecord, 'isLate' | 'seriesChoice' | 'stagesMs' | 'manifest'> & {
    isLate: number;
    seriesChoice: string;
    receipt: string | null;
    manifest: string;
  };
  return prepared<Row>(db, LIST_RUNS)
    .all(studyId)
    .map(({ receipt, ...row }) => ({
      ...row,
      isLate: row.isLate === 1,
      seriesChoice: z.array(z.string()).parse(JSON.parse(row.seriesChoice)),
      stagesMs: receipt === null ? {} : Receipt.parse(JSON.parse(receipt)).timings,
      manifest: ModelManifest.parse(JSON.parse(row.manifest)),
    }));
}

const Receipt = z.object({ timings: z.record(z.string(), z.number()) });

/** Every visible finding of a study, superseded ones included: both stay on record. */
export function listFindings(db: ReadableDb, studyId: string): readonly FindingRecord[] {
  return prepared<FindingRow>(db, LIST_FINDINGS).all(studyId).map(parseFinding);
}

export function findFinding(db: ReadableDb, findingId: string): FindingRecord | null {
  const row = prepared<FindingRow>(db, FIND_FINDING).get(findingId);
  return row === undefined ? null : parseFinding(row);
}

/** What a run says that may raise its study: visible findings of a model permitted to flag. */
export function listFlagsOfRun(
  db: ReadableDb,
  runId: string,
): readonly {
  readonly display: string;
  readonly code: string;
  readonly score: number;
  readonly model: string;
  readonly category: AcrCategory;
}[] {
  return prepared<FindingRow>(db, LIST_OF_RUN)
    .all(runId)
    .map(parseFinding)
    .filter(({ uses, state }) => uses.includes('flag') && state !== 'superseded')
    .map(({ label, score, manifest, category }) => ({
      ...label,
      score,
      model: `${manifest.name} ${manifest.version}`,
      category,
    }));
}

/** What AI says of a study on its worklist row. "No flag" stands only when every run of the complete study is done. */
export function aiStatus(db: ReadableDb, studyId: string): AiStatus {
  const study = getStudyCard(db, studyId);
  const flagged = listFindings(db, studyId).filter(
    ({ state, uses }) => uses.includes('flag') && state !== 'superseded' && state !== 'rejected',
  );
  if (flagged.length > 0) {
    return {
      state: 'flagged',
      findings: flagged.map(({ label, score, manifest }) => ({
        code: label.code,
        display: label.display,
        score,
        model: manifest.name,
      })),
    };
  }
  if (study.intent !== 'new') return { state: 'no-model' };
  const applicability = prepared<{ state: string; revision: number }>(db, FIND_APPLICABILITY).get(studyId);
  if (study.completeness === 'receiving' || applicability?.revision !== study.completeRevision)
    return { state: 'awaiting-images' };
  if (applicability?.state === 'no-eligible-series') return { state: 'not-run', reason: 'no-eligible-series' };
  const runs = listRuns(db, studyId).filter(
    ({ state, revision }) => state !== 'superseded' && revision === study.completeRevision,
  );
  // Only silent models apply: nobody who may report is told that they exist.
  if (applicability?.state === 'no-model' || runs.length === 0) return { state: 'no-model' };
  const open = runs.filter(({ state }) => state === 'queued' || state === 'running');
  const late = open.find(({ isLate }) => isLate);
  if (late !== undefined) return { state: 'late', startedAtMs: late.startedAtMs };
  const running = open.find(({ startedAtMs }) => startedAtMs !== null);
  if (running?.startedAtMs != null) return { state: 'running', startedAtMs: running.startedAtMs };
  if (open.length > 0) return { state: 'waiting' };
  const failed = runs.find(({ state }) => state === 'failed');
  if (failed !== undefined) return { state: 'not-run', reason: failed.reason ?? 'internal' };
  return { state: 'no-flag' };
}

/** How many runs wait and compute. */
export function countOpenRuns(db: ReadableDb): { readonly queued: number; readonly running: number } {
  const counts = new Map(
    prepared<{ state: string; runs: number }>(db, COUNT_QUEUE)
      .all()
      .map(({ state, runs }) => [state, runs]),
  );
  return { queued: counts.get('queued') ?? 0, running: counts.get('running') ?? 0 };
}

type FindingRow = Pick<
  FindingRecord,
  'findingId' | 'studyId' | 'runId' | 'seriesId' | 'revision' | 'state' | 'category' | 'score' | 'threshold' | 'stage'
> & {
  readonly code: string;
  readonly scheme: string;
  readonly display: string;
  readonly uses: string;
  readonly measurements: string;
  readonly keyImage: string | null;
  readonly mask: string | null;
  readonly manifest: string;
};

function parseFinding({
  code,
  scheme,
  display,
  uses,
  measurements,
  keyImage,
  mask,
  manifest,
  ...row
}: FindingRow): FindingRecord {
  return {
    ...row,
    label: { code, scheme, display },
    uses: JSON.parse(uses) as FindingRecord['uses'],
    measurements: JSON.parse(measurements) as FindingRecord['measurements'],
    keyImage: JSON.parse(keyImage ?? 'null') as FindingRecord['keyImage'],
    mask: JSON.parse(mask ?? 'null') as FindingRecord['mask'],
    manifest: ModelManifest.parse(JSON.parse(manifest)),
  };
}

const IS_SILENT = "SELECT 1 FROM runs WHERE run_id = ? AND stage = 'silent'";

/** True for a run of a model that was silent then: nobody who may report is told of it. */
export function isSilentRun(db: ReadableDb, runId: string): boolean {
  return prepared(db, IS_SILENT).get(runId) !== undefined;
}
