import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { type ClockShift, shiftWithClock } from '../shift-with-clock.ts';
import { prepared, type ReadableDb, type WritableDb } from '../store/database.ts';
import { isOutOfRoom } from '../store/out-of-room.ts';
import { inTransaction } from '../store/transaction.ts';
import { NO_ROOM_PAUSE_MS } from '../store/when-room.ts';

/** Something to be done at a time; one job of a kind per subject, and a later call moves it. */
export type Job = {
  readonly kind: string;
  readonly subjectId: string;
  readonly siteId: string;
  readonly dueAtMs: number;
  readonly attempts: number;
};

const PUT_JOB = `
  INSERT INTO jobs (kind, subject_id, site_id, due_at_ms) VALUES (@kind, @subjectId, @siteId, @dueAtMs)
  ON CONFLICT (kind, subject_id) DO UPDATE SET due_at_ms = excluded.due_at_ms, attempts = 0
`;
const REMOVE_JOB = 'DELETE FROM jobs WHERE kind = ? AND subject_id = ?';
const TAKE_JOB = 'DELETE FROM jobs WHERE kind = ? AND subject_id = ? AND due_at_ms <= ?';
const POSTPONE_JOB = 'UPDATE jobs SET due_at_ms = ?, attempts = attempts + 1 WHERE kind = ? AND subject_id = ?';
const SHIFT_JOBS = 'UPDATE jobs SET due_at_ms = due_at_ms + ?';
const LIST_SUBJECTS = 'SELECT subject_id AS subjectId FROM jobs WHERE kind = ?';
const FIND_DUE = 'SELECT due_at_ms AS dueAtMs FROM jobs WHERE kind = ? AND subject_id = ?';
const NEXT_DUE = 'SELECT min(due_at_ms) AS due FROM jobs';
/** Walks jobs_by_due. */
export const LIST_DUE = `
  SELECT kind, subject_id AS subjectId, site_id AS siteId, due_at_ms AS dueAtMs, attempts FROM jobs
   WHERE due_at_ms <= ? ORDER BY due_at_ms LIMIT 32
`;
const LONGEST_SLEEP_MS = 30_000;
const LONGEST_RETRY_MS = 300_000;

/** Writes a job, in the transaction of whatever made it due. */
export function scheduleJob(db: WritableDb, job: Omit<Job, 'attempts'>): void {
  prepared(db, PUT_JOB).run(job);
}

/** Takes a job away that is no longer needed. */
export function cancelJob(db: WritableDb, kind: string, subjectId: string): void {
  prepared(db, REMOVE_JOB).run(kind, subjectId);
}

/** When the job of a kind about a subject is due; null where there is none. */
export function findJobDueAtMs(db: ReadableDb, kind: string, subjectId: string): number | null {
  return prepared<{ dueAtMs: number }>(db, FIND_DUE).get(kind, subjectId)?.dueAtMs ?? null;
}

/** What jobs of a kind are about. */
export function listJobSubjects(db: ReadableDb, kind: string): readonly string[] {
  return prepared<{ subjectId: string }>(db, LIST_SUBJECTS)
    .all(kind)
    .map(({ subjectId }) => subjectId);
}

/**
 * Does a job inside the transaction that removes it, at `nowMs`, which may be long after it was due; a throw puts it off
 * with growing pauses and is logged as an incident.
 */
export type JobHandler = (db: WritableDb, job: Job, nowMs: number) => void;

export type JobRunner = { start(): void; notify(): void; stop(): void; runDue(): void };

/**
 * Runs due jobs on the station's main thread; what is left at a shutdown are rows. Jobs wait for a time to pass, not for an
 * hour of the day: where the wall clock is set while the runner runs, they move with it.
 */
export function createJobRunner(
  db: WritableDb,
  handlers: Readonly<Record<string, JobHandler>>,
  tools: { readonly clock: Clock; readonly log: Log },
): JobRunner {
  let timer: NodeJS.Timeout | null = null;
  let running = false;
  let shift: ClockShift | null = null;

  function runDue(): 'done' | 'no-room' {
    // The clock is read before it is compared with any row: reading it may move them.
    const startedAtMs = tools.clock.nowMs();
    shift?.catchUp();
    for (const job of prepared<Job>(db, LIST_DUE).all(startedAtMs)) {
      const handle = handlers[job.kind];
      const nowMs = tools.clock.nowMs();
      try {
        if (handle === undefined) throw new Error(`no handler for jobs of kind ${job.kind}`);
        inTransaction(db, () => {
          // An earlier job of this round may have taken this one away, or moved it.
          if (prepared(db, TAKE_JOB).run(job.kind, job.subjectId, job.dueAtMs).changes > 0) handle(db, job, nowMs);
        });
      } catch (error) {
        // A full disk is no fault of the job, and takes no note of it either: all of them wait.
        if (isOutOfRoom(error)) return 'no-room';
        tools.log.incident('job-failed', error, { code: job.kind });
        const pause = Math.min(LONGEST_RETRY_MS, 1000 * 2 ** job.attempts);
        if (!postpone(job, nowMs + pause)) return 'no-room';
      }
    }
    return 'done';
  }

  /** False where the disk has no room for it. */
  function postpone({ kind, subjectId }: Job, dueAtMs: number): boolean {
    try {
      inTransaction(db, () => prepared(db, POSTPONE_JOB).run(dueAtMs, kind, subjectId));
      return true;
    } catch (error) {
      if (!isOutOfRoom(error)) throw error;
      return false;
    }
  }

  function arm(atLeastMs = 0): void {
    if (!running) return;
    if (timer !== null) clearTimeout(timer);
    const nowMs = tools.clock.nowMs();
    const due = prepared<{ due: number | null }>(db, NEXT_DUE).get()?.due ?? null;
    const wait = due === null ? LONGEST_SLEEP_MS : Math.max(atLeastMs, Math.min(LONGEST_SLEEP_MS, due - nowMs));
    timer = setTimeout(() => {
      arm(runDue() === 'no-room' ? NO_ROOM_PAUSE_MS : 0);
    }, wait);
    timer.unref();
  }

  return {
    start() {
      running = true;
      const move = (byMs: number) => {
        inTransaction(db, () => prepared(db, SHIFT_JOBS).run(byMs));
        tools.log.warn('clock-set', { code: byMs < 0 ? 'back' : 'forward', tookMs: Math.abs(byMs) });
      };
      shift = shiftWithClock(tools.clock, move, (error) => tools.log.incident('jobs-not-moved', error));
      arm();
    },
    notify: () => arm(),
    stop() {
      running = false;
      shift?.stop();
      if (timer !== null) clearTimeout(timer);
    },
    runDue: () => void runDue(),
  };
}
