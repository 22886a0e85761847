import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import { getStudyCard } from '../archive/index.ts';
import { scheduleJob } from '../platform/jobs/jobs.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { feederOf } from './feeding-runs.ts';
import { ofStudy, TOLERANCE_JOB } from './queue-runs.ts';
import { failRun } from './record-run.ts';
import { type Run, RUN_COLUMNS } from './run-rows.ts';

/** Walks runs_waiting_for_feeds. */
export const LIST_WAITING = `
  SELECT ${RUN_COLUMNS} FROM runs INDEXED BY runs_waiting_for_feeds WHERE waits_for_feeds = 1 AND state = 'queued' LIMIT ?
`;
/** Walks runs_without_feed. */
export const LIST_LEFT_UNFED = `
  SELECT ${RUN_COLUMNS} FROM runs INDEXED BY runs_without_feed WHERE state = 'failed' AND reason = 'feed-not-run' LIMIT ?
`;
const LET_GO_ON = `
  UPDATE runs SET is_resting = 0, waits_for_feeds = 0, turn_at_ms = @atMs WHERE run_id = @runId AND state = 'queued'
`;
const QUEUE_ANEW = `
  UPDATE runs SET state = 'queued', reason = NULL, started_at_ms = NULL, finished_at_ms = NULL, attempts = 0, is_late = 0, turn_at_ms = @atMs,
         is_resting = 0
   WHERE run_id = @runId AND state = 'failed'
`;
/** So many runs are looked at in one turn of the worker. */
const MOST_AT_ONCE = 50;

type ManifestOf = (digest: string) => ModelManifest | null;

/**
 * Lets runs go on whose feeding models have answered, and ends those for which one never will, with its id: it is not owed a run, or
 * has no result, or shows to fewer than the run it would feed. True when any did.
 */
export function settleWaiting(db: WritableDb, manifestOf: ManifestOf, atMs: number): boolean {
  const waiting = prepared<Run>(db, LIST_WAITING).all(MOST_AT_ONCE);
  let isNews = false;
  for (const run of waiting) {
    const manifest = manifestOf(run.modelDigest);
    if (manifest === null) continue;
    const feeders = manifest.feeds.map((feed) => ({ feed, found: feederOf(db, run, feed) }));
    const missing = feeders.filter(({ found }) => found === 'none').map(({ feed }) => feed.model);
    if (missing.length === 0 && feeders.some(({ found }) => found === 'coming')) continue;
    isNews = true;
    inTransaction(db, () => {
      prepared(db, LET_GO_ON).run({ runId: run.runId, atMs });
      if (missing.length > 0) failRun(db, run.runId, 'feed-not-run', atMs, { needs: missing });
    });
  }
  return isNews;
}

/** Owes runs anew that ended for want of a feeding model which has answered since. True when any is. */
export function queueFedAnew(db: WritableDb, manifestOf: ManifestOf, atMs: number): boolean {
  const fed = prepared<Run>(db, LIST_LEFT_UNFED)
    .all(MOST_AT_ONCE)
    .flatMap((run) => {
      const manifest = manifestOf(run.modelDigest);
      const isFed = manifest?.feeds.every((feed) => typeof feederOf(db, run, feed) !== 'string') ?? false;
      return manifest !== null && isFed ? [{ run, manifest }] : [];
    });
  if (fed.length === 0) return false;
  inTransaction(db, () => {
    for (const { run, manifest } of fed) {
      const { runId, siteId, studyId, revision, modelDigest } = run;
      prepared(db, QUEUE_ANEW).run({ runId, atMs });
      scheduleJob(db, { kind: TOLERANCE_JOB, subjectId: runId, siteId, dueAtMs: atMs + manifest.toleranceMs });
      const payload = { runId, modelDigest, revision };
      appendEvent(db, { kind: 'run-queued', payload, ...ofStudy(getStudyCard(db, studyId), atMs) });
    }
  });
  return true;
}
