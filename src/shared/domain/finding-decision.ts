import { z } from 'zod';

/** Why a reader says that what AI flagged is not so; persisted, so only ever added to. `other` is said in words. */
export const REJECTION_REASONS = [
  'not-there',
  'normal-structure',
  'artefact',
  'other-finding',
  'not-acute',
  'other',
] as const;
export const RejectionReason = z.enum(REJECTION_REASONS);
export type RejectionReason = z.infer<typeof RejectionReason>;

/** In what a finding is otherwise than AI said, though there is one; persisted, so only ever added to. */
export const MODIFIED_ASPECTS = ['kind', 'side', 'place', 'extent', 'number', 'age'] as const;
export const ModifiedAspect = z.enum(MODIFIED_ASPECTS);
export type ModifiedAspect = z.infer<typeof ModifiedAspect>;

const words = z.string().trim().min(3).max(500);

/** What a reader decides of one finding: it is so, it is not, or it is there but otherwise. */
export const FindingVerdict = z.discriminatedUnion('decision', [
  z.strictObject({ decision: z.literal('accepted') }),
  z
    .strictObject({ decision: z.literal('rejected'), reason: RejectionReason, words: words.optional() })
    .refine(({ reason, words: said }) => reason !== 'other' || said !== undefined, { path: ['words'] }),
  z.strictObject({ decision: z.literal('modified'), aspects: z.array(ModifiedAspect).min(1).max(6), words }),
]);
export type FindingVerdict = z.infer<typeof FindingVerdict>;

/** A verdict, or that the last one is taken back. */
export const FindingDecision = z.union([FindingVerdict, z.strictObject({ decision: z.literal('withdrawn') })]);
export type FindingDecision = z.infer<typeof FindingDecision>;
