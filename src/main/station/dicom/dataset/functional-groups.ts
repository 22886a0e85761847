import type { Dataset } from './dataset.ts';
import { items } from './values.ts';

/**
 * What one frame, counted from 0, says in a functional group: its own, else what all frames share (PS3.3 §C.7.6.16.1.2); null
 * where neither is there, as in every object that is not enhanced.
 */
export function findFunctionalGroup(dataset: Dataset, frame: number, sequence: string): Dataset | null {
  const own = items(dataset, 'PerFrameFunctionalGroupsSequence')[frame];
  const [shared] = items(dataset, 'SharedFunctionalGroupsSequence');
  return (own && items(own, sequence)[0]) ?? (shared && items(shared, sequence)[0]) ?? null;
}
