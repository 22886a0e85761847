import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';

const KEEP_SCORE = `
  INSERT INTO run_scores (run_id, study_id, label, score) VALUES (@runId, @studyId, @label, @score)
  ON CONFLICT (run_id, label) DO UPDATE SET score = excluded.score
`;
const LIST_SCORES = 'SELECT label, score FROM run_scores WHERE run_id = ?';

/** Keeps what a run said of a label, flagged or not: what it comes to is asked again whenever a threshold is weighed. */
export function keepScore(
  db: WritableDb,
  { runId, studyId }: { readonly runId: string; readonly studyId: string },
  label: string,
  score: number,
): void {
  prepared(db, KEEP_SCORE).run({ runId, studyId, label, score });
}

/** What a run said of each label. */
export function scoresOf(db: ReadableDb, runId: string): ReadonlyMap<string, number> {
  return new Map(
    prepared<{ label: string; score: number }>(db, LIST_SCORES)
      .all(runId)
      .map(({ label, score }) => [label, score]),
  );
}
