import { z } from 'zod';

/**
 * How far something is that is owed to a destination. `held`: it needs a person before it can go on · `rejected`: the
 * destination will not have it as it is · `cancelled`: a person gave it up, and said why. Persisted; only ever added to.
 */
export const DELIVERY_STATES = ['queued', 'claimed', 'sent', 'held', 'delivered', 'rejected', 'cancelled'] as const;
export const DeliveryState = z.enum(DELIVERY_STATES);
export type DeliveryState = z.infer<typeof DeliveryState>;

/** Why the last attempt did not deliver all of it. Persisted; only ever added to. */
export const DELIVERY_CODES = [
  'peer-not-callable',
  'peer-unreachable',
  'peer-refuses-us',
  'association-lost',
  'refused-for-now',
  'refused-by-peer',
  'class-not-taken',
  'objects-not-here',
  'nothing-to-send',
  'internal-fault',
  'no-room-here',
] as const;
export const DeliveryCode = z.enum(DELIVERY_CODES);
export type DeliveryCode = z.infer<typeof DeliveryCode>;

/** Why a person has something sent once more that came to rest, or sooner than it would be. */
export const RETRY_REASONS = ['peer-mended', 'settings-corrected', 'objects-are-back', 'urgent', 'other'] as const;
export const RetryReason = z.enum(RETRY_REASONS);
export type RetryReason = z.infer<typeof RetryReason>;

/** Why a person gave up what was owed. */
export const CANCEL_REASONS = [
  'sent-by-mistake',
  'wrong-destination',
  'sent-another-way',
  'no-longer-needed',
  'other',
] as const;
export const CancelReason = z.enum(CANCEL_REASONS);
export type CancelReason = z.infer<typeof CancelReason>;
