import { z } from 'zod';
import type { NotRunReason } from '../../../shared/domain/ai-status.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { type ExposureStage, IS_UNFIT, ModelIdentity } from './models.ts';

/** What is not silent, and not of a model for no clinical use outside a demo. */
const IS_OUT = `r.stage IN ('pilot', 'general') AND NOT ${IS_UNFIT}`;
/** Of a run `r`: everybody is shown it. What only the readers of a pilot are shown moves no row, no order and no count. */
export const IS_VISIBLE = `${IS_OUT} AND r.audience IS NULL`;
/** Of a run `r`: @viewer is shown it; null is nobody in particular. */
export const IS_SHOWN = `${IS_OUT} AND (r.audience IS NULL OR EXISTS (SELECT 1 FROM json_each(r.audience) WHERE value = @viewer))`;

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
  /** Of a study that still received, and not what its complete study is owed. */
  readonly isEarly: boolean;
  readonly reason: NotRunReason | null;
  readonly provider: string | null;
  readonly queuedAtMs: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly seriesChoice: readonly string[];
  readonly stagesMs: Readonly<Record<string, number>>;
  readonly model: ModelIdentity;
};

const LIST_RUNS = `
  SELECT r.run_id AS runId, r.study_revision AS revision, r.series_id AS seriesId, r.stage, r.state, r.is_late AS isLate, r.is_resting AND NOT r.waits_for_feeds AS isResting,
         r.is_early AS isEarly, r.reason,
         r.provider, r.queued_at_ms AS queuedAtMs, r.started_at_ms AS startedAtMs, r.finished_at_ms AS finishedAtMs,
         r.series_choice AS seriesChoice, r.receipt, m.manifest
    FROM runs r JOIN models m ON m.digest = r.model_digest
   WHERE r.study_id = @studyId AND ${IS_SHOWN} ORDER BY r.queued_at_ms
`;
const COUNT_QUEUE = `
  SELECT r.state, count(*) AS runs FROM runs r JOIN models m ON m.digest = r.model_digest
   WHERE r.state IN ('queued', 'running') AND (@withSilent = 1 OR ${IS_VISIBLE}) GROUP BY r.state
`;

const IS_SILENT = `
  SELECT 1 FROM runs r LEFT JOIN models m ON m.digest = r.model_digest WHERE r.run_id = @runId AND NOT (${IS_SHOWN})
`;

/** Every run of a study that a viewer is shown, oldest first; without one, that everybody is. */
export function listRuns(db: ReadableDb, studyId: string, viewer: string | null = null): readonly RunRecord[] {
  type Row = Omit<RunRecord, 'isLate' | 'isResting' | 'isEarly' | 'seriesChoice' | 'stagesMs' | 'model'> & {
    isLate: number;
    isResting: number;
    isEarly: number;
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
      isEarly: row.isEarly === 1,
      seriesChoice: z.array(z.string()).parse(JSON.parse(row.seriesChoice)),
      stagesMs: receipt === null ? {} : Receipt.parse(JSON.parse(receipt)).timings,
      model: ModelIdentity.parse(JSON.parse(manifest)),
    }));
}

const Receipt = z.object({ timings: z.record(z.string(), z.number()) });

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

/**
 * True for a run that is not shown: of a model silent then, unfit outside a demo, or on pilot for others than the viewer.
 * Nobody who may report is told of it.
 */
export function isSilentRun(db: ReadableDb, runId: string, viewer: string | null = null): boolean {
  return prepared(db, IS_SILENT).get({ runId, viewer }) !== undefined;
}
