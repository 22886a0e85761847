import { z } from 'zod';

/** What a site's medical lead signs for triage, each with versions of its own. */
export const TRIAGE_SET_KINDS = ['policy', 'rules', 'routing'] as const;
export const TriageSetKind = z.enum(TRIAGE_SET_KINDS);
export type TriageSetKind = z.infer<typeof TriageSetKind>;

/** Where a version stands: one at most is proposed, and one at most in force. */
export const TriageSetState = z.enum(['proposed', 'current', 'replaced', 'withdrawn']);
export type TriageSetState = z.infer<typeof TriageSetState>;
