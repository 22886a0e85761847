import { prepared, type ReadableDb } from '../platform/store/database.ts';
import type { ExposureStage } from './models.ts';

/** A run as the worker and the recorder see it. */
export type Run = {
  readonly runId: string;
  readonly siteId: string;
  readonly studyId: string;
  readonly revision: number;
  readonly modelDigest: string;
  readonly seriesId: string;
  readonly stage: ExposureStage;
  readonly state: 'queued' | 'running' | 'finished' | 'failed' | 'superseded';
  readonly attempts: number;
  /** Its place in the order (run-order.ts). */
  readonly lane: number;
  readonly cost: number;
  readonly turnAtMs: number;
  /** How often a more urgent one took its place while it ran. */
  readonly preemptions: number;
};

/** The columns of a `Run`. */
export const RUN_COLUMNS = `
  run_id AS runId, site_id AS siteId, study_id AS studyId, study_revision AS revision, model_digest AS modelDigest,
  series_id AS seriesId, stage, state, attempts, lane, cost, turn_at_ms AS turnAtMs, preemptions
`;
const FIND_RUN = `SELECT ${RUN_COLUMNS} FROM runs WHERE run_id = ?`;

/** A run that must be on record. */
export function getRun(db: ReadableDb, runId: string): Run {
  const run = prepared<Run>(db, FIND_RUN).get(runId);
  if (run === undefined) throw new Error(`run ${runId} is not on record`);
  return run;
}
