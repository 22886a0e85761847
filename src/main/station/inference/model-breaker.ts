import type { NotRunReason } from '../../../shared/domain/ai-status.ts';
import { getStudyCard } from '../archive/index.ts';
import { type JobHandler, scheduleJob } from '../platform/jobs/jobs.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { IS_SHOWN_AT, type ShownAt, shownAtValue } from './shown-models.ts';
import { policyOf } from './failure-policy.ts';
import { isFed, waitForFeeds } from './feeding-runs.ts';
import { findModel } from './models.ts';
import { ofStudy, TOLERANCE_JOB } from './queue-runs.ts';
import { getRun } from './run-rows.ts';

/** The job that lets a paused model try one run. */
export const PROBE_JOB = 'inference-probe';
/** So many faults in a row pause a model. */
export const FAULTS_BEFORE_PAUSE = 5;
/** How long a model stays paused before one run tries it: longer each time that run fails too. */
export const PROBE_AFTER_MS = [60_000, 2 * 60_000, 5 * 60_000, 15 * 60_000, 30 * 60_000] as const;

/**
 * Whether a model's runs may begin. `open`: it failed too often in a row, and every run ends at once with *model-paused*.
 * `half-open`: the next run decides. Kept in the store, so that a restart forgives nothing.
 */
export type Breaker = {
  readonly state: 'closed' | 'open' | 'half-open';
  readonly faults: number;
  readonly openings: number;
};

const FIND = 'SELECT state, faults, openings FROM model_breakers WHERE digest = ?';
const PUT = `
  INSERT INTO model_breakers (digest, state, faults, openings, reason, changed_at_ms)
  VALUES (@digest, @state, @faults, @openings, @reason, @atMs)
  ON CONFLICT (digest) DO UPDATE SET state = excluded.state, faults = excluded.faults, openings = excluded.openings,
    reason = excluded.reason, changed_at_ms = excluded.changed_at_ms
`;
const COUNT_PAUSED = `
  SELECT count(*) AS models FROM model_breakers b JOIN models m ON m.digest = b.digest WHERE b.state <> 'closed' AND ${IS_SHOWN_AT}
`;
const RUNNING_SINCE_CLOSED = { state: 'closed', faults: 0, openings: 0 } as const;
const LIST_RESUMED = `
  SELECT digest FROM models WHERE state = 'verified' AND digest NOT IN (SELECT digest FROM model_breakers WHERE state <> 'closed')
`;
/**
 * Walks runs_paused. A shown run whose model took a step meanwhile stays as it ended: it was chosen under other terms, and might
 * show more than the stage lets it.
 */
export const FIRST_PAUSED = `
  SELECT run_id AS runId FROM runs
   WHERE model_digest = ? AND state = 'failed' AND reason = 'model-paused' AND EXISTS (
     SELECT 1 FROM model_exposures x WHERE x.site_id = runs.site_id AND x.digest = runs.model_digest
        AND (runs.stage = 'silent' AND x.stage IN ('silent', 'pilot', 'general')
          OR runs.stage = x.stage AND x.exposed_at_ms <= runs.queued_at_ms))
   ORDER BY lane, cost, turn_at_ms LIMIT ?
`;
/** It waits anew, with a tolerance of its own, behind those that came meanwhile, and with every attempt before it. */
const QUEUE_ANEW = `
  UPDATE runs SET state = 'queued', reason = NULL, finished_at_ms = NULL, started_at_ms = NULL, turn_at_ms = ?, is_late = 0
   WHERE run_id = ? AND state = 'failed' AND reason = 'model-paused'
`;
/** So many are queued again at a time: no transaction grows with what waited. */
const BATCH = 20;

/** The breaker of a model, closed where nothing was ever held against it. */
export function breakerOf(db: ReadableDb, digest: string): Breaker {
  return prepared<Breaker>(db, FIND).get(digest) ?? RUNNING_SINCE_CLOSED;
}

/** How many models are paused, or are just being tried again. */
export function countPausedModels(db: ReadableDb, shownAt: ShownAt = null): number {
  return prepared<{ models: number }>(db, COUNT_PAUSED).get({ shownAt: shownAtValue(shownAt) })?.models ?? 0;
}

/** A run of the model gave its result: whatever was held against it is forgotten. */
export function noteModelSuccess(db: WritableDb, digest: string, atMs: number): void {
  const breaker = breakerOf(db, digest);
  if (breaker.state === 'closed' && breaker.faults === 0) return;
  put(db, digest, RUNNING_SINCE_CLOSED, null, atMs);
  if (breaker.state === 'closed') return;
  appendEvent(db, { kind: 'model-resumed', payload: { digest }, ...ofModel(digest, atMs) });
}

/** An attempt ended without one. What says nothing of the model (its images, the machine) leaves the breaker as it is. */
export function noteModelFailure(
  db: WritableDb,
  run: { readonly modelDigest: string; readonly siteId: string },
  reason: NotRunReason,
  atMs: number,
): void {
  if (!policyOf(reason).isModelFault) return;
  const { modelDigest: digest, siteId } = run;
  const { state, faults, openings } = breakerOf(db, digest);
  if (state === 'open') return;
  const isToOpen = state === 'half-open' || faults + 1 >= FAULTS_BEFORE_PAUSE;
  const next = {
    state: isToOpen ? 'open' : 'closed',
    faults: faults + 1,
    openings: openings + (isToOpen ? 1 : 0),
  } as const;
  put(db, digest, next, reason, atMs);
  if (!isToOpen) return;
  const pauseMs = PROBE_AFTER_MS[Math.min(openings, PROBE_AFTER_MS.length - 1)] ?? PROBE_AFTER_MS[0];
  scheduleJob(db, { kind: PROBE_JOB, subjectId: digest, siteId, dueAtMs: atMs + pauseMs });
  const payload = { digest, reason, faults: next.faults, probeAtMs: atMs + pauseMs };
  appendEvent(db, { kind: 'model-paused', payload, ...ofModel(digest, atMs) });
}

/** The pause is over: the most urgent of the runs that ended in it is queued again and decides. */
export const probeModel: JobHandler = (db, { subjectId: digest }, atMs) => {
  const breaker = breakerOf(db, digest);
  if (breaker.state !== 'open') return;
  put(db, digest, { ...breaker, state: 'half-open' }, null, atMs);
  queueAnew(db, digest, 1, atMs);
};

/** Queues again what ended while its model was paused, some at a time; true when there may be more. */
export function queuePausedAnew(db: WritableDb, atMs: number): boolean {
  return prepared<{ digest: string }>(db, LIST_RESUMED)
    .all()
    .some(({ digest }) => queueAnew(db, digest, BATCH, atMs) === BATCH);
}

function queueAnew(db: WritableDb, digest: string, limit: number, atMs: number): number {
  const runs = prepared<{ runId: string }>(db, FIRST_PAUSED).all(digest, limit);
  const model = findModel(db, digest);
  if (runs.length === 0 || model === null) return 0;
  const dueAtMs = atMs + model.manifest.toleranceMs;
  inTransaction(db, () => {
    for (const { runId } of runs) {
      const run = getRun(db, runId);
      const { siteId, studyId, revision } = run;
      prepared(db, QUEUE_ANEW).run(atMs, runId);
      if (!isFed(db, run, model.manifest)) waitForFeeds(db, runId);
      scheduleJob(db, { kind: TOLERANCE_JOB, subjectId: runId, siteId, dueAtMs });
      const payload = { runId, modelDigest: digest, revision };
      appendEvent(db, { kind: 'run-queued', payload, ...ofStudy(getStudyCard(db, studyId), atMs) });
    }
  });
  return runs.length;
}

function put(db: WritableDb, digest: string, breaker: Breaker, reason: NotRunReason | null, atMs: number): void {
  prepared(db, PUT).run({ digest, ...breaker, reason, atMs });
}

function ofModel(digest: string, atMs: number) {
  return { siteId: null, actor: serviceActor('inference'), correlationId: digest.slice(0, 32), atMs };
}
