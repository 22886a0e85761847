import { z } from 'zod';
import { NOT_RUN_REASONS } from '../ai-status.ts';
import { AcceptanceRole, ExposureCause } from '../exposure.ts';
import { ModelUse } from '../model-manifest.ts';

/** Models at this station and how far each reaches. */
export const MODEL_EVENTS = {
  'model-installed': {
    version: 1,
    payload: z.object({ modelId: z.string(), version: z.string(), digest: z.string() }),
  },
  'model-verified': {
    version: 1,
    payload: z.object({ digest: z.string(), provider: z.string(), goldenCases: z.number().int() }),
  },
  /** A model failed so often in a row that none of its runs begins until one has tried it. */
  'model-paused': {
    version: 1,
    payload: z.object({
      digest: z.string(),
      reason: z.enum(NOT_RUN_REASONS),
      faults: z.number().int(),
      probeAtMs: z.number(),
    }),
  },
  /** Somebody had one run try a paused model before its pause was over. */
  'model-probe-asked': { version: 1, payload: z.object({ digest: z.string() }) },
  'model-resumed': { version: 1, payload: z.object({ digest: z.string() }) },
  /** A model came to a stage at a site; what was said of why stands with the step. */
  'model-exposed': {
    version: 2,
    payload: z.object({
      digest: z.string(),
      stage: z.string(),
      from: z.string().optional(),
      cause: ExposureCause.optional(),
      stepId: z.string().optional(),
      acceptanceId: z.string().optional(),
    }),
  },
  /** What waited when a step was taken has come in line with it, and rows are built anew. */
  'model-exposure-settled': { version: 1, payload: z.object({ digest: z.string() }) },
  'model-uses-set': {
    version: 1,
    payload: z.object({ digest: z.string(), stepId: z.string(), uses: z.array(ModelUse) }),
  },
  'operating-point-chosen': { version: 1, payload: z.object({ digest: z.string(), version: z.number().int() }) },
  'operating-point-signed': { version: 1, payload: z.object({ digest: z.string(), version: z.number().int() }) },
  'acceptance-targets-fixed': {
    version: 1,
    payload: z.object({ acceptanceId: z.string(), digest: z.string(), operatingPoint: z.number().int() }),
  },
  'acceptance-report-read': { version: 1, payload: z.object({ acceptanceId: z.string(), digest: z.string() }) },
  'acceptance-signed': {
    version: 1,
    payload: z.object({
      acceptanceId: z.string(),
      digest: z.string(),
      as: AcceptanceRole,
      reportDigest: z.string(),
      isComplete: z.boolean(),
    }),
  },
  'silent-results-read': { version: 1, payload: z.object({ digest: z.string(), results: z.number().int() }) },
  /** A reader said what is in a study; of which labels, and what, stands in the rows alone: a story is read by those who may not know. */
  'truth-recorded': { version: 1, payload: z.object({ labels: z.number().int() }) },
  /** `sourceId`: a scanner's protocol as the station counts them; 0: all together. */
  'coverage-alarm-raised': {
    version: 1,
    payload: z.object({ digest: z.string(), sourceId: z.number().int(), cause: z.string() }),
  },
  'coverage-alarm-ended': {
    version: 1,
    payload: z.object({ digest: z.string(), sourceId: z.number().int(), cause: z.string() }),
  },
  /** A week of a model's inputs or scores is not as the silent ones were; `week` counts Mondays from 1969-12-29. */
  'model-drifted': {
    version: 1,
    payload: z.object({
      digest: z.string(),
      week: z.number().int(),
      moved: z.array(z.string()),
      movedFar: z.array(z.string()),
    }),
  },
} as const;
