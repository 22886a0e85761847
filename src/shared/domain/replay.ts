import { z } from 'zod';
import { RUN_FAILURES } from './ai-status.ts';

/** What a replay of a receipt came to: everything within the manifest's tolerance, not everything, or nothing to compare. */
export const REPLAY_OUTCOMES = ['same', 'differs', 'could-not'] as const;
export const ReplayOutcome = z.enum(REPLAY_OUTCOMES);
export type ReplayOutcome = z.infer<typeof ReplayOutcome>;

/** Why a replay could not be done; persisted, so only ever added to. What the runner refuses it with is among them. */
export const REPLAY_REASONS = [
  'package-gone',
  'package-changed',
  'input-evicted',
  'input-damaged',
  'input-unknown',
  'outputs-not-kept',
  'provider-not-proven',
  'receipt-changed',
  ...RUN_FAILURES,
] as const;
export const ReplayReason = z.enum(REPLAY_REASONS);
export type ReplayReason = z.infer<typeof ReplayReason>;

/** Something that was not as at the run: a version of the code, the provider or its library. No difference of outputs by itself. */
export const VersionDifference = z.object({ what: z.string(), was: z.string(), is: z.string() });
export type VersionDifference = z.infer<typeof VersionDifference>;

/** One place where a replay says something else than the run. */
export const ReplayDifference = z.object({
  at: z.string(),
  was: z.union([z.number(), z.string()]).nullable(),
  is: z.union([z.number(), z.string()]).nullable(),
  allowed: z.number().nullable(),
});
export type ReplayDifference = z.infer<typeof ReplayDifference>;
