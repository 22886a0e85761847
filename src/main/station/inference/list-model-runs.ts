import { z } from 'zod';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import type { ExposureStage } from './models.ts';
import { IS_SHOWN } from './shown-runs.ts';

/** Which runs of a model are asked for, newest first. */
export type RunsQuestion = {
  readonly siteId: string;
  readonly digest: string;
  /** Those that ended without a result; null: all. */
  readonly only: 'not-run' | null;
  /** Those that ended without a result for this reason; null: whatever the reason. */
  readonly because: string | null;
  /** For whoever may report: leaves out the runs that were silent then, and those of a pilot for others. */
  readonly hidesSilent: boolean;
  readonly viewerId: string;
  readonly after: string | null;
  readonly limit: number;
};

/** A run of a model, without what it said. */
export type ModelRun = {
  readonly runId: string;
  readonly studyId: string;
  readonly revision: number;
  readonly stage: ExposureStage;
  readonly state: 'queued' | 'running' | 'finished' | 'failed' | 'superseded';
  readonly isLate: boolean;
  readonly reason: string | null;
  readonly attempts: number;
  readonly provider: string | null;
  readonly queuedAtMs: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
};

export type ModelRunWindow = { readonly runs: readonly ModelRun[]; readonly next: string | null };

const COLUMNS = `
  SELECT r.run_id AS runId, r.study_id AS studyId, r.study_revision AS revision, r.stage, r.state, r.is_late AS isLate, r.reason,
         r.attempts, r.provider, r.queued_at_ms AS queuedAtMs, r.started_at_ms AS startedAtMs, r.finished_at_ms AS finishedAtMs
    FROM runs r JOIN models m ON m.digest = r.model_digest
   WHERE r.site_id = @siteId AND r.model_digest = @digest AND (r.queued_at_ms, r.run_id) < (@atMs, @runId)
     AND (@hidesSilent = 0 OR ${IS_SHOWN})
`;
const ORDER = 'ORDER BY r.queued_at_ms DESC, r.run_id DESC LIMIT @limit';
/** Walks runs_by_model from the key. */
export const LIST_RUNS_BEFORE = `${COLUMNS} ${ORDER}`;
/** Walks runs_not_run from the key. */
export const LIST_NOT_RUN_BEFORE = `${COLUMNS} AND r.state = 'failed' ${ORDER}`;
/** Walks runs_not_run_because from the key. */
export const LIST_NOT_RUN_BECAUSE = `${COLUMNS} AND r.state = 'failed' AND r.reason = @because ${ORDER}`;

const Key = z.tuple([z.number(), z.string()]);
const LAST: z.infer<typeof Key> = [Number.MAX_SAFE_INTEGER, '\uffff'];

/** A window of a model's runs; a key that is none begins anew. */
export function listModelRuns(db: ReadableDb, question: RunsQuestion): ModelRunWindow {
  const { siteId, digest, only, because, hidesSilent, viewerId, limit } = question;
  const [atMs, runId] = parseKey(question.after);
  const rows = prepared<Omit<ModelRun, 'isLate'> & { isLate: number }>(
    db,
    because !== null ? LIST_NOT_RUN_BECAUSE : only === 'not-run' ? LIST_NOT_RUN_BEFORE : LIST_RUNS_BEFORE,
  ).all({ siteId, digest, because, atMs, runId, limit: limit + 1, hidesSilent: hidesSilent ? 1 : 0, viewer: viewerId });
  const runs = rows.slice(0, limit).map((row) => ({ ...row, isLate: row.isLate === 1 }));
  const last = runs.at(-1);
  return {
    runs,
    next: rows.length > limit && last !== undefined ? keyOf([last.queuedAtMs, last.runId]) : null,
  };
}

function keyOf(key: z.infer<typeof Key>): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

function parseKey(text: string | null): z.infer<typeof Key> {
  if (text === null) return LAST;
  try {
    return Key.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    return LAST; // Not one of ours: whoever made it up gets the newest.
  }
}
