import { z } from 'zod';
import { NotRunReason } from './ai-status.ts';

/** How urgent somebody who asks for an analysis says it is. */
export const ANALYSIS_PRIORITIES = ['routine', 'urgent', 'stat'] as const;
export const AnalysisPriority = z.enum(ANALYSIS_PRIORITIES);
export type AnalysisPriority = z.infer<typeof AnalysisPriority>;

/**
 * What came of an analysis that was asked for, in the words of the worklist. `no-flag` stands only when every model that was
 * asked has read the study; it is no finding that there is nothing, and is never told as one.
 */
export const AnalysisState = z.discriminatedUnion('state', [
  z.object({ state: z.literal('awaiting-images') }),
  z.object({ state: z.literal('no-model') }),
  z.object({ state: z.literal('waiting') }),
  z.object({ state: z.literal('running'), startedAtMs: z.number() }),
  z.object({ state: z.literal('flagged') }),
  z.object({ state: z.literal('no-flag') }),
  z.object({ state: z.literal('not-run'), reason: NotRunReason }),
]);
export type AnalysisState = z.infer<typeof AnalysisState>;
