import { z } from 'zod';

/** How dangerous waiting is, most dangerous first; the position in this list is the stored rank. */
export const URGENCY_LEVELS = ['critical', 'urgent', 'routine'] as const;
export const UrgencyLevel = z.enum(URGENCY_LEVELS);
export type UrgencyLevel = z.infer<typeof UrgencyLevel>;

/** Who stands behind an urgency: `suspected` is AI or a rule alone (drawn hollow), `confirmed` is a person (drawn filled). */
export const URGENCY_STANDINGS = ['ordinary', 'suspected', 'confirmed'] as const;
export const UrgencyStanding = z.enum(URGENCY_STANDINGS);
export type UrgencyStanding = z.infer<typeof UrgencyStanding>;

/** ACR actionable finding category: 1 minutes, 2 hours, 3 days (STANDARDS §5.1). */
export const AcrCategory = z.union([z.literal(1), z.literal(2), z.literal(3)]);
export type AcrCategory = z.infer<typeof AcrCategory>;

/** The stored sort rank of a level: smaller is read first. */
export function urgencyRank(level: UrgencyLevel): number {
  return URGENCY_LEVELS.indexOf(level);
}

/** The highest level AI may raise a study to for a finding of this category. */
export function ceilingOfCategory(category: AcrCategory): UrgencyLevel {
  const ceilings = { 1: 'critical', 2: 'urgent', 3: 'routine' } as const;
  return ceilings[category];
}

/** The more dangerous of two levels. */
export function moreUrgent(a: UrgencyLevel, b: UrgencyLevel): UrgencyLevel {
  return urgencyRank(a) <= urgencyRank(b) ? a : b;
}

/** Service levels: what kind of waiting the study is allowed (DESIGN §5.5). */
export const SERVICE_LEVELS = ['critical', 'stat-or-emergency', 'inpatient', 'outpatient', 'screening'] as const;
export const ServiceLevel = z.enum(SERVICE_LEVELS);
export type ServiceLevel = z.infer<typeof ServiceLevel>;

/** One reason for a study's place: a code for the page's text, with the values that made it so. */
export const Reason = z.object({ code: z.string(), params: z.record(z.string(), z.union([z.string(), z.number()])) });
export type Reason = z.infer<typeof Reason>;
