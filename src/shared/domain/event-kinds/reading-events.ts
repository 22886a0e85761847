import { z } from 'zod';
import { Reason, UrgencyLevel, UrgencyStanding } from '../urgency.ts';

/** Who looked for studies and opened them, and how urgent they are. */
export const READING_EVENTS = {
  /** `revision` and `raises` are what the reader had before them; before raises were counted, none is said. */
  'study-opened': {
    version: 1,
    payload: z.object({ userId: z.string(), revision: z.number().int(), raises: z.number().int().optional() }),
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
