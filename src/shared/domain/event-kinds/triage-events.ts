import { z } from 'zod';
import { PresenceState, RouteStanding } from '../triage-routing.ts';
import { TriageSetKind } from '../triage-set.ts';

const set = z.object({ set: TriageSetKind, version: z.number().int() });

/** What a site's people decide of how its studies are placed, and rules that could not be asked. */
export const TRIAGE_EVENTS = {
  'triage-set-proposed': { version: 1, payload: set },
  'triage-set-withdrawn': { version: 1, payload: set },
  'triage-set-signed': { version: 1, payload: set },
  'triage-rule-failed': {
    version: 1,
    payload: z.object({ ruleId: z.string(), version: z.number().int(), code: z.enum(['value-missing', 'failed']) }),
  },
  /** For whom a study is, and by which code; `version` is the signed routing's, 0 where there is none. */
  'study-routed': {
    version: 1,
    payload: z.object({
      standing: RouteStanding.nullable(),
      readerId: z.string().nullable(),
      groupId: z.string().nullable(),
      code: z.string(),
      version: z.number().int(),
    }),
  },
  'reader-presence-set': {
    version: 1,
    payload: z.object({ userId: z.string(), state: PresenceState.nullable(), untilMs: z.number() }),
  },
  /** A study set to a reader, or a reader taken out, for a time. */
  'routing-overridden': {
    version: 1,
    payload: z.object({
      overrideId: z.string(),
      kind: z.enum(['pin', 'out']),
      userId: z.string(),
      untilMs: z.number(),
    }),
  },
  'routing-override-ended': {
    version: 1,
    payload: z.object({
      overrideId: z.string(),
      kind: z.enum(['pin', 'out']),
      userId: z.string(),
      because: z.enum(['expired', 'taken-back', 'replaced', 'opened']),
    }),
  },
} as const;
