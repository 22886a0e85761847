import { z } from 'zod';

/** What a person may correct in who a study belongs to and what of it is shown; only ever added to. */
export const CORRECTION_KINDS = [
  'study-moved',
  'study-split',
  'patients-merged',
  'hidden',
  'identity-confirmed',
  'version-replaced',
] as const;
export const CorrectionKind = z.enum(CORRECTION_KINDS);
export type CorrectionKind = z.infer<typeof CorrectionKind>;

/** Why a person corrected an identity; only ever added to. */
export const CORRECTION_REASONS = [
  'wrong-worklist-entry',
  'wrong-patient-selected',
  'registration-error',
  'registered-twice',
  'emergency-identified',
  'studies-mixed',
  'name-changed',
  'other',
] as const;
export const CorrectionReason = z.enum(CORRECTION_REASONS);
export type CorrectionReason = z.infer<typeof CorrectionReason>;

/** Why objects are hidden: the four titles of rejection notes (IHE RAD, Image Object Change Management), and what only people say. */
export const HIDING_REASONS = [
  'rejected-for-quality',
  'rejected-for-patient-safety',
  'incorrect-worklist-entry',
  'retention-expired',
  'test-images',
  'sent-twice',
  'other',
] as const;
export const HidingReason = z.enum(HIDING_REASONS);
export type HidingReason = z.infer<typeof HidingReason>;

/** Why a person gave up an object that was set aside; only ever added to. */
export const DISCARD_REASONS = [
  'stored-one-is-right',
  'damaged',
  'test-object',
  'wrong-patient',
  'not-for-this-site',
  'other',
] as const;
export const DiscardReason = z.enum(DISCARD_REASONS);
export type DiscardReason = z.infer<typeof DiscardReason>;

/** How a person may let an object out of quarantine, against the outcome table. */
export const RELEASES = ['as-current-version', 'into-the-study-it-names', 'as-a-study-of-its-own'] as const;
export const Release = z.enum(RELEASES);
export type Release = z.infer<typeof Release>;
