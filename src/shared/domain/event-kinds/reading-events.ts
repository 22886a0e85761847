import { z } from 'zod';
import { ModifiedAspect, RejectionReason } from '../finding-decision.ts';
import { Reason, UrgencyLevel, UrgencyStanding } from '../urgency.ts';

const keyImage = z.object({
  userId: z.string(),
  sopUid: z.string(),
  frame: z.number().int(),
  identityVersion: z.number().int(),
});

/** Who looked for studies and opened them, and how urgent they are. */
export const READING_EVENTS = {
  /** `revision` and `raises` are what the reader had before them; before raises were counted, none is said. */
  'study-opened': {
    version: 1,
    payload: z.object({ userId: z.string(), revision: z.number().int(), raises: z.number().int().optional() }),
  },
  /** A reader picked an image out, or took that back; the study's patient and their identity as the reader had them before them. */
  'key-image-marked': { version: 1, payload: keyImage },
  'key-image-unmarked': { version: 1, payload: keyImage },
  /** A reader's word on a finding of AI; what they wrote stands with the finding alone. */
  'finding-decided': {
    version: 1,
    payload: z.object({
      findingId: z.string(),
      runId: z.string(),
      decision: z.enum(['accepted', 'modified', 'rejected', 'withdrawn']),
      reason: RejectionReason.nullable(),
      aspects: z.array(ModifiedAspect),
      identityVersion: z.number().int(),
    }),
  },
  'study-read': { version: 1, payload: z.object({ surface: z.string() }) },
  /** Somebody asks for studies: recorded before anything of the question or its answer leaves; how many there were is told after. */
  'search-begun': { version: 1, payload: z.object({ surface: z.string() }) },
  'studies-searched': { version: 1, payload: z.object({ surface: z.string(), results: z.number().int() }) },
  'urgency-set': {
    version: 1,
    payload: z.object({
      level: UrgencyLevel,
      standing: UrgencyStanding,
      previous: UrgencyLevel.nullable(),
      openByAtMs: z.number().nullable(),
      reportByAtMs: z.number().nullable(),
      reasons: z.array(Reason),
    }),
  },
} as const;
