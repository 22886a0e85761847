import { getStudyCard } from '../archive/index.ts';
import { cancelJob } from '../platform/jobs/jobs.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { TOLERANCE_JOB } from './queue-runs.ts';
import type { Run } from './run-rows.ts';

const SUPERSEDE_RUN = "UPDATE runs SET state = 'superseded' WHERE run_id = ? AND state = 'queued'";
/** A run of the same package on a later revision of the study, shown to the same people; of an early one, of the same series. Walks runs_by_study. */
export const FIND_NEWER_RUN = `
  SELECT 1 FROM runs o JOIN runs n ON n.study_id = o.study_id AND n.study_revision > o.study_revision
   WHERE o.run_id = ? AND n.model_digest = o.model_digest AND n.stage = o.stage AND n.audience IS o.audience AND n.state <> 'superseded'
     AND (n.is_early = 0 OR n.series_id = o.series_id AND n.state <> 'failed')
   LIMIT 1
`;
/**
 * Runs of earlier revisions, of another patient, or begun early on another series, whose place a run takes: of its own package, and of others of its model that show nothing of their
 * own any more. One that is not shown to everyone takes none that is: nobody may see by what goes away that it ran.
 */
const REPLACED_RUNS = `
  SELECT o.run_id FROM runs o JOIN models m ON m.digest = o.model_digest
   WHERE o.study_id = @studyId AND o.run_id <> @runId
     AND (o.study_revision < @revision OR o.study_revision = @revision AND (o.is_early = 1
          OR o.model_digest = @modelDigest AND o.round < (SELECT r.round FROM runs r WHERE r.run_id = @runId)))
     AND CASE WHEN @stage = 'silent' THEN o.model_digest = @modelDigest AND o.stage = 'silent'
              WHEN (SELECT r.audience FROM runs r WHERE r.run_id = @runId) IS NOT NULL
              THEN o.model_digest = @modelDigest AND (o.stage = 'silent' OR o.audience IS NOT NULL)
              ELSE o.model_digest = @modelDigest
                OR m.model_id = (SELECT model_id FROM models WHERE digest = @modelDigest) AND NOT EXISTS (
                   SELECT 1 FROM model_exposures x
                    WHERE x.site_id = o.site_id AND x.digest = o.model_digest AND x.stage IN ('pilot', 'general')) END
`;
const IS_EARLY = 'SELECT 1 FROM runs WHERE run_id = ? AND is_early = 1';
const SUPERSEDE_RUNS = `UPDATE runs SET state = 'superseded' WHERE run_id IN (${REPLACED_RUNS})`;
const SUPERSEDE_FINDINGS = `
  UPDATE findings SET state = 'superseded' WHERE state = 'unverified' AND run_id IN (${REPLACED_RUNS})
`;

/**
 * Ends what earlier revisions of a study said by the models whose place this run takes; all of it stays on record. An early run
 * takes no place: what was said of the complete study stands until it is complete again.
 */
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
  if (prepared(db, IS_EARLY).get(runId) !== undefined) return;
  for (const sql of [SUPERSEDE_FINDINGS, SUPERSEDE_RUNS])
    prepared(db, sql).run({ runId, studyId, revision, modelDigest, stage });
}

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
