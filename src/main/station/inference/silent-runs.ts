import { prepared, type ReadableDb } from '../platform/store/database.ts';

/** How a version's silent run of a study ended, the newest of the study. */
export type SilentRun = {
  readonly runId: string;
  readonly studyId: string;
  readonly seriesId: string;
  readonly revision: number;
  readonly state: 'finished' | 'failed';
  readonly reason: string | null;
  readonly finishedAtMs: number;
};

/** Walks runs_by_model. What a later revision superseded counts no more. */
export const LIST_SILENT_RUNS = `
  SELECT run_id AS runId, study_id AS studyId, series_id AS seriesId, study_revision AS revision, state, reason, finished_at_ms AS finishedAtMs
    FROM runs WHERE site_id = ? AND model_digest = ? AND stage = 'silent' AND state IN ('finished', 'failed') AND finished_at_ms >= ?
`;

/** The newest silent run of each study that ended since a moment. */
export function listSilentRuns(db: ReadableDb, siteId: string, digest: string, sinceMs: number): readonly SilentRun[] {
  const newest = new Map<string, SilentRun>();
  for (const run of prepared<SilentRun>(db, LIST_SILENT_RUNS).all(siteId, digest, sinceMs)) {
    const known = newest.get(run.studyId);
    if (known === undefined || known.revision < run.revision) newest.set(run.studyId, run);
  }
  return [...newest.values()];
}
