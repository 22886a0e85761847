import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { withDatabase } from '../../system/support/database.ts';

type RunRow = {
  readonly runId: string;
  readonly studyId: string;
  readonly revision: number;
  readonly state: string;
  readonly receipt: string | null;
  readonly isEarly: 0 | 1;
  readonly modelId: string;
  /** Ids of the models that feed it, as JSON. */
  readonly feeds: string;
};

/**
 * What of the runs in a stopped station's data directory is neither whole nor absent, a sentence each: a result without its
 * receipt, its event or a file of it, a finding without a result, an answer built on one that is not there, and a row that says
 * *no flag* where nothing was read, or a part alone.
 */
export function brokenRuns(data: string): readonly string[] {
  const files = new Set(
    readdirSync(path.join(data, 'objects'), { recursive: true, encoding: 'utf8' }).map((name) =>
      path.basename(name).slice(0, 64),
    ),
  );
  return withDatabase(data, (db) => {
    const runs = db
      .prepare<[], RunRow>(
        `SELECT run_id AS runId, study_id AS studyId, study_revision AS revision, r.state, receipt, is_early AS isEarly, m.model_id AS modelId,
                (SELECT json_group_array(f.value ->> 'model') FROM json_each(m.manifest, '$.feeds') f) AS feeds
           FROM runs r JOIN models m ON m.digest = r.model_digest`,
      )
      .all();
    const told = new Map(
      db
        .prepare<[], { payload: string }>(
          "SELECT p.payload FROM events e JOIN event_payloads p ON p.seq = e.seq WHERE e.kind = 'run-finished'",
        )
        .all()
        .map(({ payload }) => JSON.parse(payload) as { runId: string; receiptDigest: string })
        .map(({ runId, receiptDigest }) => [runId, receiptDigest]),
    );
    const ended = new Set(runs.filter(({ receipt }) => receipt !== null).map(({ runId }) => runId));
    const ofRuns = runs.flatMap(({ runId, state, receipt }) => {
      if (state === 'finished' && receipt === null) return [`run ${runId} is finished and has no receipt`];
      if ((receipt !== null) !== told.has(runId)) return [`run ${runId} has a receipt or an event, and not both`];
      const digest = receipt === null ? undefined : createHash('sha256').update(receipt).digest('hex');
      return digest === told.get(runId) ? [] : [`the receipt of run ${runId} is not the one that was told of`];
    });
    const ofFindings = db
      .prepare<[], { runId: string; files: string }>('SELECT run_id AS runId, parts || heatmaps AS files FROM findings')
      .all()
      .flatMap(({ runId, files: named }) => [
        ...(ended.has(runId) ? [] : [`a finding of run ${runId}, which gave no result`]),
        ...[...named.matchAll(/"digest":"([0-9a-f]{64})"/g)]
          .filter(([, digest = '']) => !files.has(digest))
          .map(() => `a mask or heatmap of run ${runId} has no file`),
      ]);
    const ofRows = db
      .prepare<[], { studyId: string; row: string }>('SELECT study_id AS studyId, row FROM open_studies')
      .all()
      .filter(({ row }) => (JSON.parse(row) as { ai: { state: string } }).ai.state === 'no-flag')
      .filter(
        ({ studyId }) =>
          !runs.some(
            (run) => run.studyId === studyId && run.isEarly === 0 && run.state === 'finished' && ended.has(run.runId),
          ),
      )
      .map(({ studyId }) => `study ${studyId} says no flag and was read by nothing`);
    const ofFeeds = runs
      .filter(({ receipt }) => receipt !== null)
      .flatMap(({ runId, studyId, revision, feeds }) =>
        (JSON.parse(feeds) as string[])
          .filter(
            (id) =>
              !runs.some(
                (run) =>
                  run.modelId === id && run.studyId === studyId && run.revision === revision && run.receipt !== null,
              ),
          )
          .map((id) => `run ${runId} was fed by ${id}, which has no result`),
      );
    return [...ofRuns, ...ofFindings, ...ofFeeds, ...ofRows];
  });
}

/** How many runs of a data directory stand in each state. */
export function countRuns(data: string): Readonly<Record<string, number>> {
  const count = 'SELECT state, count(*) AS runs FROM runs GROUP BY state';
  return withDatabase(data, (db) =>
    Object.fromEntries(
      db
        .prepare<[], { state: string; runs: number }>(count)
        .all()
        .map(({ state, runs }) => [state, runs]),
    ),
  );
}

/** How many runs of a data directory were begun while their study still received. */
export function countEarly(data: string): number {
  return withDatabase(data, (db) => Number(db.prepare('SELECT count(*) FROM runs WHERE is_early = 1').pluck().get()));
}
