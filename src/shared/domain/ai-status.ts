import { z } from 'zod';

/** Why a run ended without a result; persisted, so only ever added to. */
export const RUN_FAILURES = [
  'package-unreadable',
  'object-missing',
  'object-damaged',
  'not-decodable',
  'missing-geometry',
  'mixed-sizes',
  'mixed-orientations',
  'not-axial',
  'duplicate-positions',
  'uneven-spacing',
  'too-few-slices',
  'too-many-slices',
  'model-failed',
  'bad-output',
  'outbox-full',
  'cancelled',
  'over-budget',
  'runner-crashed',
  'runner-unavailable',
  'low-memory',
  'over-memory',
  'model-paused',
  'internal',
  'not-coronal',
  'not-sagittal',
  'slices-missing',
  'gantry-tilt',
  'mixed-frames-of-reference',
  'not-calibrated',
  'grid-too-large',
  'scalar-missing',
  'input-mismatch',
  'remote-unreachable',
  'remote-refused',
  'provider-changed',
  'feed-not-run',
  'nothing-to-read',
  'not-applicable',
] as const;

/** Why a study got no answer from an applicable model: no run was owed, or it ended so. */
export const NOT_RUN_REASONS = ['no-eligible-series', 'model-unavailable', ...RUN_FAILURES] as const;
export const NotRunReason = z.enum(NOT_RUN_REASONS);
export type NotRunReason = z.infer<typeof NotRunReason>;

/**
 * What AI says of a study. `no-flag` stands only when every model made for the exam that may flag has read it, and says how many of
 * the eligible series were read; it is never "negative" or "normal".
 * What AI flagged and a reader rejected stays `flagged`, with that word: it never turns into `no-flag`.
 * `late` is a run past its tolerance that still computes: the row stands unflagged meanwhile.
 */
export const AiStatus = z.discriminatedUnion('state', [
  z.object({ state: z.literal('awaiting-images') }),
  z.object({ state: z.literal('no-model') }),
  z.object({ state: z.literal('waiting') }),
  z.object({ state: z.literal('running'), startedAtMs: z.number() }),
  z.object({ state: z.literal('late'), startedAtMs: z.number().nullable() }),
  z.object({
    state: z.literal('flagged'),
    findings: z.array(
      z.object({
        ...{ code: z.string(), display: z.string(), score: z.number(), model: z.string() },
        /** What a reader decided of it; absent while nobody did. */
        decision: z.enum(['accepted', 'modified', 'rejected']).optional(),
      }),
    ),
  }),
  /** Each model reads one series, and this is of the model that had most to choose from. */
  z.object({ state: z.literal('no-flag'), readSeries: z.number().int(), eligibleSeries: z.number().int() }),
  z.object({ state: z.literal('not-applicable'), reason: z.enum(['comparison', 'own']) }),
  z.object({ state: z.literal('not-run'), reason: NotRunReason }),
]);
export type AiStatus = z.infer<typeof AiStatus>;

/** The states by their names alone, as lists are narrowed by them. */
export const AiStateName = z.enum([
  'awaiting-images',
  'no-model',
  'waiting',
  'running',
  'late',
  'flagged',
  'no-flag',
  'not-applicable',
  'not-run',
] satisfies readonly AiStatus['state'][]);
