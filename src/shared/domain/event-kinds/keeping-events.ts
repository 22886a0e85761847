import { z } from 'zod';

/** What is kept, how sound it is, and what is let go. */
export const KEEPING_EVENTS = {
  'object-damaged': {
    version: 1,
    payload: z.object({
      digest: z.string(),
      condition: z.enum(['damaged', 'missing', 'key-unknown']),
      quarantineId: z.string().nullable(),
    }),
  },
  'object-healed': { version: 1, payload: z.object({ digest: z.string(), quarantineId: z.string().nullable() }) },
  /** Somebody let everything be verified now. */
  'objects-verification-asked': { version: 1, payload: z.object({}) },
  'objects-verified': {
    version: 1,
    payload: z.object({ objects: z.number().int(), bytes: z.number().int(), damaged: z.number().int() }),
  },
  'object-keys-rotated': { version: 1, payload: z.object({ keyId: z.string(), how: z.enum(['rewrap', 'reseal']) }) },
  'object-rotation-finished': {
    version: 1,
    payload: z.object({
      how: z.string(),
      objects: z.number().int(),
      faults: z.number().int(),
      forgotten: z.number().int(),
    }),
  },
  'study-held': { version: 1, payload: z.object({ holder: z.string(), reason: z.string() }) },
  'study-hold-released': { version: 1, payload: z.object({ holder: z.string() }) },
  'study-evicted': {
    version: 1,
    payload: z.object({ objects: z.number().int(), bytes: z.number().int(), because: z.enum(['age', 'size', 'disk']) }),
  },
  'study-deleted': {
    version: 1,
    payload: z.object({ rule: z.string(), objects: z.number().int(), bytes: z.number().int() }),
  },
  /** Somebody let the retention rules run. */
  'retention-run-asked': { version: 1, payload: z.object({}) },
  'records-forgotten': {
    version: 1,
    payload: z.object({ steps: z.number().int(), notices: z.number().int(), imports: z.number().int() }),
  },
  'quarantine-read': { version: 1, payload: z.object({ quarantineId: z.string() }) },
  'quarantine-exported': { version: 1, payload: z.object({ quarantineId: z.string(), digest: z.string() }) },
  'quarantine-settled': {
    version: 1,
    payload: z.object({
      quarantineId: z.string(),
      digest: z.string(),
      how: z.enum(['filed', 'set-aside-anew', 'discarded', 'taken-back', 'deleted', 'replaced']),
      because: z.string(),
    }),
  },
} as const;
