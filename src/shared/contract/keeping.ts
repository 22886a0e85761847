import { z } from 'zod';
import { HoldReason } from '../domain/hold.ts';
import { StudyId } from '../domain/ids.ts';
import { Intent } from '../domain/study.ts';
import { BACKGROUND, procedure } from './procedure.ts';

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
  /** With the first studies: steps and announcements of studies that never came, and old lists of imports, that go with it. */
  records: z.number().int().optional(),
});
export type RetentionWindow = z.infer<typeof RetentionWindow>;

/** Why studies leave the cache now: they are old enough, the site holds too much, or the disk is low. */
export const EVICTION_CAUSES = ['age', 'size', 'disk'] as const;
export const EvictionCause = z.enum(EVICTION_CAUSES);
export type EvictionCause = z.infer<typeof EvictionCause>;

/** What becomes of a study that is old enough to leave: it goes, or what keeps it here. */
export const EVICTION_VERDICTS = ['goes', 'held', 'corrected', 'in-quarantine', 'unproven', 'receiving'] as const;
export const EvictionVerdict = z.enum(EVICTION_VERDICTS);
export type EvictionVerdict = z.infer<typeof EvictionVerdict>;

/** Studies older than the policy, oldest first, as the next look at the cache finds them; `next` continues the list. */
export const EvictionWindow = z.object({
  studies: z.array(
    z.object({
      studyId: StudyId,
      intent: Intent,
      modality: z.string(),
      /** When its last object came, or came back. */
      keptSinceMs: z.number(),
      images: z.number().int(),
      bytes: z.number(),
      verdict: EvictionVerdict,
    }),
  ),
  next: z.string().nullable(),
});
export type EvictionWindow = z.infer<typeof EvictionWindow>;

/** A retention rule as it stands in the configuration; the first that fits a study decides. */
export const RetentionRuleCard = z.object({
  name: z.string(),
  /** Null: every one. */
  modalities: z.array(z.string()).nullable(),
  intents: z.array(Intent).nullable(),
  olderThanDays: z.number(),
  action: z.enum(['keep', 'delete']),
  evenUnproven: z.boolean(),
  /** Who put it into force; null: it is only shown. */
  inForceBy: z.string().nullable(),
});
export type RetentionRuleCard = z.infer<typeof RetentionRuleCard>;

/** A site's rules, in their order, and whether they are being applied. */
export const RetentionRulesCard = z.object({
  rules: z.array(RetentionRuleCard),
  isRunning: z.boolean(),
  keepDiscardedDays: z.number(),
  keepRecordsDays: z.number(),
});
export type RetentionRulesCard = z.infer<typeof RetentionRulesCard>;

/** Somebody or something that keeps a study here. `by`: the person, null where a part of the station holds it. */
export const StudyHold = z.object({
  studyId: StudyId,
  modality: z.string(),
  holder: z.string(),
  by: z.string().nullable(),
  reason: z.string(),
  placedAtMs: z.number(),
});
export type StudyHold = z.infer<typeof StudyHold>;

/** What the cache of the caller's site holds, and by which policy it lets go; no policy: everything stays. */
export const CacheStatus = z.object({
  policy: z.object({ keepDays: z.number(), maxBytes: z.number().nullable() }).nullable(),
  /** Why studies would leave at the next look; null: nothing has to. */
  because: EvictionCause.nullable(),
  /** The disk now, and the free space below which the station warns, refuses connections, and refuses objects. */
  disk: z.object({
    freeBytes: z.number(),
    totalBytes: z.number(),
    state: z.enum(['enough', 'low', 'refusing', 'full', 'unknown']),
    lowBytes: z.number(),
    refuseBytes: z.number(),
    fullBytes: z.number(),
  }),
  bytes: z.number(),
  studies: z.number().int(),
  /** Of these studies: those whose files are with the archive only, at least in part. */
  evicted: z.number().int(),
  /** The last look at what may leave; null before the first. */
  lastRun: z.object({ atMs: z.number(), studies: z.number().int(), bytes: z.number() }).nullable(),
});
export type CacheStatus = z.infer<typeof CacheStatus>;

const window = z.object({
  after: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
const one = z.object({ studyId: StudyId });

/** What stays here and for how long. */
export const keeping = {
  cache: procedure('keeping.manage', BACKGROUND).route({ method: 'GET', path: '/keeping/cache' }).output(CacheStatus),
  /** What the cache would let go, and what keeps the rest: nothing is changed. */
  leaving: procedure('keeping.manage')
    .route({ method: 'GET', path: '/keeping/cache/leaving' })
    .input(window)
    .output(EvictionWindow),
  /** Studies that somebody keeps here, the newest holds first; at most 500. */
  holds: procedure('keeping.manage', BACKGROUND)
    .route({ method: 'GET', path: '/keeping/holds' })
    .output(z.array(StudyHold)),
  /** Keeps a study here, in the name of whoever asks: it neither leaves the cache nor is deleted by a rule. */
  hold: procedure('keeping.manage')
    .route({ method: 'POST', path: '/studies/{studyId}/holds', successStatus: 201 })
    .input(one.extend({ reason: HoldReason }))
    .output(z.object({})),
  /** Ends a person's hold. Conflict `held-by-the-station`: a part of the station holds it, and lets go by itself. */
  releaseHold: procedure('keeping.manage')
    .route({ method: 'POST', path: '/studies/{studyId}/holds/releases' })
    .input(one.extend({ holder: z.string().max(100) }))
    .output(z.object({})),
  rules: procedure('keeping.manage', BACKGROUND)
    .route({ method: 'GET', path: '/keeping/retention/rules' })
    .output(RetentionRulesCard),
  /** A dry run of the retention rules: nothing is changed. */
  preview: procedure('keeping.manage')
    .route({ method: 'GET', path: '/keeping/retention' })
    .input(window)
    .output(RetentionWindow),
  /** Begins a run of the rules in force now instead of tonight; one that is under way is the conflict `retention-running`, a clock set within a day `clock-set-lately`. */
  run: procedure('keeping.manage').route({ method: 'POST', path: '/keeping/retention/runs' }).output(z.object({})),
};
