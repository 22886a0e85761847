import { create } from 'zustand';
import { READING_ORDER, type WorklistQuestion } from '../../../../shared/contract/worklist.ts';
import type { StudyId, UserId } from '../../../../shared/domain/ids.ts';

/** The whole open list as it is read. */
export const EVERYTHING: WorklistQuestion = { filter: 'all', narrowed: {}, sort: READING_ORDER };

/** Where a person was in the list: kept while they read a study, never beyond this page's life. */
type WorklistView = {
  readonly userId: UserId | null;
  /** What they list; null until they chose anything here. */
  readonly question: WorklistQuestion | null;
  readonly selected: StudyId | null;
};

const FRESH: WorklistView = { userId: null, question: null, selected: null };

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
