import { create } from 'zustand';

/** What a screen reader is to say next; the shell's live region speaks it. */
export const useAnnouncement = create<{ readonly text: string }>()(() => ({ text: '' }));

/** Has a screen reader say this when it has finished speaking. */
export function announce(text: string): void {
  // A live region is silent when its text does not change, so the same words twice need a difference nobody hears.
  const { text: before } = useAnnouncement.getState();
  useAnnouncement.setState({ text: before === text ? `${text}\u00a0` : text });
}
