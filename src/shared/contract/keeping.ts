import { z } from 'zod';
import { Intent } from '../domain/study.ts';
import { procedure } from './procedure.ts';

/** What a retention rule comes to for a study: it goes, the rule is not in force, or what stands in the way. */
export const RETENTION_VERDICTS = ['delete', 'not-in-force', 'held', 'open', 'in-quarantine', 'unproven'] as const;
export const RetentionVerdict = z.enum(RETENTION_VERDICTS);
export type RetentionVerdict = z.infer<typeof RetentionVerdict>;

/** Studies that deleting rules fit, oldest first; `next` continues the list. */
export const RetentionWindow = z.object({
  studies: z.array(
    z.object({
      studyId: z.string(),
      intent: Intent,
      modality: z.string(),
      lastReceivedAtMs: z.number(),
      images: z.number().int(),
      rule: z.string(),
      verdict: RetentionVerdict,
    }),
  ),
  next: z.string().nullable(),
  /** With the first studies: objects discarded from quarantine so long ago that the next run deletes them. */
  discarded: z.number().int().optional(),
});
export type RetentionWindow = z.infer<typeof RetentionWindow>;

/** What the cache of the caller's site holds, and by which policy it lets go; no policy: everything stays. */
export const CacheStatus = z.object({
  policy: z.object({ keepDays: z.number(), maxBytes: z.number().nullable() }).nullable(),
  bytes: z.number(),
  studies: z.number().int(),
  /** Of these studies: those whose files are with the archive only, at least in part. */
  evicted: z.number().int(),
  /** The last look at what may leave; null before the first. */
  lastRun: z.object({ atMs: z.number(), studies: z.number().int(), bytes: z.number() }).nullable(),
});
export type CacheStatus = z.infer<typeof CacheStatus>;

/** What stays here and for how long. */
export const keeping = {
  cache: procedure('keeping.manage').route({ method: 'GET', path: '/keeping/cache' }).output(CacheStatus),
  /** A dry run of the retention rules: nothing is changed. */
  preview: procedure('keeping.manage')
    .route({ method: 'GET', path: '/keeping/retention' })
    .input(
      z.object({ after: z.string().max(64).optional(), limit: z.coerce.number().int().min(1).max(500).default(100) }),
    )
    .output(RetentionWindow),
  /** Begins a run of the rules in force now instead of tonight; one that is under way is the conflict `retention-running`, a clock set within a day `clock-set-lately`. */
  run: procedure('keeping.manage').route({ method: 'POST', path: '/keeping/retention/runs' }).output(z.object({})),
};
