import { z } from 'zod';

/**
 * Why a study that somebody opened is to be opened again: `flagged`, it was raised, or flagged anew, above Routine, and nobody saw
 * that; `images`, images came or changed since.
 */
export const OPEN_AGAIN_REASONS = ['flagged', 'images'] as const;
export const OpenAgainReason = z.enum(OPEN_AGAIN_REASONS);
export type OpenAgainReason = z.infer<typeof OpenAgainReason>;

/** What a reader had before them: the images' revision, and how often the study had been raised or flagged by then. */
export const Seen = z.object({ revision: z.int().min(0), raises: z.int().min(0) });
export type Seen = z.infer<typeof Seen>;
