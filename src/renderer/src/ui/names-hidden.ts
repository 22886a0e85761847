import { create } from 'zustand';

/** Whether who patients are is hidden on every page, because somebody stands behind who may not see it. Never kept. */
export const useNamesHidden = create<{ readonly hidden: boolean }>()(() => ({ hidden: false }));

/** Hides who patients are, or shows it again. */
export function toggleNamesHidden(): void {
  useNamesHidden.setState(({ hidden }) => ({ hidden: !hidden }));
}

// The style sheet hides what is marked `data-phi`: no page has to know.
useNamesHidden.subscribe(({ hidden }) => document.documentElement.toggleAttribute('data-names-hidden', hidden));
