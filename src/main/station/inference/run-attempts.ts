import type { RunAttempt } from '../../../shared/domain/receipt.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';

const BEGIN = `
  INSERT INTO run_attempts (run_id, ordinal, started_at_ms)
  VALUES (@runId, (SELECT coalesce(max(ordinal), 0) + 1 FROM run_attempts WHERE run_id = @runId), @atMs)
`;
const END = `
  UPDATE run_attempts SET ended_at_ms = @atMs, outcome = @outcome
   WHERE run_id = @runId AND ended_at_ms IS NULL
`;
const END_UNTRIED = `
  INSERT INTO run_attempts (run_id, ordinal, started_at_ms, ended_at_ms, outcome)
  VALUES (@runId, (SELECT coalesce(max(ordinal), 0) + 1 FROM run_attempts WHERE run_id = @runId), NULL, @atMs, @outcome)
`;
const LIST = `
  SELECT ordinal, started_at_ms AS startedAtMs, ended_at_ms AS endedAtMs, outcome
    FROM run_attempts WHERE run_id = ? ORDER BY ordinal
`;
const KEEP_RECEIPT = `
  UPDATE run_attempts SET receipt = @receipt
   WHERE run_id = @runId AND ordinal = (SELECT max(ordinal) FROM run_attempts WHERE run_id = @runId)
`;

/** Notes that a run begins to be computed, in the transaction that starts it. */
export function beginAttempt(db: WritableDb, runId: string, atMs: number): void {
  prepared(db, BEGIN).run({ runId, atMs });
}

/** Notes how the attempt under way ended: `finished`, or why it did not. A run ended while it waited gets an attempt without a start. */
export function endAttempt(db: WritableDb, runId: string, outcome: string, atMs: number): void {
  if (prepared(db, END).run({ runId, outcome, atMs }).changes > 0) return;
  prepared(db, END_UNTRIED).run({ runId, outcome, atMs });
}

/** Keeps the receipt of a run that ended without a result, with its last attempt. */
export function keepFailureReceipt(db: WritableDb, runId: string, receipt: string): void {
  prepared(db, KEEP_RECEIPT).run({ runId, receipt });
}

/** Every attempt at a run, the first one first. */
export function listAttempts(db: ReadableDb, runId: string): RunAttempt[] {
  return prepared<RunAttempt>(db, LIST).all(runId);
}
