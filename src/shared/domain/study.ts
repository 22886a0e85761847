import { z } from 'zod';

/** Why a study is here (DESIGN §4): only `new` starts deadlines, inference and alerts. */
export const INTENTS = ['new', 'comparison', 'own'] as const;
export const Intent = z.enum(INTENTS);
export type Intent = z.infer<typeof Intent>;

/**
 * Why a study is not new: what its sender sends is for comparison, we are fetching it, or it states a date older than new
 * studies of its sender are.
 */
export const INTENT_REASONS = ['as-sent', 'fetched', 'study-date'] as const;
export const IntentReason = z.enum(INTENT_REASONS);
export type IntentReason = z.infer<typeof IntentReason>;

/** What made a study new that was not: a person's word, a sender whose studies are new, a step that a modality performs now. */
export const PROMOTION_REASONS = ['person', 'sent-as-new', 'procedure-step'] as const;

/** How far a study's images have come; `assumed` is complete by quiet time alone. */
export const COMPLETENESS = ['receiving', 'complete', 'assumed'] as const;
export const Completeness = z.enum(COMPLETENESS);
export type Completeness = z.infer<typeof Completeness>;

/** What can speak for a study being complete, the strongest first; quiet time is what is left when none of it does. */
export const EVIDENCE_KINDS = [
  'performed-steps',
  'availability-notices',
  'order',
  'count-at-sender',
  'gapless-volume',
] as const;
export const EvidenceKind = z.enum(EVIDENCE_KINDS);
export type EvidenceKind = z.infer<typeof EvidenceKind>;

/** What speaks against a study being all there, with the numbers that say so. */
export const CompletenessMark = z.discriminatedUnion('code', [
  z.object({ code: z.literal('association-broken'), count: z.number().int() }),
  z.object({ code: z.literal('step-in-progress'), count: z.number().int() }),
  z.object({ code: z.literal('step-discontinued'), count: z.number().int() }),
  z.object({ code: z.literal('fewer-than-expected'), expected: z.number().int(), here: z.number().int() }),
  z.object({ code: z.literal('volume-has-gaps'), count: z.number().int() }),
]);
export type CompletenessMark = z.infer<typeof CompletenessMark>;

/** One who said how much there is: a modality (MPPS), a system that announces (IAN), an order, an archive that was asked. */
export const EvidenceSource = z.object({
  kind: EvidenceKind.exclude(['gapless-volume']),
  /** Of MPPS, IAN and counts the peer; of an order its key. */
  from: z.string(),
  state: z.enum(['in-progress', 'completed', 'discontinued']).nullable(),
  instances: z.number().int(),
  atMs: z.number(),
});
export type EvidenceSource = z.infer<typeof EvidenceSource>;

/**
 * What the station went by when it called a study complete, or holds while it does not yet (`undecided`): the rule, and
 * the numbers it saw. Evidence stored before there were sources and marks has none.
 */
export const CompletenessEvidence = z.object({
  rule: z.enum([
    'association-ended-gapless-volume',
    'quiet-time',
    'performed-steps-completed',
    'all-announced-here',
    'order-fulfilled',
    'count-at-sender-reached',
    'undecided',
  ]),
  instances: z.number().int(),
  series: z.number().int(),
  quietForMs: z.number().int().nullable(),
  associationsReleased: z.number().int(),
  associationsBroken: z.number().int(),
  gaps: z.number().int().nullable(),
  /** Named by MPPS or IAN, and how many of those are not here. */
  named: z.number().int().default(0),
  awaited: z.number().int().default(0),
  sources: z.array(EvidenceSource).default([]),
  marks: z.array(CompletenessMark).default([]),
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
