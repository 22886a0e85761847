import { create } from 'zustand';
import type { WorklistFilter } from '../../../../shared/contract/worklist.ts';
import type { StudyId, UserId } from '../../../../shared/domain/ids.ts';

/** Where a person was in the list: kept while they read a study, never beyond this page's life. */
type WorklistView = {
  readonly userId: UserId | null;
  readonly filter: WorklistFilter;
  readonly selected: StudyId | null;
};

const FRESH: WorklistView = { userId: null, filter: 'all', selected: null };

const useView = create<WorklistView>()(() => FRESH);

/** This person's place in the list; another person at the same screen starts afresh. */
export function useWorklistView(userId: UserId): Omit<WorklistView, 'userId'> {
  const view = useView();
  return view.userId === userId ? view : FRESH;
}

/** Remembers a changed place for this person. */
export function changeWorklistView(userId: UserId, changed: Partial<Omit<WorklistView, 'userId'>>): void {
  useView.setState((view) => ({ ...(view.userId === userId ? view : FRESH), ...changed, userId }));
}
