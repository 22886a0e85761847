import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import { getStudyCard } from '../archive/index.ts';
import { scheduleJob } from '../platform/jobs/jobs.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { feederOf, isFed } from './feeding-runs.ts';
import { findModel } from './models.ts';
import { ofStudy, TOLERANCE_JOB } from './queue-runs.ts';
import { failRun } from './record-run.ts';
import { type Run, RUN_COLUMNS } from './run-rows.ts';
import { isOutdated, supersedeOutdated } from './supersede-runs.ts';

/** So many runs are looked at in one turn of the worker. */
const AT_ONCE = 50;
/** Walks runs_waiting_for_feeds from the key. */
export const LIST_WAITING = `
  SELECT ${RUN_COLUMNS} FROM runs INDEXED BY runs_waiting_for_feeds
   WHERE waits_for_feeds = 1 AND state = 'queued' AND run_id > ? ORDER BY run_id LIMIT ${AT_ONCE}
`;
/** Walks runs_without_feed from the key. */
export const LIST_LEFT_UNFED = `
  SELECT ${RUN_COLUMNS} FROM runs INDEXED BY runs_without_feed
   WHERE state = 'failed' AND reason = 'feed-not-run' AND run_id > ? ORDER BY run_id LIMIT ${AT_ONCE}
`;
/** Walks runs_by_study. */
export const LIST_WAITING_OF = `
  SELECT ${RUN_COLUMNS} FROM runs WHERE study_id = ? AND waits_for_feeds = 1 AND state = 'queued'
`;
/** Walks runs_by_study. */
export const LIST_LEFT_UNFED_OF = `
  SELECT ${RUN_COLUMNS} FROM runs WHERE study_id = ? AND state = 'failed' AND reason = 'feed-not-run'
`;
/** In its place: it was owed when those were that it waited for. */
const LET_GO_ON = "UPDATE runs SET is_resting = 0, waits_for_feeds = 0 WHERE run_id = ? AND state = 'queued'";
const QUEUE_ANEW = `
  UPDATE runs SET state = 'queued', reason = NULL, started_at_ms = NULL, finished_at_ms = NULL, attempts = 0, is_late = 0, turn_at_ms = @atMs,
         is_resting = 0
   WHERE run_id = @runId AND state = 'failed'
`;

/** Brings runs that need what other models say in line with what those have said by now. */
export type FeedSettler = {
  /** Those of one study, once one of its runs has ended: nothing else that waits is before them. True when any changed. */
  ofStudy(studyId: string, atMs: number): boolean;
  /** The next some of all, and from the first again after the last, whatever became of what they wait for. True when any changed. */
  some(atMs: number): boolean;
};

/**
 * Lets runs go on whose feeding models have answered, and ends those for which one never will, with its id: it is not owed a run, or
 * has no result, shows to fewer than the run it would feed, or waits for that very run. Those that ended so are owed anew once there is an answer.
 */
export function createFeedSettler(db: WritableDb): FeedSettler {
  // Whatever waits long stands in nobody's way: each turn looks at others.
  const [nextWaiting, nextUnfed] = [LIST_WAITING, LIST_LEFT_UNFED].map((sql) => inWindows(db, sql)) as [Window, Window];
  return {
    ofStudy: (studyId, atMs) =>
      settle(
        db,
        prepared<Run>(db, LIST_WAITING_OF).all(studyId),
        prepared<Run>(db, LIST_LEFT_UNFED_OF).all(studyId),
        atMs,
      ),
    some: (atMs) => settle(db, nextWaiting(), nextUnfed(), atMs),
  };
}

type Window = () => readonly Run[];

function inWindows(db: WritableDb, sql: string): Window {
  let after = '';
  return () => {
    const runs = prepared<Run>(db, sql).all(after);
    after = runs.length < AT_ONCE ? '' : (runs.at(-1)?.runId ?? '');
    return runs;
  };
}

function settle(db: WritableDb, waiting: readonly Run[], unfed: readonly Run[], atMs: number): boolean {
  const settled = waiting.filter((run) => letGoOn(db, run, atMs));
  const owed = unfed.filter((run) => queueAnew(db, run, atMs));
  return settled.length + owed.length > 0;
}

function letGoOn(db: WritableDb, run: Run, atMs: number): boolean {
  if (supersedeOutdated(db, run)) return true;
  // Of a manifest that is not read any more nothing can be told: it goes on, and ends with its model.
  const feeds = manifestOf(db, run)?.feeds ?? [];
  const feeders = feeds.map((feed) => ({ feed, found: feederOf(db, run, feed) }));
  const missing = feeders.filter(({ found }) => found === 'none').map(({ feed }) => feed.model);
  if (missing.length === 0 && feeders.some(({ found }) => found === 'coming')) return false;
  inTransaction(db, () => {
    prepared(db, LET_GO_ON).run(run.runId);
    if (missing.length > 0) failRun(db, run.runId, 'feed-not-run', atMs, { needs: missing });
  });
  return true;
}

function queueAnew(db: WritableDb, run: Run, atMs: number): boolean {
  if (isOutdated(db, run)) return false;
  const manifest = manifestOf(db, run);
  if (manifest === null || !isFed(db, run, manifest)) return false;
  const { runId, siteId, studyId, revision, modelDigest } = run;
  inTransaction(db, () => {
    prepared(db, QUEUE_ANEW).run({ runId, atMs });
    scheduleJob(db, { kind: TOLERANCE_JOB, subjectId: runId, siteId, dueAtMs: atMs + manifest.toleranceMs });
    const payload = { runId, modelDigest, revision };
    appendEvent(db, { kind: 'run-queued', payload, ...ofStudy(getStudyCard(db, studyId), atMs) });
  });
  return true;
}

function manifestOf(db: WritableDb, { modelDigest }: Run): ModelManifest | null {
  return findModel(db, modelDigest)?.manifest ?? null;
}
