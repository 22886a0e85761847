import { z } from 'zod';

/** The receipt of one run as it is stored: what was read, by what, when, and what came out. Fields a later build adds are kept as they are. */

const Digest = z.string().regex(/^[0-9a-f]{64}$/);

/** A series a model read, or could have read, and what spoke for it. */
export const SeriesReason = z.object({ seriesUid: z.string(), because: z.array(z.string()) });
export type SeriesReason = z.infer<typeof SeriesReason>;

/** A series of the exam that a model does not read, and the first reason why not. */
export const RefusedSeriesReason = z.object({ seriesUid: z.string(), reason: z.string() });
export type RefusedSeriesReason = z.infer<typeof RefusedSeriesReason>;

/** One try at a run. `outcome`: `finished`, or why it ended; null while it computes. */
export const RunAttempt = z.object({
  ordinal: z.number().int(),
  /** Null: it ended before anything was tried. */
  startedAtMs: z.number().nullable(),
  endedAtMs: z.number().nullable(),
  outcome: z.string().nullable(),
});
export type RunAttempt = z.infer<typeof RunAttempt>;

export const ReceiptInput = z.object({ sopUid: z.string(), digest: Digest, transferSyntaxUid: z.string() });
export type ReceiptInput = z.infer<typeof ReceiptInput>;

/**
 * What a run was given beside its series: other series of the study, the runs of other models that fed it, and, where people had
 * given the study to another patient than its objects name, that patient's age and sex instead of what those say.
 */
export const ReceiptBeside = z.object({
  otherSeries: z.array(z.object({ id: z.string(), seriesUid: z.string(), inputs: z.array(ReceiptInput) })),
  fed: z.array(z.object({ id: z.string(), runId: z.string() })),
  patient: z.literal('corrected').optional(),
});
export type ReceiptBeside = z.infer<typeof ReceiptBeside>;

/** What raw outputs are kept: nothing but their digest, the numbers, or besides them every tensor as the model gave it. */
export const RAW_OUTPUT_POLICIES = ['none', 'numbers', 'all'] as const;
export const RawOutputPolicy = z.enum(RAW_OUTPUT_POLICIES);
export type RawOutputPolicy = z.infer<typeof RawOutputPolicy>;

/** Form 2 of a receipt. Its digest is SHA-256 over its RFC 8785 form and stands in the ledger. */
export const Receipt = z.looseObject({
  form: z.literal(2),
  runId: z.string(),
  outcome: z.enum(['finished', 'failed']),
  /** Why there is no result; null where there is one. */
  reason: z.string().nullable(),
  /** Of a bad output: which tensor is none, and why. */
  badOutput: z.object({ tensor: z.string(), why: z.string() }).optional(),
  study: z.object({ studyUid: z.string(), revision: z.number().int() }),
  /** Read while its study still received. */
  isEarly: z.boolean().optional(),
  /** The early run whose result it is: of the same images, not computed again. */
  carriedFrom: z.object({ runId: z.string(), revision: z.number().int(), receiptDigest: Digest }).optional(),
  model: z.object({
    id: z.string(),
    version: z.string(),
    /** SHA-256 over the manifest's RFC 8785 form: what the package is known by. */
    manifestDigest: Digest,
    weightsDigest: Digest,
    clinicalUse: z.string(),
    stage: z.string(),
  }),
  series: SeriesReason.extend({
    others: z.array(SeriesReason),
    refused: z.array(RefusedSeriesReason).default([]),
  }),
  inputs: z.array(ReceiptInput),
  beside: ReceiptBeside.optional(),
  /** Models whose answer it needs and that had none. */
  needs: z.array(z.string()).optional(),
  /** The analyses that asked for it, where anybody did. */
  askedIn: z.array(z.object({ analysisId: z.string(), askedBy: z.string() })),
  queuedAtMs: z.number(),
  startedAtMs: z.number().nullable(),
  endedAtMs: z.number(),
  /** From being owed to the last start, in milliseconds. */
  queueWaitMs: z.number().nullable(),
  attempts: z.array(RunAttempt),
  /** Milliseconds by stage, as far as it came. */
  timings: z.record(z.string(), z.number()),
  /** What the station computed on. */
  machine: z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())])),
  /** What each label was flagged from, and whatever else the manifest says about its limits. */
  operatingPoint: z.array(z.looseObject({ id: z.string() })),
  findings: z.array(
    z.object({
      findingId: z.string(),
      code: z.string(),
      /** The label's id in the manifest; receipts of before have the code alone. */
      label: z.string().optional(),
      score: z.number(),
      threshold: z.number(),
    }),
  ),
  /** What each label came to: flagged, uncertain or not flagged, its score and the threshold in force. */
  verdicts: z
    .array(
      z.object({
        label: z.string(),
        /** What the manifest calls it; receipts of before have its id alone. */
        name: z.string().optional(),
        /** `at-most` where a low score is bad. */
        flagWhen: z.string().optional(),
        state: z.string(),
        score: z.number().nullable(),
        threshold: z.number().nullable(),
      }),
    )
    .default([]),
  /** What the model said in one number each: scores and measurements of the whole series. */
  outputs: z.array(z.looseObject({ tensor: z.string(), value: z.number() })),
  /** All that it gave, per slice and place too, kept apart by this policy; null where there was nothing. */
  raw: z.object({ policy: RawOutputPolicy, digest: Digest, numbers: z.number().int() }).nullable(),
});
export type Receipt = z.infer<typeof Receipt>;
