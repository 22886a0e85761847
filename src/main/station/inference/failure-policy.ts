import type { NotRunReason } from '../../../shared/domain/ai-status.ts';

/** What follows when an attempt ends without a result. */
export type FailurePolicy = {
  /** Pauses in ms before each further attempt, in order; after the last the run ends with its reason. */
  readonly retryAfterMs: readonly number[];
  /** Whether it speaks against the model: so many of these in a row pause it (model-breaker.ts). */
  readonly isModelFault: boolean;
};

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** It would only come again: the same pixels, the same package. */
const FINAL: FailurePolicy = { retryAfterMs: [], isModelFault: false };

/**
 * What the reasons mean that are not final. A retry waits behind those of its kind who were not tried yet. *outbox-full* is no
 * attempt at all: the run is put back until there is room.
 */
const POLICIES: Partial<Readonly<Record<NotRunReason, FailurePolicy>>> = {
  // What is missing is asked of other machines, and may be here again.
  'object-missing': { retryAfterMs: [10 * SECOND, 2 * MINUTE], isModelFault: false },
  'model-failed': { retryAfterMs: [], isModelFault: true },
  'bad-output': { retryAfterMs: [], isModelFault: true },
  // The machine may have been busy; a model that hangs costs its budget each time, so once more and no oftener.
  'over-budget': { retryAfterMs: [MINUTE], isModelFault: true },
  // Whatever ended the process, it may not have been this run: two more tries, at once.
  'runner-crashed': { retryAfterMs: [0, 0], isModelFault: true },
  'over-memory': { retryAfterMs: [MINUTE], isModelFault: true },
  'low-memory': { retryAfterMs: [10 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE], isModelFault: false },
  // The model waits until its golden cases hold somewhere again, so a further attempt finds another machine or that one back.
  'remote-unreachable': { retryAfterMs: [10 * SECOND, MINUTE, 5 * MINUTE], isModelFault: false },
  'remote-refused': { retryAfterMs: [0], isModelFault: false },
  'provider-changed': { retryAfterMs: [0, 0, MINUTE], isModelFault: false },
  'runner-unavailable': { retryAfterMs: [5 * SECOND, 30 * SECOND, 2 * MINUTE], isModelFault: false },
};

/** What follows a reason; one that the table does not name ends the run. */
export function policyOf(reason: NotRunReason): FailurePolicy {
  return POLICIES[reason] ?? FINAL;
}

/** The pause before the attempt after `attempts` of them, in ms; null where there is none. */
export function retryAfterMs(reason: NotRunReason, attempts: number): number | null {
  return policyOf(reason).retryAfterMs[attempts - 1] ?? null;
}
