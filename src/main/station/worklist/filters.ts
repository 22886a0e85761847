import type { WorklistFilter } from '../../../shared/contract/worklist.ts';

/** Each quick filter as a condition on the projection; comparison studies are priors and stand in their own filter only. */
export const FILTER_CONDITIONS: Readonly<Record<WorklistFilter, string>> = {
  all: "intent = 'new'",
  critical: "intent = 'new' AND urgency_rank = 0",
  urgent: "intent = 'new' AND urgency_rank = 1",
  unread: "intent = 'new' AND is_opened = 0",
  'ai-flagged': "intent = 'new' AND ai_state = 'flagged'",
  'ai-not-run': "intent = 'new' AND ai_state = 'not-run'",
  receiving: "intent = 'new' AND completeness = 'receiving'",
  comparison: "intent <> 'new'",
};
