import { z } from 'zod';
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
} as const;
