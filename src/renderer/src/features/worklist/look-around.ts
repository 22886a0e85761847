import type { WorklistRow, WorklistSort, WorklistSortKey } from '../../../../shared/contract/worklist.ts';
import type { LookingAt } from './use-worklist.ts';

/** So many rows are to be here beyond those in sight, before the next part is asked for. */
const MARGIN = 20;
/** Then it is looked around a row so much further on the way somebody scrolls: more of the part lies ahead of them than behind, where the margin stays. */
const AHEAD = 15;

type Here = {
  readonly rows: readonly WorklistRow[];
  /** A key for each row as it was answered; none where a list is not looked around in. */
  readonly keys: readonly string[];
  readonly firstPlace: number;
  readonly total: number;
  readonly at: LookingAt;
};

/** Where to look so that what is in sight, and some rows on either side, are here; or that they are. */
export function lookAround(here: Here, first: number, last: number): 'here' | { readonly at: LookingAt } {
  const { rows, keys, firstPlace, total, at } = here;
  if (keys.length === 0) return 'here';
  // Near the top the list is followed from its top: what comes there shows.
  if (first < MARGIN && at !== undefined && firstPlace + rows.length > last) return { at: undefined };
  const isAbove = firstPlace <= Math.max(0, first - MARGIN);
  const isBelow = firstPlace + rows.length >= Math.min(total, last + MARGIN);
  if (isAbove && isBelow) return 'here';
  const end = firstPlace + keys.length - 1;
  const near = isAbove ? Math.min(first + AHEAD, end) : Math.max(first - AHEAD, firstPlace);
  const key = first >= firstPlace && first <= end ? keys[near - firstPlace] : undefined;
  if (key !== undefined) return at !== undefined && 'key' in at && at.key === key ? 'here' : { at: { key, near } };
  if (first < MARGIN) return at === undefined ? 'here' : { at: undefined };
  return at !== undefined && 'place' in at && at.place === first ? 'here' : { at: { place: first } };
}

/** The order after a heading was chosen: another one begins where its first rows matter most, the same one turns round. */
export function turned(sort: WorklistSort, by: WorklistSortKey): WorklistSort {
  if (sort.by !== by) return { by, direction: by === 'exam-date' ? 'descending' : 'ascending' };
  return { by, direction: sort.direction === 'ascending' ? 'descending' : 'ascending' };
}
