import { z } from 'zod';

/** On which side of its threshold a score is flagged: high scores of most labels, low ones where small is bad. */
export const FLAG_WHEN = ['at-least', 'at-most'] as const;
export const FlagWhen = z.enum(FLAG_WHEN);
export type FlagWhen = z.infer<typeof FlagWhen>;

/** Whether a score has reached a threshold from its own side; no threshold is never reached. */
export function reaches(score: number, threshold: number | null, flagWhen: FlagWhen): boolean {
  if (threshold === null) return false;
  return flagWhen === 'at-least' ? score >= threshold : score <= threshold;
}

/** The score that speaks most for a flag: the highest, or the lowest where small is bad; null of none. */
export function worstOf(scores: readonly number[], flagWhen: FlagWhen): number | null {
  if (scores.length === 0) return null;
  return scores.reduce((worst, score) => (flagWhen === 'at-least' ? Math.max(worst, score) : Math.min(worst, score)));
}
