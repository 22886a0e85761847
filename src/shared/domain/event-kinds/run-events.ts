import { z } from 'zod';
import { NOT_RUN_REASONS } from '../ai-status.ts';

/** Runs of models, what was asked of them, and runs computed again. */
export const RUN_EVENTS = {
  'run-queued': {
    version: 1,
    payload: z.object({ runId: z.string(), modelDigest: z.string(), revision: z.number().int() }),
  },
  'run-not-queued': {
    version: 1,
    payload: z.object({ reason: z.enum(['no-model', 'no-eligible-series']), revision: z.number().int() }),
  },
  'run-started': { version: 1, payload: z.object({ runId: z.string() }) },
  /** It gave way to a more urgent run, and waits in its place. */
  'run-preempted': { version: 1, payload: z.object({ runId: z.string() }) },
  'run-late': { version: 1, payload: z.object({ runId: z.string() }) },
  'run-finished': {
    version: 1,
    payload: z.object({
      runId: z.string(),
      modelDigest: z.string(),
      revision: z.number().int(),
      findingIds: z.array(z.string()),
      provider: z.string(),
      receiptDigest: z.string(),
      /** The early run whose result this is, where nothing was computed for it. */
      carriedFrom: z.string().optional(),
    }),
  },
  'run-failed': {
    version: 1,
    payload: z.object({
      runId: z.string(),
      reason: z.enum(NOT_RUN_REASONS),
      attempt: z.number().int(),
      final: z.boolean(),
      /** Of the receipt that a run leaves which ended without a result. */
      receiptDigest: z.string().optional(),
    }),
  },
  'raw-outputs-let-go': { version: 1, payload: z.object({ runs: z.number().int(), bytes: z.number().int() }) },
  'replay-asked': {
    version: 1,
    payload: z.object({ replayId: z.string(), runId: z.string(), provider: z.string().nullable() }),
  },
  'replay-ended': {
    version: 1,
    payload: z.object({
      replayId: z.string(),
      runId: z.string(),
      outcome: z.enum(['same', 'differs', 'could-not']),
      reason: z.string().nullable(),
      provider: z.string().nullable(),
      differences: z.number().int(),
    }),
  },
  'analysis-asked': {
    version: 1,
    payload: z.object({
      analysisId: z.string(),
      modelId: z.string().nullable(),
      priority: z.enum(['routine', 'urgent', 'stat']),
    }),
  },
  /** An analysis that was asked for is of this revision. Which runs it waits for is not told: not everybody may know of each. */
  'analysis-begun': {
    version: 2,
    payload: z.object({
      analysisId: z.string(),
      revision: z.number().int(),
      applicability: z.enum(['eligible', 'no-eligible-series', 'no-model']).optional(),
      runIds: z.array(z.string()).optional(),
    }),
  },
} as const;
