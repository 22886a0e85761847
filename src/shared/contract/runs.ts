import { z } from 'zod';
import { RunId, StudyId } from '../domain/ids.ts';
import { Receipt, RefusedSeriesReason, RunAttempt } from '../domain/receipt.ts';
import { ReplayDifference, ReplayOutcome, ReplayReason, VersionDifference } from '../domain/replay.ts';
import { BACKGROUND, procedure } from './procedure.ts';
import { StudyFace } from './quarantine.ts';
import { RunCard } from './studies.ts';

/** A receipt computed again, and how what came of it compares. */
export const ReplayCard = z.object({
  replayId: z.uuid(),
  runId: RunId,
  /** Null: on the provider in use. */
  providerAsked: z.string().nullable(),
  askedBy: z.string(),
  askedAtMs: z.number(),
  state: z.enum(['queued', 'running', ...ReplayOutcome.options]),
  reason: ReplayReason.nullable(),
  startedAtMs: z.number().nullable(),
  endedAtMs: z.number().nullable(),
  provider: z.string().nullable(),
  onnxruntimeVersion: z.string().nullable(),
  /** The first of them; all are counted. */
  differences: z.array(ReplayDifference),
  differenceCount: z.number().int(),
  versions: z.array(VersionDifference),
  timings: z.record(z.string(), z.number()),
});
export type ReplayCard = z.infer<typeof ReplayCard>;

/** Whether the stored receipt is the one whose digest stands in the ledger. */
export const ReceiptCheckCard = z.object({
  state: z.enum(['unchanged', 'changed', 'not-in-ledger']),
  digest: z.string(),
  ledgerDigest: z.string().nullable(),
  seq: z.number().int().nullable(),
});
export type ReceiptCheckCard = z.infer<typeof ReceiptCheckCard>;

/** One of the runs of a model on a study: what late images and newer versions made of it. Both stay on record. */
export const RunOfChain = z.object({
  runId: RunId,
  revision: z.number().int(),
  version: z.string(),
  state: RunCard.shape.state,
  reason: z.string().nullable(),
  queuedAtMs: z.number(),
  finishedAtMs: z.number().nullable(),
});
export type RunOfChain = z.infer<typeof RunOfChain>;

/** One run with everything that proves what it did. */
export const RunDetail = z.object({
  runId: RunId,
  studyId: StudyId,
  study: StudyFace.nullable(),
  revision: z.number().int(),
  /** The revision the study has now. */
  studyRevision: z.number().int(),
  model: z.object({
    id: z.string(),
    name: z.string(),
    version: z.string(),
    digest: z.string(),
    clinicalUse: z.string(),
    stage: z.string(),
  }),
  state: RunCard.shape.state,
  reason: z.string().nullable(),
  provider: z.string().nullable(),
  queuedAtMs: z.number(),
  startedAtMs: z.number().nullable(),
  finishedAtMs: z.number().nullable(),
  attempts: z.array(RunAttempt),
  /** The receipt as stored, in RFC 8785 form: its SHA-256 is the digest. Null until the run ended. */
  receipt: z.string().nullable(),
  check: ReceiptCheckCard.nullable(),
  /** What is kept beside the receipt of what the model gave: numbers, and files of raw tensors by digest. */
  kept: z.object({
    numbers: z.boolean(),
    tensors: z.array(z.object({ tensor: z.string(), digest: z.string(), sizeBytes: z.number().int() })),
  }),
  chain: z.array(RunOfChain),
  replays: z.array(ReplayCard),
  /** Where a replay may be computed now; empty while the runner is not ready. */
  provenProviders: z.array(z.string()),
});
export type RunDetail = z.infer<typeof RunDetail>;

/** Why a model has no run of a study that it could read, or does not know the exam. */
export const MODEL_READING_REASONS = [
  'not-new',
  'receiving',
  'not-shown-then',
  'other-modality',
  'excluded-description',
  'other-region',
] as const;

/** What a model that is shown makes of a study's series as they are now. */
export const ModelReading = z.object({
  model: z.object({ id: z.string(), name: z.string(), version: z.string() }),
  /** `read`: it has a run; `fits`: it would read it, and `reason` says why it has not; `not-this-exam`: `reason` says what is other. */
  state: z.enum(['read', 'fits', 'no-eligible-series', 'not-this-exam']),
  reason: z.enum(MODEL_READING_REASONS).nullable(),
  /** The series it reads. */
  seriesUid: z.string().nullable(),
  /** Series of an exam it knows that it does not read; the first of them, all are counted. */
  refused: z.array(RefusedSeriesReason),
  refusedCount: z.number().int(),
});
export type ModelReading = z.infer<typeof ModelReading>;

const one = z.object({ runId: RunId });

/** Runs of models, their receipts, and receipts computed again. What may not be shown to the caller is as if it were not there. */
export const runs = {
  list: procedure('study.read', BACKGROUND)
    .route({ method: 'GET', path: '/studies/{studyId}/runs' })
    .input(z.object({ studyId: StudyId }))
    .output(z.array(RunCard)),
  /** Of every model that the caller is shown, whether it read the study and why not; silent ones are as if they were not there. */
  models: procedure('study.read', BACKGROUND)
    .route({ method: 'GET', path: '/studies/{studyId}/models' })
    .input(z.object({ studyId: StudyId }))
    .output(z.array(ModelReading)),
  get: procedure('study.read', BACKGROUND).route({ method: 'GET', path: '/runs/{runId}' }).input(one).output(RunDetail),
  /** Not found `run-has-no-receipt` until the run ended; `receipt-of-older-form` is a conflict. */
  receipt: procedure('study.read').route({ method: 'GET', path: '/runs/{runId}/receipt' }).input(one).output(Receipt),
  /** Not found `run-has-no-receipt`. */
  checkReceipt: procedure('study.read')
    .route({ method: 'POST', path: '/runs/{runId}/receipt/checks' })
    .input(one)
    .output(ReceiptCheckCard),
  /**
   * Owes a replay; one that waits for the same is given instead. Conflicts: `run-has-no-receipt`, `receipt-changed`,
   * `receipt-of-older-form`, `provider-not-proven`, `too-many-replays`.
   */
  replay: procedure('run.replay')
    .route({ method: 'POST', path: '/runs/{runId}/replays', successStatus: 202 })
    .input(one.extend({ provider: z.string().min(1).max(32).optional() }))
    .output(ReplayCard),
  replays: procedure('study.read', BACKGROUND)
    .route({ method: 'GET', path: '/runs/{runId}/replays' })
    .input(one)
    .output(z.array(ReplayCard)),
};
