import { z } from 'zod';
import type { AiStatus, NotRunReason } from '../../../shared/domain/ai-status.ts';
import type { ModelUse } from '../../../shared/domain/model-manifest.ts';
import type { AcrCategory } from '../../../shared/domain/urgency.ts';
import { getStudyCard, listSeries } from '../archive/index.ts';
import { hasParkedEvent } from '../platform/ledger/follow.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import type { FindingEvidence } from './finding-evidence.ts';
import { type ExposureStage, IS_UNFIT, ModelIdentity } from './models.ts';

/** What is not silent, and not of a model for no clinical use outside a demo. */
const IS_OUT = `r.stage IN ('pilot', 'general') AND NOT ${IS_UNFIT}`;
/** Of a run `r`: everybody is shown it. What only the readers of a pilot are shown moves no row, no order and no count. */
export const IS_VISIBLE = `${IS_OUT} AND r.audience IS NULL`;
/** Of a run `r`: @viewer is shown it; null is nobody in particular. */
export const IS_SHOWN = `${IS_OUT} AND (r.audience IS NULL OR EXISTS (SELECT 1 FROM json_each(r.audience) WHERE value = @viewer))`;

/** Of a model `m`: it may flag at @siteId, by its manifest and by what the site allows of that. */
const MAY_FLAG = `
  EXISTS (SELECT 1 FROM json_each(m.manifest, '$.permittedUses') WHERE value = 'flag') AND NOT EXISTS (
    SELECT 1 FROM model_exposures x
     WHERE x.site_id = @siteId AND x.digest = m.digest AND x.uses IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM json_each(x.uses) WHERE value = 'flag'))
`;

/** A run with what its receipt says. */
export type RunRecord = {
  readonly runId: string;
  readonly revision: number;
  readonly seriesId: string;
  readonly stage: ExposureStage;
  readonly state: 'queued' | 'running' | 'finished' | 'failed' | 'superseded';
  readonly isLate: boolean;
  /** Queued, and pausing before it is tried again; `reason` says why it is not run meanwhile. */
  readonly isResting: boolean;
  readonly reason: NotRunReason | null;
  readonly provider: string | null;
  readonly queuedAtMs: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly seriesChoice: readonly string[];
  readonly stagesMs: Readonly<Record<string, number>>;
  readonly model: ModelIdentity;
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
  /** Findings from before frames were told apart have none of their numbers. */
  readonly keyImage:
    | (Omit<NonNullable<FindingEvidence['keyImage']>, 'frameNumber'> & { readonly frameNumber?: number })
    | null;
  readonly mask:
    | (Omit<NonNullable<FindingEvidence['mask']>, 'frameNumbers'> & { readonly frameNumbers?: readonly number[] })
    | null;
  readonly marks: FindingEvidence['marks'];
  readonly heatmap: FindingEvidence['heatmap'];
  readonly stage: ExposureStage;
  readonly model: ModelIdentity;
};

const LIST_RUNS = `
  SELECT r.run_id AS runId, r.study_revision AS revision, r.series_id AS seriesId, r.stage, r.state, r.is_late AS isLate, r.is_resting AS isResting, r.reason,
         r.provider, r.queued_at_ms AS queuedAtMs, r.started_at_ms AS startedAtMs, r.finished_at_ms AS finishedAtMs,
         r.series_choice AS seriesChoice, r.receipt, m.manifest
    FROM runs r JOIN models m ON m.digest = r.model_digest
   WHERE r.study_id = @studyId AND ${IS_SHOWN} ORDER BY r.queued_at_ms
`;
const FINDING_COLUMNS = `
  f.finding_id AS findingId, f.study_id AS studyId, f.run_id AS runId, f.series_id AS seriesId, f.study_revision AS revision, f.state,
  f.label_code AS code, f.label_scheme AS scheme, f.label_display AS display, f.acr_category AS category, f.score, f.threshold, f.uses,
  f.measurements, f.key_image AS keyImage, f.mask, f.marks, f.heatmap, r.stage, m.manifest
`;
const FINDING_SOURCE = 'findings f JOIN runs r ON r.run_id = f.run_id JOIN models m ON m.digest = r.model_digest';
const LIST_FINDINGS = `
  SELECT ${FINDING_COLUMNS} FROM ${FINDING_SOURCE}
   WHERE f.study_id = @studyId AND ${IS_SHOWN} ORDER BY f.acr_category, f.score DESC
`;
const FIND_FINDING = `SELECT ${FINDING_COLUMNS} FROM ${FINDING_SOURCE} WHERE f.finding_id = @findingId AND ${IS_SHOWN}`;
const LIST_OF_RUN = `SELECT ${FINDING_COLUMNS} FROM ${FINDING_SOURCE} WHERE f.run_id = ? AND ${IS_VISIBLE}`;
const FIND_APPLICABILITY = 'SELECT study_revision AS revision FROM study_applicability WHERE study_id = ?';
/** What the visible models that may flag made of a study's series; the one that read the smallest share of what it could have read comes first. */
const LIST_APPLICABILITY = `
  SELECT a.state, a.eligible_series AS eligibleSeries FROM model_applicability a JOIN models m ON m.digest = a.digest
   WHERE a.study_id = @studyId AND a.study_revision = @revision AND a.stage IN ('pilot', 'general') AND NOT ${IS_UNFIT} AND ${MAY_FLAG}
   ORDER BY a.eligible_series DESC
`;
/** Runs that flag what they find. One that found something while its model was not let flag it did not find nothing. */
const LIST_FLAGGING = `
  SELECT r.run_id AS runId FROM runs r JOIN models m ON m.digest = r.model_digest
   WHERE r.study_id = @studyId AND ${MAY_FLAG} AND NOT EXISTS (
     SELECT 1 FROM findings f WHERE f.run_id = r.run_id AND NOT EXISTS (SELECT 1 FROM json_each(f.uses) WHERE value = 'flag'))
`;
const COUNT_QUEUE = `
  SELECT r.state, count(*) AS runs FROM runs r JOIN models m ON m.digest = r.model_digest
   WHERE r.state IN ('queued', 'running') AND (@withSilent = 1 OR ${IS_VISIBLE}) GROUP BY r.state
`;

/** Every run of a study that a viewer is shown, oldest first; without one, that everybody is. */
export function listRuns(db: ReadableDb, studyId: string, viewer: string | null = null): readonly RunRecord[] {
  type Row = Omit<RunRecord, 'isLate' | 'isResting' | 'seriesChoice' | 'stagesMs' | 'model'> & {
    isLate: number;
    isResting: number;
    seriesChoice: string;
    receipt: string | null;
    manifest: string;
  };
  return prepared<Row>(db, LIST_RUNS)
    .all({ studyId, viewer })
    .map(({ receipt, manifest, ...row }) => ({
      ...row,
      isLate: row.isLate === 1,
      isResting: row.isResting === 1,
      seriesChoice: z.array(z.string()).parse(JSON.parse(row.seriesChoice)),
      stagesMs: receipt === null ? {} : Receipt.parse(JSON.parse(receipt)).timings,
      model: ModelIdentity.parse(JSON.parse(manifest)),
    }));
}

const Receipt = z.object({ timings: z.record(z.string(), z.number()) });

/**
 * Every finding of a study that a viewer is shown (without one, that everybody is), superseded ones included: both stay on record.
 * What was seen in a series that is hidden now is not.
 */
export function listFindings(db: ReadableDb, studyId: string, viewer: string | null = null): readonly FindingRecord[] {
  const found = prepared<FindingRow>(db, LIST_FINDINGS).all({ studyId, viewer });
  if (found.length === 0) return [];
  const shown = new Set(listSeries(db, studyId).map(({ seriesId }) => seriesId));
  return found.filter(({ seriesId }) => shown.has(seriesId)).map(parseFinding);
}

/** A finding that the viewer is shown, or null. */
export function findFinding(db: ReadableDb, findingId: string, viewer: string | null = null): FindingRecord | null {
  const row = prepared<FindingRow>(db, FIND_FINDING).get({ findingId, viewer });
  const isShown = row !== undefined && listSeries(db, row.studyId).some(({ seriesId }) => seriesId === row.seriesId);
  return isShown ? parseFinding(row) : null;
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
  readonly revision: number;
}[] {
  return prepared<FindingRow>(db, LIST_OF_RUN)
    .all(runId)
    .map(parseFinding)
    .filter(({ uses, state }) => uses.includes('flag') && state !== 'superseded')
    .map(({ label, score, model, category, revision }) => ({
      ...label,
      score,
      model: `${model.name} ${model.version}`,
      category,
      revision,
    }));
}

/**
 * What AI says of a study on its worklist row. "No flag" stands only when every visible model made for the exam that may flag
 * has read it, and never of models that may only measure or judge quality;
 * of its eligible series each model reads the one its manifest ranks first, and the state says of how many (decision 9).
 */
export function aiStatus(db: ReadableDb, studyId: string): AiStatus {
  const study = getStudyCard(db, studyId);
  const flagged = listFindings(db, studyId).filter(
    ({ state, uses }) => uses.includes('flag') && state !== 'superseded' && state !== 'rejected',
  );
  if (flagged.length > 0) {
    return {
      state: 'flagged',
      findings: flagged.map(({ label, score, model }) => ({
        code: label.code,
        display: label.display,
        score,
        model: model.name,
      })),
    };
  }
  if (study.intent !== 'new') return { state: 'not-applicable', reason: study.intent };
  if (study.completeness === 'receiving' || study.completeRevision === null) return { state: 'awaiting-images' };
  const consumed = prepared<{ revision: number }>(db, FIND_APPLICABILITY).get(studyId);
  // Complete, but nothing is owed yet: either the ledger is behind, or what would have owed it failed and was set aside.
  if (consumed?.revision !== study.completeRevision)
    return hasParkedEvent(db, 'inference', studyId) ? { state: 'not-run', reason: 'internal' } : { state: 'waiting' };
  const models = prepared<{ state: string; eligibleSeries: number }>(db, LIST_APPLICABILITY).all({
    studyId,
    siteId: study.siteId,
    revision: study.completeRevision,
  });
  const flagging = listFlaggingRuns(db, study);
  const runs = listRuns(db, studyId).filter(
    ({ runId, state, revision }) =>
      state !== 'superseded' && revision === study.completeRevision && flagging.has(runId),
  );
  const isOpen = ({ state }: RunRecord) => state === 'queued' || state === 'running';
  const open = runs.filter((run) => isOpen(run) && !run.isResting);
  const late = open.find(({ isLate }) => isLate);
  if (late !== undefined) return { state: 'late', startedAtMs: late.startedAtMs };
  const running = open.find(({ startedAtMs }) => startedAtMs !== null);
  if (running?.startedAtMs != null) return { state: 'running', startedAtMs: running.startedAtMs };
  if (open.length > 0) return { state: 'waiting' };
  // What pauses before another try is not run, and says why, until it begins.
  const failed = runs.find((run) => run.state === 'failed' || run.isResting);
  if (failed !== undefined) return { state: 'not-run', reason: failed.reason ?? 'internal' };
  if (models.some(({ state }) => state === 'no-eligible-series'))
    return { state: 'not-run', reason: 'no-eligible-series' };
  // Only silent models apply, and nobody who may report is told that they exist; or none that may flag.
  if (runs.length === 0) return { state: 'no-model' };
  return { state: 'no-flag', readSeries: 1, eligibleSeries: models[0]?.eligibleSeries ?? 1 };
}

/** The runs of a study whose finding nothing means that they flag nothing: of models that may flag, with nothing kept from it. */
export function listFlaggingRuns(
  db: ReadableDb,
  { studyId, siteId }: { readonly studyId: string; readonly siteId: string },
): ReadonlySet<string> {
  const runs = prepared<{ runId: string }>(db, LIST_FLAGGING).all({ studyId, siteId });
  return new Set(runs.map(({ runId }) => runId));
}

/** How many runs wait and compute; those that not everybody is shown are counted for those who may know of them alone. */
export function countOpenRuns(
  db: ReadableDb,
  withSilent: boolean,
): { readonly queued: number; readonly running: number } {
  const counts = new Map(
    prepared<{ state: string; runs: number }>(db, COUNT_QUEUE)
      .all({ withSilent: withSilent ? 1 : 0 })
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
  readonly marks: string;
  readonly heatmap: string | null;
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
  marks,
  heatmap,
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
    marks: JSON.parse(marks) as FindingRecord['marks'],
    heatmap: JSON.parse(heatmap ?? 'null') as FindingRecord['heatmap'],
    model: ModelIdentity.parse(JSON.parse(manifest)),
  };
}

const IS_SILENT = `
  SELECT 1 FROM runs r LEFT JOIN models m ON m.digest = r.model_digest WHERE r.run_id = @runId AND NOT (${IS_SHOWN})
`;

/**
 * True for a run that is not shown: of a model silent then, unfit outside a demo, or on pilot for others than the viewer.
 * Nobody who may report is told of it.
 */
export function isSilentRun(db: ReadableDb, runId: string, viewer: string | null = null): boolean {
  return prepared(db, IS_SILENT).get({ runId, viewer }) !== undefined;
}
