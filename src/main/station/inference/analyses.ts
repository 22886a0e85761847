import type { AnalysisPriority, AnalysisState } from '../../../shared/domain/analysis.ts';
import type { NotRunReason } from '../../../shared/domain/ai-status.ts';
import { getStudyCard } from '../archive/index.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { type FindingRecord, isStandingFlag, listFindings } from './findings.ts';
import { IS_SHOWN } from './shown-runs.ts';
import { listFlaggingRuns } from './study-ai-status.ts';

/** An analysis somebody asked for. */
export type Analysis = {
  readonly analysisId: string;
  readonly siteId: string;
  readonly studyId: string;
  readonly askedBy: Actor;
  readonly askedAtMs: number;
  readonly modelId: string | null;
  readonly priority: AnalysisPriority;
  /** The revision it is of; null while images are awaited. */
  readonly revision: number | null;
};

/** One run that an analysis waits for, or has. */
export type AnalysisRun = {
  readonly runId: string;
  readonly model: {
    readonly id: string;
    readonly name: string;
    readonly version: string;
    readonly clinicalUse: string;
  };
  readonly state: 'queued' | 'running' | 'finished' | 'failed' | 'superseded';
  readonly reason: NotRunReason | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
};

/** An analysis with what came of it so far, as far as it may be shown. */
export type AnalysisResult = Analysis & {
  readonly result: AnalysisState;
  readonly runs: readonly AnalysisRun[];
  readonly findings: readonly FindingRecord[];
  /** The study has images now that this analysis is not of. */
  readonly isOfEarlierImages: boolean;
};

export type AnalysisRow = Omit<Analysis, 'askedBy'> & {
  readonly askedKind: Actor['kind'];
  readonly askedBy: string;
  readonly applicability: 'eligible' | 'no-eligible-series' | 'no-model' | null;
  readonly bodyDigest: string;
};

const COLUMNS = `
  analysis_id AS analysisId, site_id AS siteId, study_id AS studyId, asked_kind AS askedKind, asked_by AS askedBy,
  asked_at_ms AS askedAtMs, model_id AS modelId, priority, study_revision AS revision, applicability, body_digest AS bodyDigest
`;
const FIND = `SELECT ${COLUMNS} FROM analyses WHERE analysis_id = ?`;
/** Walks the unique index over keys. */
export const FIND_BY_KEY = `SELECT ${COLUMNS} FROM analyses WHERE site_id = ? AND asked_by = ? AND key_digest = ?`;
/** Walks analyses_by_study. */
export const LIST_OF_STUDY = `SELECT ${COLUMNS} FROM analyses WHERE study_id = ? ORDER BY asked_at_ms DESC LIMIT 100`;
const LIST_RUNS = `
  SELECT r.run_id AS runId, m.model_id AS modelId, m.version, m.clinical_use AS clinicalUse, m.manifest ->> 'name' AS name,
         r.state, r.reason, r.started_at_ms AS startedAtMs, r.finished_at_ms AS finishedAtMs
    FROM analysis_runs x JOIN runs r ON r.run_id = x.run_id JOIN models m ON m.digest = r.model_digest
   WHERE x.analysis_id = @analysisId AND ${IS_SHOWN} ORDER BY r.queued_at_ms, r.run_id
`;

/** An analysis by its id, with what came of it as far as the viewer (a user's id) may be shown it. */
export function findAnalysis(db: ReadableDb, analysisId: string, viewer: string): AnalysisResult | null {
  const row = prepared<AnalysisRow>(db, FIND).get(analysisId);
  return row === undefined ? null : resultOf(db, row, viewer);
}

/** What somebody asked for with a key, by the key's digest. */
export function findAnalysisByKey(
  db: ReadableDb,
  siteId: string,
  askedBy: string,
  keyDigest: string,
): AnalysisRow | null {
  return prepared<AnalysisRow>(db, FIND_BY_KEY).get(siteId, askedBy, keyDigest) ?? null;
}

/** The analyses asked for of a study, newest first. */
export function listAnalysesOf(db: ReadableDb, studyId: string, viewer: string): AnalysisResult[] {
  return prepared<AnalysisRow>(db, LIST_OF_STUDY)
    .all(studyId)
    .map((row) => resultOf(db, row, viewer));
}

/** The rows of a study's analyses, as the verbs need them. */
export function listAnalysisRows(db: ReadableDb, studyId: string): AnalysisRow[] {
  return prepared<AnalysisRow>(db, LIST_OF_STUDY).all(studyId);
}

/** The runs of an analysis that a viewer may be shown. */
export function listAnalysisRuns(db: ReadableDb, analysisId: string, viewer: string): AnalysisRun[] {
  type Row = Omit<AnalysisRun, 'model'> & Readonly<Record<'modelId' | 'name' | 'version' | 'clinicalUse', string>>;
  return prepared<Row>(db, LIST_RUNS)
    .all({ analysisId, viewer })
    .map(({ modelId, name, version, clinicalUse, ...run }) => ({
      ...run,
      model: { id: modelId, name, version, clinicalUse },
    }));
}

function resultOf(db: ReadableDb, row: AnalysisRow, viewer: string): AnalysisResult {
  const { askedKind, askedBy, applicability, bodyDigest: _bodyDigest, ...analysis } = row;
  const runs = listAnalysisRuns(db, row.analysisId, viewer);
  const findings = listFindings(db, row.studyId, viewer).filter(({ runId }) => runs.some((run) => run.runId === runId));
  const { completeRevision } = getStudyCard(db, row.studyId);
  return {
    ...analysis,
    askedBy: { kind: askedKind, id: askedBy },
    result: stateOf(applicability, runs, findings, listFlaggingRuns(db, row)),
    runs,
    findings,
    isOfEarlierImages: row.revision !== null && completeRevision !== null && completeRevision > row.revision,
  };
}

/** In the order of what must not be missed: a flag, then what still computes, then what did not run; only then is there no flag. */
function stateOf(
  applicability: AnalysisRow['applicability'],
  runs: readonly AnalysisRun[],
  findings: readonly FindingRecord[],
  flagging: ReadonlySet<string>,
): AnalysisState {
  if (applicability === null) return { state: 'awaiting-images' };
  if (findings.some(isStandingFlag)) return { state: 'flagged' };
  const running = runs.find(({ state }) => state === 'running');
  if (running?.startedAtMs != null) return { state: 'running', startedAtMs: running.startedAtMs };
  if (runs.some(({ state }) => state === 'queued' || state === 'running')) return { state: 'waiting' };
  const failed = runs.find(({ state }) => state === 'failed');
  if (failed !== undefined) return { state: 'not-run', reason: failed.reason ?? 'internal' };
  if (applicability === 'no-eligible-series') return { state: 'not-run', reason: 'no-eligible-series' };
  // What was asked for and is not shown any more, or may not flag, must not read as "nothing flagged".
  const mayFlag = runs.some(({ runId }) => flagging.has(runId));
  if (applicability === 'no-model' || !mayFlag) return { state: 'no-model' };
  return { state: 'no-flag' };
}
