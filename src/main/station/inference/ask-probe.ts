import type { BreakerCard } from '../../../shared/contract/models.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { cancelJob, findJobDueAtMs } from '../platform/jobs/jobs.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { breakerOf, PROBE_JOB, probeModel } from './model-breaker.ts';
import { findModel } from './models.ts';
import { aboutModel } from './move-exposure.ts';
import type { ModelAct } from './take-step.ts';

const FIND_CHANGE = 'SELECT reason, changed_at_ms AS sinceMs FROM model_breakers WHERE digest = ?';

/** A model's breaker as people are told of it: since when it stands so, what failed last, and when a run will try the model. */
export function describeBreaker(db: ReadableDb, digest: string): BreakerCard {
  const { state, faults } = breakerOf(db, digest);
  const change = prepared<{ reason: string | null; sinceMs: number }>(db, FIND_CHANGE).get(digest);
  return {
    ...{ state, faults, reason: change?.reason ?? null },
    sinceMs: state === 'closed' ? null : (change?.sinceMs ?? null),
    probeAtMs: state === 'open' ? findJobDueAtMs(db, PROBE_JOB, digest) : null,
  };
}

/** Ends a paused model's pause for one run, which decides as it would have when the pause was over. */
export function askProbe(
  db: WritableDb,
  { siteId, digest, actor, atMs }: Omit<ModelAct, 'reason'>,
): Result<null, { readonly code: 'model-not-found' | 'not-paused' }> {
  return inTransaction(db, () => {
    if (findModel(db, digest) === null) return err({ code: 'model-not-found' });
    if (breakerOf(db, digest).state !== 'open') return err({ code: 'not-paused' });
    appendEvent(db, { kind: 'model-probe-asked', payload: { digest }, ...aboutModel(siteId, actor, atMs) });
    cancelJob(db, PROBE_JOB, digest);
    probeModel(db, { kind: PROBE_JOB, subjectId: digest, siteId, dueAtMs: atMs, attempts: 0 }, atMs);
    return ok(null);
  });
}
