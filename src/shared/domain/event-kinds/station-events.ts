import { z } from 'zod';

/** The station itself: its life, its sites, and who looked at its record. */
export const STATION_EVENTS = {
  'station-started': { version: 1, payload: z.object({ version: z.string() }) },
  'station-stopped': { version: 1, payload: z.object({}) },
  /** Everything after `fromSeq` of the station that was backed up is not in this ledger. */
  'station-restored': {
    version: 1,
    payload: z.object({ takenAtMs: z.number().int(), fromSeq: z.number().int(), missing: z.number().int() }),
  },
  'site-changed': {
    version: 1,
    payload: z.object({ changed: z.array(z.enum(['name', 'zone'])), zone: z.string() }),
  },
  'event-parked': {
    version: 1,
    payload: z.object({ consumer: z.string(), seq: z.number().int(), incidentId: z.string() }),
  },
  'audit-read': { version: 1, payload: z.object({ results: z.number().int() }) },
  'audit-verified': {
    version: 1,
    payload: z.object({ outcome: z.enum(['intact', 'broken']), events: z.number().int() }),
  },
} as const;
