import { create } from 'zustand';

/** Whether who patients are is hidden, in every window of this browser alike, because somebody stands behind who may not see it. Never kept. */
export const useNamesHidden = create<{ readonly hidden: boolean }>()(() => ({ hidden: false }));

/** Hides who patients are, or shows it again. */
export function toggleNamesHidden(): void {
  useNamesHidden.setState(({ hidden }) => ({ hidden: !hidden }));
}

// The style sheet hides what is marked `data-phi`: no page has to know.
useNamesHidden.subscribe(({ hidden }) => document.documentElement.toggleAttribute('data-names-hidden', hidden));

// What stands behind sees every window: they hide and show together, and one that is opened meanwhile asks.
const line = new BroadcastChannel('wetread-names-hidden');
let isTold = false;
line.onmessage = ({ data }: MessageEvent<unknown>) => {
  if (data === 'asked') return useNamesHidden.getState().hidden && line.postMessage('hidden');
  if (data !== 'hidden' && data !== 'shown') return;
  isTold = true;
  useNamesHidden.setState({ hidden: data === 'hidden' });
  isTold = false;
};
useNamesHidden.subscribe(({ hidden }) => !isTold && line.postMessage(hidden ? 'hidden' : 'shown'));
line.postMessage('asked');
