import type { Actor } from '../platform/ledger/event.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { freshRowId } from '../platform/ids.ts';
import { type JobHandler, scheduleJob } from '../platform/jobs/jobs.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { narrowRun } from './narrow-run.ts';
import { failRun } from './record-run.ts';

/** The job that brings what waits of a version in line with how far it reaches at a site. */
export const SETTLE_JOB = 'inference-settle';
/** So many runs at a time: no transaction grows with what waits. */
const AT_ONCE = 20;

/** Walks runs_to_settle. */
export const LIST_RUNNING_OF = `
  SELECT run_id AS runId FROM runs
   WHERE state IN ('queued', 'running') AND state = 'running' AND site_id = ? AND model_digest = ?
`;
/** Walks runs_to_settle from the key. */
export const LIST_WAITING_AFTER = `
  SELECT run_id AS runId FROM runs
   WHERE state IN ('queued', 'running') AND state = 'queued' AND site_id = ? AND model_digest = ? AND run_id > ?
   ORDER BY run_id LIMIT ${AT_ONCE}
`;

/** A version at a site. */
type ExposedAt = { readonly siteId: string; readonly digest: string };

/**
 * Begins to bring the runs of a version in line with the step just taken, in the step's own transaction: what computes at
 * once, what waits a few at a time by a job, so that a cut in between leaves a row that goes on with it. A run that begins
 * meanwhile is held against the exposure first (record-run.ts).
 */
export function beginSettling(db: WritableDb, { siteId, digest }: ExposedAt, atMs: number): void {
  for (const { runId } of prepared<{ runId: string }>(db, LIST_RUNNING_OF).all(siteId, digest))
    settleRun(db, runId, atMs);
  scheduleJob(db, { kind: SETTLE_JOB, subjectId: subjectOf({ siteId, digest }, ''), siteId, dueAtMs: atMs });
}

/** Settles some of the runs that wait, and asks for the rest; when none is left, tells that rows may be built anew. */
export const settleSome: JobHandler = (db, { subjectId, siteId }, atMs) => {
  const [, digest = '', after = ''] = subjectId.split(' ');
  const runs = prepared<{ runId: string }>(db, LIST_WAITING_AFTER).all(siteId, digest, after);
  for (const { runId } of runs) settleRun(db, runId, atMs);
  const last = runs.at(-1);
  if (last !== undefined && runs.length === AT_ONCE) {
    scheduleJob(db, { kind: SETTLE_JOB, subjectId: subjectOf({ siteId, digest }, last.runId), siteId, dueAtMs: atMs });
    return;
  }
  const actor: Actor = serviceActor('inference');
  appendEvent(db, {
    kind: 'model-exposure-settled',
    payload: { digest },
    ...{ siteId, actor, correlationId: freshRowId(), atMs },
  });
};

/** Of several steps each has a walk of its own; two that stand at one place are one. */
function subjectOf({ siteId, digest }: ExposedAt, after: string): string {
  return `${siteId} ${digest} ${after}`.trimEnd();
}

function settleRun(db: WritableDb, runId: string, atMs: number): void {
  if (narrowRun(db, runId) === 'unavailable') failRun(db, runId, 'model-unavailable', atMs);
}
