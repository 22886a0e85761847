import { z } from 'zod';

/** Why a person keeps a study here, whatever cache and rules say; only ever added to. */
export const HOLD_REASONS = ['legal-matter', 'incident', 'quality-review', 'teaching', 'research', 'other'] as const;
export const HoldReason = z.enum(HOLD_REASONS);
export type HoldReason = z.infer<typeof HoldReason>;
