import type { WorklistFilter } from '../../../shared/contract/worklist.ts';
import { levelAt, listRanksOf } from './list-rank.ts';

/** A quick filter of the open list: which rows it lets through, and the index that has them in worklist order. */
export type Filter = {
  readonly condition: string;
  readonly index: string;
  /** Of rows that are alike; null where tallies do not tell, for it depends on who asks. */
  readonly holds: ((row: FilteredRow) => boolean) | null;
};

/** What filters ask of a row. */
export type FilteredRow = {
  readonly intent: string;
  /** Where its class stands, and whether it is opened (`levelAt`). */
  readonly rank: number;
  readonly isOpened: 0 | 1;
  readonly aiState: string;
  readonly completeness: string;
  readonly inPacs: string;
};

/** Filters of the open list; what was read long ago is a list of its own. */
export type OpenFilter = Exclude<WorklistFilter, 'archived'>;

const IN_ORDER = 'open_studies_by_urgency';

/** Each quick filter, in SQL for windows and as a question for counts; comparison studies are priors and stand in their own filter only. */
export const FILTERS: Readonly<Record<OpenFilter, Filter>> = {
  all: { condition: "intent = 'new'", index: IN_ORDER, holds: isNew },
  mine: {
    condition: "intent = 'new' AND reader_id = @userId AND report IN ('none', 'preliminary')",
    index: 'open_studies_by_reader',
    holds: null,
  },
  'for-me': {
    condition: "intent = 'new' AND is_opened = 0 AND routed_to <> '' AND routed_to = @userId",
    index: 'open_studies_by_routing',
    holds: null,
  },
  critical: {
    condition: `intent = 'new' AND urgency_rank IN (${listRanksOf('critical').join(', ')})`,
    index: 'open_studies_critical',
    holds: (row) => isNew(row) && levelAt(row.rank) === 'critical',
  },
  urgent: {
    condition: `intent = 'new' AND urgency_rank IN (${listRanksOf('urgent').join(', ')})`,
    index: 'open_studies_urgent',
    holds: (row) => isNew(row) && levelAt(row.rank) === 'urgent',
  },
  unread: {
    condition: "intent = 'new' AND is_opened = 0",
    index: 'open_studies_unread',
    holds: (row) => isNew(row) && row.isOpened === 0,
  },
  'ai-flagged': {
    condition: "intent = 'new' AND ai_state = 'flagged'",
    index: 'open_studies_flagged',
    holds: (row) => isNew(row) && row.aiState === 'flagged',
  },
  'ai-not-run': {
    condition: "intent = 'new' AND ai_state = 'not-run'",
    index: 'open_studies_not_run',
    holds: (row) => isNew(row) && row.aiState === 'not-run',
  },
  'not-in-pacs': {
    condition: "intent = 'new' AND in_pacs = 'not-yet'",
    index: 'open_studies_not_in_pacs',
    holds: (row) => isNew(row) && row.inPacs === 'not-yet',
  },
  receiving: {
    condition: "intent = 'new' AND completeness = 'receiving'",
    index: 'open_studies_receiving',
    holds: (row) => isNew(row) && row.completeness === 'receiving',
  },
  comparison: { condition: "intent <> 'new'", index: 'open_studies_comparison', holds: (row) => !isNew(row) },
};

function isNew({ intent }: FilteredRow): boolean {
  return intent === 'new';
}
