import { z } from 'zod';

/** Why a study is here (DESIGN §4): only `new` starts deadlines, inference and alerts. */
export const INTENTS = ['new', 'comparison', 'own'] as const;
export const Intent = z.enum(INTENTS);
export type Intent = z.infer<typeof Intent>;

/** How far a study's images have come; `assumed` is complete by quiet time alone. */
export const COMPLETENESS = ['receiving', 'complete', 'assumed'] as const;
export const Completeness = z.enum(COMPLETENESS);
export type Completeness = z.infer<typeof Completeness>;

/** What made the station call a study complete: the rule, and the numbers it saw. */
export const CompletenessEvidence = z.object({
  rule: z.enum(['association-ended-gapless-volume', 'quiet-time']),
  instances: z.number().int(),
  series: z.number().int(),
  quietForMs: z.number().int().nullable(),
  associationsReleased: z.number().int(),
  associationsBroken: z.number().int(),
  gaps: z.number().int().nullable(),
});
export type CompletenessEvidence = z.infer<typeof CompletenessEvidence>;

/** Why an object was set aside instead of shown (DESIGN §5.1); only ever added to. */
export const QUARANTINE_REASONS = [
  'unreadable',
  'uids-disagree-with-command',
  'same-uid-other-pixels',
  'same-uid-other-patient',
  'same-uid-other-study',
  'identifiers-missing',
  'damaged-at-rest',
] as const;
export const QuarantineReason = z.enum(QUARANTINE_REASONS);
export type QuarantineReason = z.infer<typeof QuarantineReason>;

export const REPORT_STATES = ['none', 'preliminary', 'final', 'addended'] as const;
export const ReportState = z.enum(REPORT_STATES);
export type ReportState = z.infer<typeof ReportState>;
